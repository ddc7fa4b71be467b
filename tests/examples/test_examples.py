"""The example hosts as one would run them: real servers, the official SDK, the site itself beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from servers import Serve
from snippets import commands, curl

EXAMPLES = Path(__file__).parents[2] / "examples"
HOSTS = {
    "fastapi": ("uvicorn", "--app-dir", "examples/fastapi", "app:app", "--port", "0"),
    "flask": ("gunicorn", "--chdir", "examples/flask", "app:app", "--bind", "127.0.0.1:0"),
    "django-asgi": ("uvicorn", "--app-dir", "examples/django", "app:application", "--port", "0"),
    "django-wsgi": ("gunicorn", "--chdir", "examples/django", "app:wsgi", "--bind", "127.0.0.1:0"),
}
HELLO: Any = [{"role": "user", "content": "Hello there"}]
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.fixture(scope="module", params=HOSTS)
def site(request: pytest.FixtureRequest, serve: Serve) -> str:
    return serve(*HOSTS[request.param])


@pytest.fixture(scope="module")
def browser(site: str) -> Any:
    """Somebody who logged in by the site's own form."""
    with httpx.Client(base_url=site, follow_redirects=True, timeout=40) as client:
        form = client.get("/").text
        hidden = re.search(r'name="(\w+)" value="(\w+)"', form)
        answer = client.post("/login", data={"user": "Ada", **({hidden[1]: hidden[2]} if hidden else {})})
        assert answer.status_code == 200
        assert "Hello Ada." in answer.text
        yield client


@pytest.fixture
def sdk(site: str, browser: httpx.Client) -> Any:
    """The SDK, with the session of the one who logged in, refusing answers that are not as documented."""
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with OpenAI(
        base_url=site + "/v1",
        api_key="unused",
        default_headers={"cookie": cookies},
        max_retries=0,
        _strict_response_validation=True,
    ) as client:
        yield client


def test_the_sites_own_page_is_still_there(site: str) -> None:
    answer = httpx.get(site + "/", timeout=40)
    assert answer.status_code == 200
    assert "Hello stranger." in answer.text
    assert httpx.get(site + "/v1/nothing-of-the-gateways", timeout=40).status_code == 404


def test_who_is_not_logged_in_is_refused(site: str) -> None:
    client = OpenAI(base_url=site + "/v1", api_key="unused", max_retries=0)
    with client, pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(model="mock-echo", messages=HELLO)
    assert caught.value.type == "authentication_error"


def test_a_whole_answer(sdk: OpenAI) -> None:
    answer = sdk.chat.completions.create(model="mock-echo", messages=HELLO)
    assert answer.choices[0].message.content == "You said: Hello there"
    assert (
        answer.usage
        and answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    )


def test_a_streamed_answer_comes_in_pieces(sdk: OpenAI) -> None:
    with sdk.chat.completions.create(
        model="mock-echo", messages=HELLO, stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    words = [choice.delta.content for chunk in chunks for choice in chunk.choices if choice.delta.content]
    assert len(words) > 1
    assert "".join(words) == "You said: Hello there"
    assert chunks[-1].usage


def test_a_tool_call_and_its_result(sdk: OpenAI) -> None:
    asked = sdk.chat.completions.create(model="mock-tool", messages=HELLO, tools=[TOOL])
    message = asked.choices[0].message
    assert asked.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls and message.tool_calls[0].type == "function"
    assert set(json.loads(message.tool_calls[0].function.arguments)) == {"city"}
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
    turns: Any = [*HELLO, message.to_dict(), result]
    told = sdk.chat.completions.create(model="mock-tool", messages=turns, tools=[TOOL])
    assert told.choices[0].message.content == "weather returned: sunny"


def test_a_config_is_asked_for_by_name(sdk: OpenAI) -> None:
    answer = sdk.chat.completions.with_raw_response.create(
        model="mock-echo", messages=HELLO, extra_headers={"x-gateway-config": "fallback"}
    )
    assert answer.headers["x-gateway-last-used-option-index"] == "configs.fallback.targets[1]"


def test_the_readme_beside_each_host_starts_it() -> None:
    for folder in ("fastapi", "flask", "django"):
        text = (EXAMPLES / folder / "README.md").read_text(encoding="utf-8")
        name = (
            "make serve"
            if folder == "fastapi"
            else " ".join(HOSTS[f"{folder}{'-asgi' * (folder == 'django')}"][:4])
        )
        assert name in text


def test_the_curl_lines_that_make_serve_prints(serve: Serve) -> None:
    url = serve(*HOSTS["fastapi"], env={"DEMO_PUBLIC": "1"})
    script = (EXAMPLES / "curl.sh").read_text(encoding="utf-8")
    whole, streamed, fallback = (curl(words, url) for words in commands(script))
    assert whole.json()["choices"][0]["message"]["content"] == "You said: Hello"
    assert streamed.text.count("data: ") > 2
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert fallback.status_code == 200
    assert fallback.headers["x-gateway-last-used-option-index"] == "config.targets[1]"
