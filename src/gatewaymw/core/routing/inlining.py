"""Images that a provider answers by their addresses, for clients who want them in base64: fetched, where the
operator lets files be fetched (`fetch_media`).

They are dialled as guardedly as what a client names, and without a credential. What cannot be fetched stays
the address it was, and the answer says so: the image was made and is paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import json
from ..commands import Flow, all_of
from ..errors import GatewayError
from ..model import Link
from ..plan import Target
from ..values import JSON, Call, Env, Failure, Fetching
from .encode import Prepared, in_base64
from .fetching import Found, data_uri, fetch, request
from .reply import Reply


def inlined(
    result: Reply | Failure, made: Prepared, target: Target, call: Call, env: Env
) -> Flow[Reply | Failure]:
    """The reply with its images in base64, where that is what the client asked for and may be done."""
    settings = call.fetching
    wanted = made.codec.linked and in_base64(made.context.request)
    if isinstance(result, Failure) or settings is None or not wanted:
        return result
    rows: list[JSON] = json.loads(result.body)["data"]
    links = [Link(("data", index, "url"), row["url"]) for index, row in enumerate(rows) if "url" in row]
    if not links:
        return result
    expires = min(call.deadline, env.now() + settings.timeout)
    first = links[: settings.max_count]
    found = yield from all_of(*(one(link, settings, expires, env) for link in first))
    return written(result, links, found, target)


def one(link: Link, settings: Fetching, expires: float, env: Env) -> Flow[Found]:
    """One image as a data URI, or why there is none."""
    try:
        asked = request(link, settings)
    except GatewayError as error:
        return error
    return (yield from fetch(asked, link, settings, expires, env))


def written(reply: Reply, links: Sequence[Link], found: Sequence[Found], target: Target) -> Reply | Failure:
    """The reply with what was found in it, and what is said of the rest."""
    body = json.loads(reply.body)
    left = {link.path: "too_many_media" for link in links[len(found) :]}
    for link, each in zip(links, found, strict=False):
        try:
            data = data_uri(link, each).partition(",")[2]
        except GatewayError as error:
            left[link.path] = str(error.code)
            continue
        row = body["data"][link.steps[1]]
        body["data"][link.steps[1]] = {"b64_json": data, **{k: v for k, v in row.items() if k != "url"}}
    said = tuple(f"{path}: the image could not be fetched ({code})" for path, code in left.items())
    if said and target.refuse_dropped:
        return Failure("broken", said[0], 502, "media_fetch_failed")
    dropped = (*reply.dropped, "response_format") if said else reply.dropped
    return replace(reply, body=json.dumps(body), dropped=dropped, warnings=(*reply.warnings, *said))
