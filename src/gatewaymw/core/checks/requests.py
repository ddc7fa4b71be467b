"""Checks of what is asked for: the model, the kind of request, its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .findings import found, unjudged
from .model import Finding, Given, Parameter, Subject
from .parameters import MOST, NOT, OPERATOR, commas, listed, split
from .registry import check

TYPES: Mapping[str, str] = {
    "chat": "chatComplete",
    "completions": "complete",
    "embeddings": "embed",
    "images/generations": "imageGenerate",
    "images/edits": "imageEdit",
    "images/variations": "imageVariation",
    "audio/speech": "createSpeech",
    "audio/transcriptions": "createTranscription",
    "audio/translations": "createTranslation",
    "moderations": "moderate",
    "responses": "createModelResponse",
}
"""The original's names of endpoints, where they are not ours."""


def request_type(endpoint: str) -> str:
    return TYPES.get(endpoint, endpoint)


@check(
    "default.modelWhitelist",
    listed("models", required=True),
    NOT,
    words="the model that the client asked for is one of the list",
)
def model_whitelist(subject: Subject, given: Given) -> Finding:
    return allowed(subject, given["models"], given["not"])


def allowed(subject: Subject, models: tuple[str, ...], inverted: bool, **data: Any) -> Finding:
    """Whether the request's model is one of those."""
    model = subject.request.get("model")
    if not isinstance(model, str) or not model:
        return unjudged("the request names no model")
    if not models:
        return unjudged("no rule and no default says which models are allowed")
    listed = model in models
    words = f"the model {model[:100]} is {'one' if listed else 'none'} of those that are listed"
    return found(listed != inverted, words, None, **{"not": inverted, **data})


def rules(value: Any, tools: Any, path: str) -> Mapping[str, Any]:
    """`{defaults: [model], metadata: {key: {value: [model]}}}`, its lists as tuples. Raises ValueError."""
    if not isinstance(value, Mapping) or not value or not value.keys() <= {"defaults", "metadata"}:
        raise ValueError("is an object of defaults, metadata or both")
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, Mapping) or not all(isinstance(each, Mapping) for each in metadata.values()):
        raise ValueError("has metadata of the form {key: {value: [models]}}")
    if sum(map(len, metadata.values())) > MOST:
        raise ValueError(f"has more than {MOST} rules")
    table = {
        key: {str(said): _models(models) for said, models in cases.items()} for key, cases in metadata.items()
    }
    return {"defaults": _models(value.get("defaults") or []), "metadata": table}


def _models(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > MOST:
        raise ValueError(f"has lists of at most {MOST} models")
    if not all(isinstance(model, str) for model in value):
        raise ValueError("has lists of models, which are texts")
    return tuple(value)


@check(
    "default.modelRules",
    Parameter(
        "rules",
        "object",
        rules,
        "{defaults: [models], metadata: {key: {value: [models]}}}",
        required=True,
    ),
    NOT,
    words="the model is one that the rules for the metadata allow; where none applies, one of the defaults",
)
def model_rules(subject: Subject, given: Given) -> Finding:
    table = given["rules"]
    matched = [
        (f"{key}:{said}", cases[said])
        for key, cases in table["metadata"].items()
        if (said := subject.metadata.get(key)) in cases
    ]
    models = tuple(model for _, each in matched for model in each) or table["defaults"]
    return allowed(subject, models, given["not"], matchedRules=[name for name, _ in matched])


def both(given: Given) -> str | None:
    twice = sorted(set(given["allowedTypes"]) & set(given["blockedTypes"]))
    return f"allowedTypes and blockedTypes both name {', '.join(twice)}" if twice else None


@check(
    "default.allowedRequestTypes",
    commas("allowedTypes", "else the metadata's `supported_endpoints`"),
    commas("blockedTypes", "else the metadata's `blocked_endpoints`"),
    words="the kind of request is among those allowed (none named: all) and not among those blocked",
    agree=both,
)
def allowed_request_types(subject: Subject, given: Given) -> Finding:
    named = {subject.endpoint, request_type(subject.endpoint)}
    told = subject.metadata
    may = given["allowedTypes"] or tuple(split(told.get("supported_endpoints", "")))
    never = given["blockedTypes"] or tuple(split(told.get("blocked_endpoints", "")))
    if fault := both({"allowedTypes": may, "blockedTypes": never}):
        return unjudged(fault)
    verdict = not named & set(never) and (not may or bool(named & set(may)))
    kind = request_type(subject.endpoint)
    words = f"requests of the type {kind} are {'allowed' if verdict else 'not allowed'}"
    return found(verdict, words, currentRequestType=kind)


@check(
    "default.requiredMetadataKeys",
    listed("metadataKeys", required=True),
    OPERATOR,
    words="all, any or none of the keys are in the metadata; of requests only",
)
def required_metadata_keys(subject: Subject, given: Given) -> Finding:
    if subject.kind == "output":
        return unjudged("metadata keys are checked before a request only")
    there = [key for key in given["metadataKeys"] if key in subject.metadata]
    missing = [key for key in given["metadataKeys"] if key not in subject.metadata]
    verdict = {"any": bool(there), "all": not missing, "none": not there}[given["operator"]]
    words = f"{len(there)} of the keys are in the metadata, where {given['operator']} should be"
    data = {"missing_metadata_keys": missing, "found_metadata_keys": there, "operator": given["operator"]}
    return found(verdict, words, **data)
