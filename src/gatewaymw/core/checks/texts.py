"""Where the texts of a body are: whatever its endpoint, whoever's format it is in.

Shapes are known by their fields, not by the path they were sent to, so that a body on a proxied path is read
as well: chat and text completions, embeddings, moderations, images and speech, Responses (OpenAI:
https://platform.openai.com/docs/api-reference), Messages (https://docs.anthropic.com/en/api/messages),
generateContent (https://ai.google.dev/api/generate-content), Converse
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html), Cohere's chat and embed
(https://docs.cohere.com/reference/chat), queries and documents to rank.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

Step: TypeAlias = str | int
Steps: TypeAlias = tuple[Step, ...]
Scope: TypeAlias = Literal["last", "all", "system", "tools"]
SCOPES: tuple[Scope, ...] = ("last", "all", "system", "tools")


class Text(NamedTuple):
    """A text, and where in the body it stands."""

    steps: Steps
    text: str
    part: Literal["said", "system", "tools"] = "said"
    last: bool = False
    """Of the last message of a request, or the first choice of an answer: what the original looks at."""

    def of(self, scope: Scope) -> bool:
        return scope == "all" or (self.last if scope == "last" else self.part == scope)


def texts(kind: Literal["input", "output"], body: Any) -> Iterator[Text]:
    """All texts of a request or an answer, in the order in which they stand. Nothing is raised."""
    if isinstance(body, Mapping):
        yield from asked(body) if kind == "input" else answered(body)


def inspected(kind: Literal["input", "output"], body: Any, scope: Scope) -> str:
    """The texts of a scope, joined by line ends."""
    return "\n".join(found.text for found in texts(kind, body) if found.text and found.of(scope))


def with_texts(body: Mapping[str, Any], changes: Mapping[Steps, str]) -> Mapping[str, Any]:
    """A copy of the body with other texts at some places; what is not on the way to them is shared."""
    copies: dict[Steps, Any] = {(): dict(body)}
    for steps, text in changes.items():
        node = copies[()]
        for depth, step in enumerate(steps[:-1], 1):
            if (way := steps[:depth]) not in copies:
                inner = node[step]
                node[step] = copies[way] = list(inner) if isinstance(inner, list) else dict(inner)
            node = copies[way]
        node[steps[-1]] = text
    return copies[()] if changes else body


def with_text(kind: Literal["input", "output"], body: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    """A copy of the body whose inspected text is another: in the first of its places, the others empty."""
    places = [found.steps for found in texts(kind, body) if found.last and found.text]
    return with_texts(body, {steps: "" if index else text for index, steps in enumerate(places)})


# ── requests ─────────────────────────────────────────────────────────────


def asked(body: Mapping[str, Any]) -> Iterator[Text]:
    for name in ("system", "instructions", "preamble", "systemInstruction", "system_instruction"):
        yield from _marked(_content(body.get(name), (name,)), "system")
    prompt = list(_content(body.get("prompt"), ("prompt",)))
    for found in prompt:
        yield found._replace(last=True)
    for name in ("chat_history", "messages", "contents"):
        yield from _messages(body.get(name), name, bool(prompt) or name == "chat_history")
    for name in ("message", "input", "texts", "inputText", "query", "documents"):
        yield from _inputs(body.get(name), name, bool(prompt) or "messages" in body)


def _messages(messages: Any, name: str, spent: bool) -> Iterator[Text]:
    """`spent`: what the original looks at is elsewhere."""
    if not isinstance(messages, list):
        return
    for index, message in enumerate(messages):
        if isinstance(message, Mapping):
            yield from _message(message, (name, index), index == len(messages) - 1 and not spent)


def _message(message: Mapping[str, Any], steps: Steps, last: bool) -> Iterator[Text]:
    """What was said in a message, and what tools were told and told back."""
    role = message.get("role")
    system = role in ("system", "developer", "SYSTEM")
    for name in ("content", "parts", "text", "message", "refusal", "reasoning_content", "summary"):
        for found in _content(message.get(name), (*steps, name)):
            shown = last and name in ("content", "parts", "message") and found.part == "said"
            part = "system" if system else "tools" if role in ("tool", "function") else found.part
            yield found._replace(part=part, last=shown)
    yield from _calls(message, steps)


def _inputs(value: Any, name: str, spent: bool) -> Iterator[Text]:
    """Texts to embed, to speak or to judge, which all count; or items of Responses, and the last counts."""
    if not isinstance(value, list) or not any(_item(each) for each in value):
        for found in _content(value, (name,)):
            yield found._replace(last=not spent)
        return
    for index, each in enumerate(value):
        last = index == len(value) - 1 and not spent
        if isinstance(each, Mapping):
            yield from _message(each, (name, index), last)
        elif isinstance(each, str):
            yield Text((name, index), each, last=last)


def _item(value: Any) -> bool:
    """Whether it is an item of Responses, and no part of a content."""
    return isinstance(value, Mapping) and (
        "role" in value or value.get("type") not in ("text", "image_url", None)
    )


# ── answers ──────────────────────────────────────────────────────────────


def answered(body: Mapping[str, Any]) -> Iterator[Text]:
    yield from _choices(body.get("choices"), "choices")
    yield from _choices(body.get("candidates"), "candidates")
    for name in ("content", "text", "message"):  # Messages; transcripts; Cohere
        value, steps = body.get(name), (name,)
        if isinstance(value, Mapping):
            yield from _message(value, steps, True)
        else:
            for found in _content(value, steps):
                yield found._replace(last=found.part == "said" and found.steps[-1] != "thinking")
    yield from _output(body.get("output"))
    data = body.get("data")
    for index, each in enumerate(data if isinstance(data, list) else ()):
        if isinstance(each, Mapping) and isinstance(prompt := each.get("revised_prompt"), str):
            yield Text(("data", index, "revised_prompt"), prompt, last=True)


def _choices(choices: Any, name: str) -> Iterator[Text]:
    for index, choice in enumerate(choices if isinstance(choices, list) else ()):
        if not isinstance(choice, Mapping):
            continue
        if isinstance(text := choice.get("text"), str):
            yield Text((name, index, "text"), text, last=index == 0)
        for inner in ("message", "content"):
            if isinstance(message := choice.get(inner), Mapping):
                yield from _message(message, (name, index, inner), index == 0)


def _output(output: Any) -> Iterator[Text]:
    """The items of Responses, or Converse's message."""
    if isinstance(output, Mapping) and isinstance(message := output.get("message"), Mapping):
        yield from _message(message, ("output", "message"), True)
    for index, item in enumerate(output if isinstance(output, list) else ()):
        if isinstance(item, Mapping):
            yield from _message(item, ("output", index), item.get("type", "message") == "message")


# ── what both hold ───────────────────────────────────────────────────────

TOLD = ("input", "arguments", "args", "response", "output", "content", "result")
"""Where calls and results of tools hold what they say."""


def _content(value: Any, steps: Steps) -> Iterator[Text]:
    """A text, a list of texts and of parts, or an object with parts (Gemini's)."""
    if isinstance(value, str):
        yield Text(steps, value)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            if isinstance(part, str):
                yield Text((*steps, index), part)
            elif isinstance(part, Mapping):
                yield from _part(part, (*steps, index))
    elif isinstance(value, Mapping):
        yield from _content(value.get("parts"), (*steps, "parts"))


def _part(part: Mapping[str, Any], steps: Steps) -> Iterator[Text]:
    for name in ("text", "thinking", "refusal"):
        if isinstance(text := part.get(name), str):
            yield Text((*steps, name), text)
    yield from _calls(part, steps)


def _calls(value: Mapping[str, Any], steps: Steps) -> Iterator[Text]:
    """What tools are told and tell, in whatever format. Each text within counts for itself."""
    calls = value.get("tool_calls")
    for index, call in enumerate(calls if isinstance(calls, list) else ()):
        for name in ("function", "custom") if isinstance(call, Mapping) else ():
            yield from _leaves(call.get(name), (*steps, "tool_calls", index, name), TOLD)
    for name in ("function_call", "functionCall", "functionResponse", "toolUse", "toolResult"):
        yield from _leaves(value.get(name), (*steps, name), TOLD)
    kind = value.get("type")
    if isinstance(kind, str) and ("tool" in kind or kind.endswith(("_call", "_call_output"))):
        for name in ("input", "arguments", "output", *(("content",) if "tool_result" in kind else ())):
            yield from _leaves(value.get(name), (*steps, name))


def _leaves(value: Any, steps: Steps, only: tuple[str, ...] = ()) -> Iterator[Text]:
    """All texts within a value; of an object, below certain keys `only`."""
    if only and isinstance(value, Mapping):
        value = {name: value[name] for name in only if name in value}
    stack: list[tuple[Steps, Any]] = [(steps, value)]
    while stack:
        steps, value = stack.pop()
        if isinstance(value, str):
            yield Text(steps, value, "tools")
        elif isinstance(value, Mapping):
            stack += [((*steps, key), inner) for key, inner in reversed(list(value.items()))]
        elif isinstance(value, list):
            stack += [((*steps, key), inner) for key, inner in reversed(list(enumerate(value)))]


def _marked(found: Iterator[Text], part: Literal["system"]) -> Iterator[Text]:
    for each in found:
        yield each._replace(part=part)
