"""OpenAI's embeddings, in the shapes of Titan, Cohere and Nova on Bedrock.

Titan: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and
…/model-parameters-titan-embed-mm.html; Cohere: …/model-parameters-embed-v3.html and …-v4.html; Nova:
https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html. Titan and Nova embed one input a
request: of more, each becomes a request of its own (`cut`). Inputs may be images where the model sees:
`{"text": …, "image": {"base64": …}}`.

OpenAI does not tell texts to be found from texts to find them with; Cohere and Nova insist on it. A request
that does not say is taken to embed `search_document`, as at Cohere's own host; who asks a search sends
`input_type: "search_query"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from ...errors import BadRequest
from ...model import Context, Encoded
from ...values import JSON
from ..converse.errors import wordless
from ..fields import pick, table, text, wrong
from ..media import Media
from ..vectors import format_of, listing
from .makers import maker_of, pictured

Body: TypeAlias = Mapping[str, Any]


class Item(NamedTuple):
    """One input: a text, an image, or an image with its words."""

    text: str | None = None
    image: Media | None = None


Maker: TypeAlias = Callable[[Body, list[Item], list[str]], JSON]
"""(the client's body, its inputs, names of what is lost) → the maker's body."""
ALWAYS = frozenset({"model", "input", "encoding_format"})


def request(body: Body, context: Context) -> Encoded:
    """The maker's request, and the names of what it cannot carry. Raises BadRequest, Unsupported."""
    make, known = maker_of(body, context, MAKERS)
    format_of(body)
    items = items_of(body.get("input"))
    lost = [name for name, value in body.items() if value is not None and name not in known | ALWAYS]
    return Encoded(make(body, items, lost), tuple(lost))


# ── inputs ───────────────────────────────────────────────────────────────


def items_of(value: Any) -> list[Item]:
    if not isinstance(value, list):
        return [item(value, "input")]
    if not value:
        raise BadRequest("input must not be empty", param="input")
    if any(isinstance(each, int) for each in value):
        raise wrong(value[0], "input[0]", "a string, since Bedrock takes no tokens")
    return [item(each, f"input[{index}]") for index, each in enumerate(value)]


def item(value: Any, path: str) -> Item:
    if isinstance(value, str):
        return Item(text(value, path))
    if not isinstance(value, Mapping):
        raise wrong(value, path, "a string, or an object with text or image")
    said = value.get("text")
    seen = next((name for name in ("image", "image_url") if value.get(name) is not None), None)
    if said is None and seen is None:
        raise BadRequest(f"{path} must have text or image", param=path)
    return Item(
        None if said is None else text(said, f"{path}.text"),
        None if seen is None else pictured(value[seen], f"{path}.{seen}"),
    )


MOST = 96
"""Inputs of one call that each take a request: as many as Cohere's models take in one."""


def cut(body: Body, context: Context) -> tuple[Body, ...]:
    """A body for each input, where there are several and the model takes one. Raises GatewayError."""
    make, _ = maker_of(body, context, MAKERS)
    if make not in SINGLE or len(items_of(body.get("input"))) < 2:
        return ()
    if len(body["input"]) > MOST:
        raise BadRequest(
            f"input: this model embeds one input a request, and a call may take {MOST} of them; send fewer at"
            " a time",
            param="input",
        )
    return tuple({**body, "input": each} for each in body["input"])


def only(items: list[Item], maker: str) -> Item:
    """The one input. Raises BadRequest where there are more."""
    if len(items) > 1:
        raise BadRequest(f"input: {maker} embeds one input a request; send one at a time", param="input")
    return items[0]


def worded(each: Item, maker: str) -> str:
    if each.image is not None or each.text is None:
        raise BadRequest(f"input: {maker} embeds text only", param="input")
    return each.text


# ── Amazon's ─────────────────────────────────────────────────────────────


def titan(body: Body, items: list[Item], lost: list[str]) -> JSON:
    return {
        "inputText": worded(only(items, "Titan"), "Titan"),
        **pick(body, table("dimensions", "normalize")),
    }


def titan_first(body: Body, items: list[Item], lost: list[str]) -> JSON:
    return {"inputText": worded(only(items, "Titan"), "Titan")}


def titan_seeing(body: Body, items: list[Item], lost: list[str]) -> JSON:
    one = only(items, "Titan")
    made: JSON = {} if one.text is None else {"inputText": one.text}
    made |= {} if one.image is None else {"inputImage": one.image.data}
    if body.get("dimensions") is not None:
        made["embeddingConfig"] = {"outputEmbeddingLength": body["dimensions"]}
    return made


PURPOSES: Mapping[str, str] = {
    "search_document": "GENERIC_INDEX",
    "search_query": "GENERIC_RETRIEVAL",
    "classification": "CLASSIFICATION",
    "clustering": "CLUSTERING",
}


def nova(body: Body, items: list[Item], lost: list[str]) -> JSON:
    """Inputs that are too long are an error, as at OpenAI."""
    one, purpose = only(items, "Nova"), purpose_of(body)
    if one.text is not None and one.image is not None:
        raise BadRequest("input: Nova embeds a text or an image, not both at once", param="input")
    made: JSON = {"embeddingPurpose": PURPOSES.get(purpose, purpose)}
    if body.get("dimensions") is not None:
        made["embeddingDimension"] = body["dimensions"]
    if one.image is not None:
        form = one.image.type.partition("/")[2]
        made["image"] = {"format": form, "source": {"bytes": one.image.data}}
    else:
        made["text"] = {"truncationMode": "NONE", "value": one.text}
    return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": made}


def purpose_of(body: Body) -> str:
    """What the vectors are for. Raises BadRequest."""
    given = body.get("input_type")
    return "search_document" if given is None else text(given, "input_type")


# ── Cohere's ─────────────────────────────────────────────────────────────

THIRD = table("embedding_types", "truncate")
COHERE = table("max_tokens", **THIRD, dimensions="output_dimension")


def cohere(body: Body, items: list[Item], lost: list[str]) -> JSON:
    return {"input_type": purpose_of(body), **shown(items), **pick(body, COHERE)}


def cohere_third(body: Body, items: list[Item], lost: list[str]) -> JSON:
    """Version 3, to which an image is a purpose of its own."""
    made = shown(items)
    if "inputs" in made:
        raise BadRequest("input: version 3 embeds texts or images, not both at once", param="input")
    purpose = "image" if "images" in made and body.get("input_type") is None else purpose_of(body)
    return {"input_type": purpose, **made, **pick(body, THIRD)}


def shown(items: list[Item]) -> JSON:
    """Texts or images where all are of a kind, or else contents of parts, which version 4 knows."""
    if all(each.image is None for each in items):
        return {"texts": [each.text for each in items]}
    if all(each.text is None for each in items):
        return {"images": [uri(each.image) for each in items if each.image is not None]}
    return {"inputs": [{"content": parts(each)} for each in items]}


def parts(each: Item) -> list[JSON]:
    made: list[JSON] = [] if each.text is None else [{"type": "text", "text": each.text}]
    if each.image is not None:
        made.append({"type": "image_url", "image_url": uri(each.image)})
    return made


def uri(image: Media) -> str:
    return f"data:{image.type};base64,{image.data}"


MAKERS: Mapping[str, tuple[Maker, frozenset[str]]] = {
    "amazon.titan-embed-text-v1": (titan_first, frozenset()),
    "amazon.titan-embed-g1-text": (titan_first, frozenset()),
    "amazon.titan-embed-text-v2": (titan, frozenset({"dimensions", "normalize"})),
    "amazon.titan-embed-image": (titan_seeing, frozenset({"dimensions"})),
    "amazon.nova-2-multimodal-embeddings": (nova, frozenset({"dimensions", "input_type"})),
    "cohere.embed": (cohere_third, frozenset({"input_type", *THIRD})),
    "cohere.embed-v4": (cohere, frozenset({"input_type", *COHERE})),
}
"""By what is in a model's id: what makes its request, and the parameters it looks at."""
SINGLE = (titan_first, titan, titan_seeing, nova)
"""Those that embed one input a request."""


# ── answers ──────────────────────────────────────────────────────────────


COUNTED = "x-amzn-bedrock-input-token-count"


def response(body: JSON, context: Context) -> JSON:
    """OpenAI's list of embeddings. Raises UpstreamError where the body holds none.

    Titan tells the tokens in its body, the others in a header.
    """
    found = vectors(body, context)
    tokens = body.get("inputTextTokenCount")
    if not isinstance(tokens, int):
        told = context.answer.get(COUNTED, "")
        tokens = int(told) if re.fullmatch(r"[0-9]{1,9}", told) else 0
    return listing(found, tokens, context)


def vectors(body: Any, context: Context) -> list[Any]:
    if not isinstance(body, dict):
        raise wordless(body, context)
    if isinstance(body.get("embedding"), list):
        return [body["embedding"]]
    found = body.get("embeddings", body.get("embeddingsByType"))
    if isinstance(found, dict):
        # By type, as asked for by `embedding_types`; OpenAI has room for one.
        found = found.get("float") or next(iter(found.values()), None)
    if not isinstance(found, list):
        raise wordless(body, context)
    if found and not isinstance(found[0], list | dict):
        return [found]
    return [each["embedding"] if isinstance(each, dict) else each for each in found]
