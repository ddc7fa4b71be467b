"""From a client's call and a target to the upstream request: body, address, headers, signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias
from urllib.parse import quote

from .. import form, json
from ..auth.keys import Header
from ..commands import Flow, ask
from ..endpoints import PROXY
from ..errors import BadRequest, Unauthorized, Unsupported
from ..frozen import dataclass, maker
from ..model import IDENTITY, Codec, Context, Encoded, File, Filled, Keys, Route, context_with
from ..plan import Target, lacking
from ..values import Call, Env, Fields, Part, Request, request_of
from .fetching import fetched

AGENT = "gatewaymw"
IDLE = 60.0
"""Seconds of silence within a stream after which an upstream counts as gone."""
PATIENCE = 600.0
"""Seconds to the head of an answer, and to the next bytes of a whole one, unless configured."""
LONGEST = 60_000
"""Characters of a path with its query: HTTP libraries refuse addresses of 64 KiB."""
NO_KEYS = Keys()
KINDS = (None, "application/json")
"""Content types that are the same for many requests: a form's holds its boundary."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request ready to send, and what reading its answer takes."""

    request: Request
    codec: Codec
    context: Context
    stream: bool
    dropped: tuple[str, ...] = ()
    keys: Keys = NO_KEYS
    """What it was signed with, to be taken out of whatever the provider says."""

    def __repr__(self) -> str:
        return f"Prepared({self.request!r})"


prepared = maker(Prepared)


def prepare(target: Target, call: Call, env: Env) -> Flow[Prepared]:
    """Translate, address and sign a call for one target. Raises GatewayError."""
    if target.missing:
        raise incomplete(target)
    body: Mapping[str, Any] = {**call.body, **target.overrides} if target.overrides else call.body
    context = context_of(target, call, body, env)
    route = route_of(target, call, context.model)
    if route.codec.links:
        body = yield from fetched(route.codec, target.provider.name, call, body, env)
    dropped, payload, kind, own, later = encode(route, target, call, body, context, env)
    if later:
        context = replace(context, later=later)
    known = target.signed.get(kind) if not own and target.asks.isdisjoint(call.headers) else None
    if known is None:
        headers: Mapping[str, str] = headers_of(target, call, kind, own)
        keys = yield from keys_of(target, call, env)
    else:
        headers, keys = known
    request = request_of(
        route.method or call.method,
        address(route, target, call, context),
        headers,
        payload,
        patience(target, context.stream),
        (target.timeouts.idle or IDLE) if context.stream else PATIENCE,
        limit=call.endpoint.limit,
        guarded=target.guarded,
        connect=target.timeouts.connect,
    )
    if known is None:
        request = signed(request, kind, target, call, keys, kept=not own)
    return prepared(request, route.codec, context, context.stream, dropped, keys)


def patience(target: Target, stream: bool) -> float:
    """Seconds to the head of an answer, which of a stream must not come later than its first event."""
    first = target.timeouts.first_token if stream else None
    return min(target.timeout or PATIENCE, first or PATIENCE)


def signed(
    request: Request, kind: str | None, target: Target, call: Call, keys: Keys, kept: bool = True
) -> Request:
    """The request with its credential. Headers that will be the same the next time are kept."""
    made = target.provider.auth(request, keys)
    if not kept:
        return made
    own = target.credential is not None and target.credential.secret is not None
    constant = own and isinstance(target.provider.auth, Header) and target.asks.isdisjoint(call.headers)
    if not constant or target.provider.access or kind not in KINDS:
        return made
    fields = Fields(made.headers)
    target.signed[kind] = fields, keys
    return made.bearing(fields)


def incomplete(target: Target) -> BadRequest:
    name = target.missing[0]
    said = f"{target.path}: {lacking(target.provider, name)}"
    return BadRequest(said, code="missing_option", param=name)


def route_of(target: Target, call: Call, model: str) -> Route:
    provider, endpoint = target.provider, call.endpoint
    if chosen := provider.by_model.get(endpoint):
        return chosen(model)
    if route := provider.routes.get(endpoint):
        return route
    if endpoint is PROXY:
        path = provider.proxied(call.path) if provider.proxied else call.path
        return Route(quote(path, safe="/-._~:@!$&'()*+,;="), IDENTITY)
    # Not at the top: all the dialects come with it, which only a plan needs, and a plan has brought them.
    from ..providers import serving, some

    able = some(serving(endpoint)) or "no provider"
    raise Unsupported(f"{endpoint.path} is not supported by {provider.name}; it is by {able}")


def context_of(target: Target, call: Call, body: Mapping[str, Any], env: Env) -> Context:
    stream = call.endpoint.streams and body.get("stream") in (True, "true")
    options = body.get("stream_options") if stream else None
    return context_with(
        provider=target.provider.name,
        model=str(body.get("model") or ""),
        created=int(env.clock()),
        id=env.new_id(),
        strict=target.strict,
        stream=stream,
        include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        options=options_of(target, body) if target.provider.from_body else target.options,
        request=body,
        home=not target.base_url,
    )


def options_of(target: Target, body: Mapping[str, Any]) -> Mapping[str, str]:
    """The target's options, and those that the body says for it. Raises BadRequest where neither does."""
    options = dict(target.options)
    for option, name in target.provider.from_body.items():
        if not options.get(option):
            if not isinstance(said := body.get(name), str) or not said:
                raise BadRequest(
                    f"{lacking(target.provider, option)}, or {name} in the body",
                    code="missing_option",
                    param=name,
                )
            options[option] = said
    return options


Sent: TypeAlias = tuple[
    tuple[str, ...], bytes, str | None, Mapping[str, str] | None, Mapping[str, Any] | None
]
"""The names dropped, the bytes to send, their content type, headers of this request alone, and what later
calls are to say."""


def encode(
    route: Route, target: Target, call: Call, body: Mapping[str, Any], context: Context, env: Env
) -> Sent:
    """What is sent. Untouched bodies stay bytes."""
    if route.codec.fill:
        made = route.codec.fill(body, context)
        return multipart(made, heeded(made.dropped, target), env.new_id())
    if call.endpoint.body == "json" and (route.codec.request or body is not call.body):
        return encode_json(route, target, call, body, context)
    if call.endpoint.body == "form" and (route.codec.form or (call.parts and target.overrides)):
        return encode_form(route, target, call.parts, context, env.new_id())
    kind = "application/json" if call.endpoint.body == "json" else call.headers.get("content-type")
    return (), call.raw, kind if call.raw else None, None, None


def encode_json(route: Route, target: Target, call: Call, body: Mapping[str, Any], context: Context) -> Sent:
    try:
        encoded = route.codec.request(body, context) if route.codec.request else Encoded(dict(body))
    except Unsupported as error:
        raise elsewhere(error, target, context) from None
    payload = call.raw if encoded.body is call.body else json.dumps(encoded.body)
    lost = encoded.dropped
    if route.codec.linked and call.fetching is None:
        lost += unlinked(route.codec, body)
    return heeded(lost, target) if lost else (), payload, "application/json", encoded.headers, None


def unlinked(codec: Codec, body: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of what is lost where no file is fetched."""
    return ("response_format",) if codec.linked and in_base64(body) else ()


def in_base64(body: Mapping[str, Any]) -> bool:
    """Whether a client wants its images in its answer, not by their addresses."""
    return body.get("response_format") == "b64_json"


def encode_form(
    route: Route, target: Target, given: tuple[Part, ...], context: Context, boundary: str
) -> Sent:
    parts = form.override(given, target.overrides)
    made = route.codec.form(parts, context) if route.codec.form else Filled(parts)
    dropped = heeded(made.dropped, target)
    if isinstance(made, Encoded):
        return dropped, json.dumps(made.body), "application/json", made.headers, None
    if isinstance(made, File):
        return dropped, made.data, made.content_type, None, made.later
    return multipart(made, dropped, boundary)


def multipart(made: Filled, dropped: tuple[str, ...], boundary: str) -> Sent:
    kind = f"multipart/form-data; boundary={boundary}"
    return dropped, form.encode(made.parts, boundary), kind, None, None


def heeded(dropped: tuple[str, ...], target: Target) -> tuple[str, ...]:
    """The names dropped. Raises Unsupported where none may be."""
    if dropped and target.refuse_dropped:
        raise Unsupported(
            f"{target.provider.name} cannot take {', '.join(dropped)}; leave it out, or unset strict_params",
            code="unsupported_parameter",
            param=dropped[0],
        )
    return dropped


def elsewhere(error: Unsupported, target: Target, context: Context) -> Unsupported:
    """The error, with the names of those who take it where it is a kind of part the model takes nowhere."""
    from ..providers import features, some  # lazily, as in `route_of`

    where, _, part = (error.param or "").rpartition(".")
    if not where.startswith("messages[") or part not in features.SAMPLES:
        return error
    if features.takes(target.provider, context.model, part):
        return error  # elsewhere in the messages, or in another form
    able = some(features.taking(part))
    return Unsupported(f"{error.message} ({part} is passed on to {able})", param=error.param, code=error.code)


def keys_of(target: Target, call: Call, env: Env) -> Flow[Keys]:
    """What the request is signed with."""
    given = target.credential
    key = (
        str((yield from ask("secret", given.source))) if given and not given.secret else key_of(target, call)
    )
    if given and given.option:
        keys = Keys("", {**target.options, given.option: key}, env.clock(), given.held)
    else:
        keys = Keys(key, target.options, env.clock(), given is not None and given.held)
    if target.provider.access:
        keys = yield from target.provider.access(keys)
    return keys


def key_of(target: Target, call: Call) -> str:
    """The credential at hand: the target's own, or the caller's where it can only be meant for it."""
    if target.credential and target.credential.secret:
        return target.credential.secret.reveal()
    if call.key:
        return call.key.reveal()
    if target.provider.needs_key:
        variable = target.provider.env_key
        reads = f' (where "env:{variable}" reads the variable)' if variable else ""
        raise Unauthorized(
            f"{target.path}: no API key for {target.provider.name}; give the target an api_key{reads} or "
            "virtual_key, or (where one provider only is called) send it as Authorization: Bearer",
            code="missing_credentials",
        )
    return ""


def address(route: Route, target: Target, call: Call, context: Context) -> str:
    """Where a request goes. Raises BadRequest where what the client named makes no address."""
    path = path_of(route, target, context) if route.fixed is None else route.fixed
    if "/." in path and not {".", ".."}.isdisjoint(path.partition("?")[0].split("/")):
        raise BadRequest("a model is not called . or .., which would lead to another path", param="model")
    if call.query and call.endpoint.body in ("none", "any"):
        path = f"{path}{'&' if '?' in path else '?'}{call.query}"
    if len(path) > LONGEST:
        raise BadRequest(
            f"what the request names makes a path of more than {LONGEST} characters; name it shorter",
            code="path_too_long",
            param="model" if context.model else None,
        )
    return target.base + path


def path_of(route: Route, target: Target, context: Context) -> str:
    try:
        if callable(route.path):
            return route.path(context)
        return route.path.format_map({**target.options, "model": quote(context.model, safe="")})
    except UnicodeEncodeError:
        raise BadRequest(
            "the model's name holds half a surrogate pair; send whole text", param="model"
        ) from None


def headers_of(
    target: Target, call: Call, kind: str | None, own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Built from what is allowed, never copied: nothing of the client's goes on by default."""
    headers = {"user-agent": AGENT, "accept-encoding": "identity", **target.headers}
    if kind:
        headers["content-type"] = kind
    if not target.asks.isdisjoint(call.headers):
        asked = [name for name in (*target.provider.accepts, *target.forward) if name in call.headers]
        hop = call.headers.get("connection", "").lower().replace(" ", "").split(",")  # RFC 9110, 7.6.1
        headers |= {name: clean(name, call.headers[name]) for name in asked if name not in hop}
    if own:
        headers |= own
    return headers


def clean(name: str, value: str) -> str:
    """A header's value that cannot end its line. Raises BadRequest."""
    if not value.replace("\t", " ").isprintable() or not value.isascii():
        raise BadRequest(
            f"the header {name} holds control characters or is not ASCII; send plain text", param=name
        )
    return value
