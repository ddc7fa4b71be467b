"""OpenAI's chat request, as a request to generate content.

https://ai.google.dev/api/generate-content, and for Vertex AI
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference. Google refuses fields
it does not know, so only OpenAI's are translated and Gemini's own passed; any other is left out and named.
The model and whether to stream are said in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ...model import Context, Encoded
from ...values import JSON, NOTHING
from ..fields import (
    Field,
    Table,
    answer_kind,
    array,
    laid_over,
    mapping,
    pick,
    stops_of,
    table,
    text,
    unheard,
    whole,
    wrong,
)
from .messages import conversation
from .models import Traits, traits_of
from .schema import heeded
from .thinking import reasoning
from .tools import tooling


class Carrier(NamedTuple):
    """What the host that carries the dialect takes, as far as hosts differ."""

    ids: bool
    """Calls of functions have ids."""
    own: Table
    """Its own parameters, and where they go."""
    settings: Table
    """The same, for those that belong to `generationConfig`."""
    tiers: Mapping[str, str] = NOTHING
    """OpenAI's service tiers → `serviceTier`."""


OWN = {
    **{"safety_settings": "safetySettings", "cached_content": "cachedContent", "labels": "labels"},
    "continuation_token": "continuationToken",
}
SETTINGS = {
    **{"image_config": "imageConfig", "speech_config": "speechConfig", "media_resolution": "mediaResolution"},
    "audio_transcription_config": "audioTranscriptionConfig",
}


def stored(value: Any) -> bool:
    """Whether Google may keep the request, as its project's logs do
    (https://ai.google.dev/gemini-api/docs/logs-datasets): what OpenAI's `store` says of theirs."""
    if not isinstance(value, bool):
        raise wrong(value, "store", "a boolean")
    return value


STUDIO = Carrier(
    ids=True,
    own=table(**OWN, store=Field("store", stored)),
    settings=table(**SETTINGS, enable_enhanced_civic_answers="enableEnhancedCivicAnswers"),
    tiers={
        **{"default": "standard", "standard": "standard", "flex": "flex"},
        **{"priority": "priority", "fast": "priority"},
    },
)
"""The Gemini API. `fast` is OpenAI's newer name of `priority`:
https://developers.openai.com/api/docs/guides/fast-mode."""
VERTEX = Carrier(
    ids=False,
    own=table(**OWN, model_armor_config="modelArmorConfig"),
    settings=table(**SETTINGS, audio_timestamp="audioTimestamp", routing_config="routingConfig"),
)
"""Vertex AI, version 1."""


def number(name: str, to: str) -> Field:
    return Field(to, lambda value: whole(value, name))


CONFIG = table(
    seed=number("seed", "seed"),
    max_tokens=number("max_tokens", "maxOutputTokens"),
    max_completion_tokens=number("max_completion_tokens", "maxOutputTokens"),
)
ELSEWHERE = (
    *("model", "messages", "stream", "stream_options", "stop", "stop_sequences", "n", "extra_body"),
    *("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
    *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "web_search_options"),
    *("tool_config", "response_format", "reasoning_effort", "thinking", "thinking_config", "modalities"),
    *("audio", "service_tier"),
)
"""What is translated by more than a name."""
KNOWN = frozenset({*CONFIG, *ELSEWHERE})


def request(body: Mapping[str, Any], context: Context, carrier: Carrier = STUDIO) -> Encoded:
    """The request to generate content, and the names of what it cannot carry.

    Raises BadRequest with the path of the fault.
    """
    lost: list[str] = []
    traits = traits_of(text(body.get("model"), "model"))
    body = opened(body, lost)
    said = conversation(body.get("messages"), traits, carrier.ids, lost)
    out: JSON = {"contents": said.contents}
    if said.system:
        out["systemInstruction"] = {"parts": said.system}
    out |= tooling(body, lost) | pick(body, carrier.own) | tier(body, carrier, lost)
    config = pick(body, CONFIG) | pick(body, carrier.settings)
    config |= sampling(body, traits, lost) | stops(body) | amounts(body, lost) | senses(body, lost)
    config |= answer_format(body, out, traits, lost)
    if thinking := reasoning(body, traits, lost):
        config["thinkingConfig"] = thinking
    if config:
        out["generationConfig"] = config
    known = KNOWN | carrier.own.keys() | carrier.settings.keys()
    return Encoded(out, tuple(dict.fromkeys(lost + unheard(body, known))))


def opened(body: Mapping[str, Any], lost: list[str]) -> Mapping[str, Any]:
    """A body with what Google's own OpenAI endpoint takes aside (`extra_body.google`) among the rest
    (https://ai.google.dev/gemini-api/docs/openai#extra-body)."""
    extra = body.get("extra_body")
    if extra is None:
        return body
    spec = mapping(extra, "extra_body")
    lost += [f"extra_body.{name}" for name in spec if name != "google"]
    own = mapping(spec.get("google") or {}, "extra_body.google")
    return laid_over(dict(own), body, {name: f"extra_body.google.{name}" for name in own}, lost)


def tier(body: Mapping[str, Any], carrier: Carrier, lost: list[str]) -> JSON:
    value = body.get("service_tier")
    if isinstance(value, str) and value in carrier.tiers:
        return {"serviceTier": carrier.tiers[value]}
    if value not in (None, "auto"):
        lost.append("service_tier")
    return {}


def sampling(body: Mapping[str, Any], traits: Traits, lost: list[str]) -> JSON:
    """Temperature and its kind, untouched, where the model heeds them.

    Newer models pass over the first three and refuse penalties: those are left out then, and named where
    they say anything but the default.
    """
    moved = {"temperature": "temperature", "top_p": "topP", "top_k": "topK"}
    costs = {"presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty"}
    taken = (moved if traits.sampling else {}) | (costs if traits.penalties else {})
    left = {name: 0 if name in costs else 1 for name in (*moved, *costs) if name not in taken}
    lost += [
        name
        for name, usual in left.items()
        if body.get(name) is not None and (body[name] != usual or name == "top_k")
    ]
    return pick(body, table(**taken))


def stops(body: Mapping[str, Any]) -> JSON:
    """Stop sequences, by OpenAI's name or Gemini's. Raises BadRequest."""
    given = stops_of(body)
    return {"stopSequences": given} if given else {}


def amounts(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """How many answers, and how likely each token was."""
    out: JSON = {}
    if body.get("n") is not None and whole(body["n"], "n") != 1:
        out["candidateCount"] = body["n"]
    if body.get("logprobs") is True:
        out["responseLogprobs"] = True
        if body.get("top_logprobs"):
            out["logprobs"] = whole(body["top_logprobs"], "top_logprobs")
    elif body.get("logprobs") not in (None, False):
        raise wrong(body["logprobs"], "logprobs", "a boolean")
    elif body.get("top_logprobs"):
        lost.append("top_logprobs")
    return out


def senses(body: Mapping[str, Any], lost: list[str]) -> JSON:
    """The kinds of an answer, and the voice of a spoken one: Gemini's is always 16-bit PCM
    (https://ai.google.dev/gemini-api/docs/generate-content/speech-generation)."""
    kinds = array(body.get("modalities") or ["text"], "modalities")
    out: JSON = (
        {} if kinds == ["text"] else {"responseModalities": [text(k, "modalities").upper() for k in kinds]}
    )
    if body.get("audio") is None:
        return out
    spec = mapping(body["audio"], "audio")
    if spec.get("format") not in (None, "pcm16"):
        lost.append("audio.format")
    if isinstance(voice := spec.get("voice"), str) and body.get("speech_config") is None:
        out["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
    elif voice is not None:
        lost.append("audio.voice")
    return out


def answer_format(body: Mapping[str, Any], out: JSON, traits: Traits, lost: list[str]) -> JSON:
    """JSON, by a schema or not (https://ai.google.dev/gemini-api/docs/generate-content/structured-output).
    Older models refuse it where they may call functions: it is left out then, and named."""
    kind, spec = answer_kind(body)
    schema = schema_of(spec) if kind == "json_schema" else None
    if kind in ("", "text"):
        return {}
    if "tools" in out and not traits.formatted:
        lost.append("response_format")
        return {}
    made: JSON = {"responseMimeType": "application/json"}
    return made if schema is None else {**made, "responseJsonSchema": schema}


def schema_of(spec: Mapping[str, Any]) -> Any:
    """The schema of a `json_schema` format, with its description; None where there is no schema."""
    path = "response_format.json_schema"
    inner = mapping(spec.get("json_schema"), path)
    if inner.get("schema") is None:
        return None
    schema = mapping(inner["schema"], f"{path}.schema")
    described = {"description": inner["description"]} if inner.get("description") is not None else {}
    return heeded({**described, **schema}, f"{path}.schema")
