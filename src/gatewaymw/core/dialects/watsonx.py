"""IBM watsonx.ai: OpenAI's chats in small deviations; embeddings, rankings and models in IBM's own shape.

https://cloud.ibm.com/apidocs/watsonx-ai#text-chat, …#text-chat-stream, …#text-embeddings, …#text-rerank and
…#list-foundation-model-specs. A model is `model_id` beside the project or space that pays for it, or it is a
deployment, which the address names. What IBM does not document is left out and named.

A stream ends with a chunk that counts tokens, and never says `[DONE]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..model import Codec, Context, Encoded
from ..values import JSON
from . import openai
from .calls import confined
from .cousins import Progress, choicewise, complete, progress
from .embedding import texts
from .fields import Field, array, mapping, outdated, pick, stops, table, unheard
from .history import PLAIN, mannered
from .ranking import Ranks, ranking
from .told import identified
from .vectors import format_of, listing

DEPLOYED = "deployment/"
"""What a model's name begins with that is the id of a deployment
(https://cloud.ibm.com/apidocs/watsonx-ai#deployments-text-chat)."""


# ── addresses ────────────────────────────────────────────────────────────


def chat(context: Context) -> str:
    model = context.model
    verb = "chat_stream" if context.stream else "chat"
    if model.startswith(DEPLOYED):
        id = quote(model.removeprefix(DEPLOYED), safe="")
        return versioned(f"/ml/v1/deployments/{id}/text/{verb}", context)
    return versioned(f"/ml/v1/text/{verb}", context)


def embed(context: Context) -> str:
    return versioned("/ml/v1/text/embeddings", context)


LARGEST = 200
"""The most models that are listed at once."""


def catalogue(context: Context) -> str:
    return f"{versioned('/ml/v1/foundation_model_specs', context)}&limit={LARGEST}"


def versioned(path: str, context: Context) -> str:
    return f"{path}?version={quote(context.options['watsonx_api_version'], safe='')}"


# ── chats ────────────────────────────────────────────────────────────────

FIELDS = table(
    *("frequency_penalty", "presence_penalty", "temperature", "top_p", "n", "seed", "logit_bias"),
    *("logprobs", "top_logprobs", "max_tokens", "max_completion_tokens", "response_format"),
    *("reasoning_effort", "include_reasoning", "chat_template_kwargs", "time_limit", "context"),
    *("guided_choice", "guided_regex", "guided_grammar", "guided_json", "repetition_penalty"),
    *("length_penalty", "moderations"),
    stop=Field("stop", stops),
)
KNOWN = frozenset({*FIELDS, "model", "messages", "stream", "stream_options", "tools", "tool_choice"})
TURNS = frozenset({"refusal", "annotations", "audio"})
"""What OpenAI's SDKs send back with an assistant's turn, and IBM has no place for."""


def request(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to a chat, and the names of what it cannot carry. Raises BadRequest."""
    mild = mannered(body, PLAIN)
    lost = [*mild.dropped]
    beaten = outdated(body)  # IBM counts the older limit as deprecated, and heeds one
    out = {name: value for name, value in pick(body, FIELDS).items() if name not in beaten}
    given = array(mild.body.get("messages"), "messages")
    out["messages"] = [turn(each, lost) for each in given]
    out |= tooling(body, lost) | payer(context)
    lost += unheard(body, KNOWN)
    return Encoded(out, tuple(dict.fromkeys(lost)))


def turn(message: Any, lost: list[str]) -> Any:
    """A message without what IBM has no place for; what is no message is for IBM to refuse."""
    if not isinstance(message, dict) or TURNS.isdisjoint(message):
        return message
    lost += [f"messages[].{name}" for name in sorted(TURNS & message.keys()) if message[name]]
    return {name: value for name, value in message.items() if name not in TURNS}


def payer(context: Context) -> JSON:
    """The model, and the project or else the space that pays for it: where neither is named, IBM says so. A
    deployment says both itself."""
    model = context.model
    if model.startswith(DEPLOYED):
        return {}
    named = {name: context.options.get(f"watsonx_{name}") for name in ("project_id", "space_id")}
    payers = [{name: value} for name, value in named.items() if value]
    return {"model_id": model, **(payers[0] if payers else {})}


def tooling(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """`tools`, and the choice among them: a word is `tool_choice_option`. Raises BadRequest."""
    choice = body.get("tool_choice")
    if body.get("tools") is None:
        lost += [] if choice in (None, "auto", "none") else ["tool_choice"]
        return {}
    tools = array(body["tools"], "tools")
    if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
        choice, names = confined(choice)
        tools = [each for each in tools if called(each) in names]
    if choice is None:
        return {"tools": tools}
    if isinstance(choice, str):
        return {"tools": tools, "tool_choice_option": choice}
    return {"tools": tools, "tool_choice": mapping(choice, "tool_choice")}


def called(tool: Any) -> Any:
    inner = tool.get("function") if isinstance(tool, Mapping) else None
    return inner.get("name") if isinstance(inner, Mapping) else None


OWN = frozenset({"model_id", "model_version", "created_at", "system"})
"""What IBM's answers say beyond OpenAI's fields."""


def response(body: JSON, context: Context) -> JSON:
    """A whole answer. IBM's own fields stay where strictness is off."""
    return {**framed(body, "chat.completion", context), "choices": body["choices"]}


def step(state: Progress, event: Any, context: Context) -> tuple[Progress, tuple[JSON, ...]]:
    """One chunk. The last counts tokens, whether they are asked for or not. Raises UpstreamError."""
    if "errors" in event:
        raise openai.fault_of(plain(event))
    chunk = {"choices": [], **framed(event, "chat.completion.chunk", context)}
    if not chunk["choices"] and not context.include_usage:
        return state, ()
    return progress(state, chunk), (chunk,)


def framed(told: JSON, object: str, context: Context) -> JSON:
    model = told.get("model") or told.get("model_id") or context.model
    kept = {name: value for name, value in told.items() if name not in OWN} if context.strict else told
    return identified({**kept, "model": model}, object, context)


def plain(body: Any) -> Any:
    """An error body with the first of its errors laid open (https://cloud.ibm.com/apidocs/watsonx-ai#errors)."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return body
    return {**{name: value for name, value in body.items() if name != "errors"}, **errors[0]}


def error(body: Any, status: int, context: Context) -> JSON:
    """An error body in OpenAI's shape. Never raises."""
    return openai.error(plain(body), status, context)


STREAM = choicewise(Progress(), step, complete)
CHAT = Codec(request=request, response=response, stream=STREAM, error=error)

# ── embeddings ───────────────────────────────────────────────────────────

EMBEDDED = frozenset({"model", "input", "encoding_format", "truncate_input_tokens"})


def embedding(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to embed, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    format_of(body)
    out = {**payer(context), "inputs": texts(body.get("input"))}
    if body.get("truncate_input_tokens") is not None:
        out["parameters"] = {"truncate_input_tokens": body["truncate_input_tokens"]}
    return Encoded(out, tuple(unheard(body, EMBEDDED)))


def embedded(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings. Raises UpstreamError where the body holds none."""
    vectors = [each["embedding"] for each in body["results"]]
    return listing(vectors, body.get("input_token_count") or 0, context)


EMBED = Codec(request=embedding, response=embedded, error=error)

# ── rankings (https://cloud.ibm.com/apidocs/watsonx-ai#text-rerank) ──────

WORDED = ranking(Ranks(names={"query": "query", "documents": "documents"}, score="score"))


def ranks(context: Context) -> str:
    return versioned("/ml/v1/text/rerank", context)


def ranked(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to rank, and the names of what it cannot carry. Raises BadRequest."""
    assert WORDED.request
    made = WORDED.request(body, context)
    out = {**payer(context), "query": made.body["query"]}
    out["inputs"] = [{"text": each} for each in made.body["documents"]]
    if body.get("top_n") is not None:
        out["parameters"] = {"return_options": {"top_n": body["top_n"]}}
    return Encoded(out, made.dropped)


def ranking_of(body: JSON, context: Context) -> JSON:
    assert WORDED.response
    counted = {"total_tokens": body.get("input_token_count") or 0}
    return WORDED.response({**body, "usage": counted}, context)


RERANK = Codec(request=ranked, response=ranking_of, error=error)

# ── models ───────────────────────────────────────────────────────────────


def models(body: JSON, context: Context) -> JSON:
    """The models there are; what else IBM tells of each stays."""
    rest = {name: value for name, value in body.items() if name != "resources"}
    return {**rest, "object": "list", "data": [shown(each, context) for each in body["resources"]]}


def shown(row: JSON, context: Context) -> JSON:
    owner = row.get("provider") or context.provider
    return {**row, "id": row["model_id"], "object": "model", "created": 0, "owned_by": owner}


MODELS = Codec(response=models, error=error)
