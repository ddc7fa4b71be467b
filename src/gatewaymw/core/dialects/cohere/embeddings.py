"""OpenAI's embeddings, as Cohere's (https://docs.cohere.com/reference/embed).

OpenAI does not tell texts to be found from texts to find them with; Cohere insists on it (`input_type`). A
request that does not say is taken to embed `search_document`, as most that embed do; who asks a search
sends `input_type: "search_query"`. Cohere's other parameters are passed likewise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import BadRequest, Unsupported, UpstreamError
from ...model import Context, Encoded
from ...values import JSON
from ..fields import array, mapping, pick, table, text, unheard
from ..vectors import packed
from .content import USER, made, pictured
from .response import count

FIELDS = table(
    *("model", "input_type", "embedding_types", "truncate", "max_tokens", "priority"),
    *("texts", "images", "inputs", "output_dimension"),
    dimensions="output_dimension",
)
KNOWN = frozenset({*FIELDS, "input", "encoding_format"})
GIVEN = ("texts", "images", "inputs")


def embedding(body: Mapping[str, Any], context: Context) -> Encoded:
    """The request to embed, and the names of what it cannot carry. Raises BadRequest, Unsupported.

    Floats are asked for unless the client names Cohere's own `embedding_types`; base64 is made of them here.
    """
    beaten: list[str] = []
    out = pick(body, FIELDS, beaten)
    text(out.get("model"), "model")
    if body.get("encoding_format") not in (None, "float", "base64"):
        raise BadRequest("encoding_format must be float or base64", param="encoding_format")
    if not any(name in out for name in GIVEN):
        out |= inputs(body.get("input"))
    out.setdefault("input_type", "image" if "images" in out else "search_document")
    lost = beaten + unheard(body, KNOWN)
    types = array(out.get("embedding_types", ["float"]), "embedding_types")
    if context.strict and len(types) > 1:
        # OpenAI's answer has room for one.
        types, lost = ["float" if "float" in types else types[0]], [*lost, "embedding_types"]
    return Encoded({**out, "embedding_types": types}, tuple(lost))


def inputs(value: Any) -> JSON:
    """What is to be embedded: texts, or images, or both mixed."""
    given = [value] if isinstance(value, str | Mapping) else array(value, "input")
    if not given:
        raise BadRequest("input must not be empty", param="input")
    if all(isinstance(each, str) for each in given):
        return {"texts": given}
    parts = [mixed(each, f"input[{index}]") for index, each in enumerate(given)]
    if all(len(each) == 1 and each[0]["type"] == "image_url" for each in parts):
        return {"images": [each[0]["image_url"]["url"] for each in parts]}
    return {"inputs": [{"content": each} for each in parts]}


def mixed(value: Any, path: str) -> list[JSON]:
    """One input: a text, a part, several parts, or `{"text": …, "image": {"url" or "base64": …}}`."""
    if isinstance(value, int) or (isinstance(value, list) and any(isinstance(each, int) for each in value)):
        raise Unsupported(f"{path}: Cohere embeds text and images, not token ids", param=path)
    if isinstance(value, str):
        return [{"type": "text", "text": value}]
    if isinstance(value, list):
        return [made(part, f"{path}[{index}]", EMBEDDED) for index, part in enumerate(value)]
    spec = mapping(value, path)
    if "type" in spec:
        return [made(spec, path, EMBEDDED)]
    return described(spec, path)


EMBEDDED = {name: USER[name] for name in ("text", "image_url")}


def described(spec: Mapping[str, Any], path: str) -> list[JSON]:
    parts: list[JSON] = []
    if spec.get("text") is not None:
        parts.append({"type": "text", "text": text(spec["text"], f"{path}.text")})
    if spec.get("image") is not None:
        image = mapping(spec["image"], f"{path}.image")
        name = "url" if image.get("url") is not None else "base64"
        given = text(image.get(name), f"{path}.image.{name}")
        whole = given if name == "url" or given.startswith("data:") else f"data:image/png;base64,{given}"
        parts.append(pictured(whole, f"{path}.image.{name}", None))
    if not parts:
        raise BadRequest(f"{path} must be a text, parts, or an object with text or image", param=path)
    return parts


def embedded(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings. Raises UpstreamError where the body holds none."""
    found = body["embeddings"]
    kind = type_of(found)
    pack = packed if context.request.get("encoding_format") == "base64" and kind == "float" else list
    listed = [
        {"object": "embedding", "index": index, "embedding": each if isinstance(each, str) else pack(each)}
        for index, each in enumerate(found[kind])
    ]
    meta = body.get("meta") or {}
    made: JSON = {"object": "list", "data": listed, "model": context.model, "usage": usage(meta)}
    if context.strict:
        return made
    rest = {name: each for name, each in found.items() if name != kind}
    beside = {"id": body.get("id"), "meta": meta} | ({"embeddings": rest} if rest else {})
    return {**beside, **made}


def type_of(found: JSON) -> str:
    """Which of several types becomes OpenAI's embedding: floats, or else the first there is."""
    kinds = [name for name, vectors in found.items() if vectors]
    if not kinds:
        raise UpstreamError("the answer holds no embeddings")
    return "float" if "float" in kinds else kinds[0]


def usage(meta: JSON) -> JSON:
    """Tokens of text and images: Cohere bills what it reads."""
    billed = meta.get("billed_units") or {}
    read = sum(count(billed, name) or 0 for name in ("input_tokens", "image_tokens"))
    return {"prompt_tokens": read, "total_tokens": read}
