"""Jobs, over real sockets: OpenAI's SDK in front, providers behind that answer with one and have to be asked
until it is done."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import anyio
import pytest
from openai import APIStatusError, APITimeoutError, BadRequestError, InternalServerError, OpenAI
from sites import SERVERS, Site, opened

from callers import Answer, ask, ask_wsgi, nothing, nothing_wsgi
from gatewaymw import ASGIGateway, WSGIGateway
from gatewaymw.drivers.outbound import GUARDED
from names import World
from upstream import Upstream, chunked, listening, whole

KEY = "key-of-the-operator"
NAMES = ("black-forest-labs", "assemblyai", "replicate")
BFL, HEAR, RUN = (f"/{name}" for name in NAMES)
TASK, RESULT = f"{BFL}/v1/flux-2-pro", f"{BFL}/v1/get_result"
WAYS = pytest.mark.parametrize("way", ["asgi", "wsgi"])


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Site]:
    targets = {name: {"api_key": KEY, "retry": {"attempts": 2}, "request_timeout": 3000} for name in NAMES}
    with opened(SERVERS[request.param], targets) as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    return server.cleared()


def lines(site: Site) -> list[str]:
    return [f"{seen.method} {seen.target}" for seen in site.upstream.seen]


# ── images ───────────────────────────────────────────────────────────────


def painting(site: Site, *results: Any, place: str = "", **asked: Any) -> Any:
    """An image is asked for: the task's results one after the other, the last again and again."""
    place = place or f"{site.upstream.url}{RESULT}?id=t-1"
    site.upstream.script(TASK, whole({"id": "t-1", "polling_url": place}))
    if results:
        site.upstream.script(RESULT, *map(whole, results))
    sdk: OpenAI = site.sdk("black-forest-labs").with_options(max_retries=1)
    return sdk.images.with_raw_response.generate(model="flux-2-pro", prompt="a cat", **asked)


PENDING = {"id": "t-1", "status": "Pending", "result": None}
READY = {"id": "t-1", "status": "Ready", "result": {"sample": "https://delivery.example/a.jpg"}}


def test_an_image_is_waited_for(site: Site) -> None:
    raw = painting(site, PENDING, READY, size="1024x768", response_format="b64_json")
    images = raw.parse()
    assert [each.url for each in images.data] == ["https://delivery.example/a.jpg"]
    look = f"GET {RESULT}?id=t-1"
    assert lines(site) == [f"POST {TASK}", look, look]
    assert site.upstream.seen[0].json == {"prompt": "a cat", "width": 1024, "height": 768}
    assert {seen.header("x-key") for seen in site.upstream.seen} == {KEY}
    assert not any(seen.header("authorization") for seen in site.upstream.seen)
    assert raw.headers["x-gateway-attempts"] == "3" and raw.headers["x-gateway-retry-attempt-count"] == "0"
    assert raw.headers["x-gateway-dropped-params"] == "response_format"


def test_several_images_are_several_jobs(site: Site) -> None:
    images = painting(site, READY, n=3).parse()
    assert len(images.data) == 3
    assert sorted(line.split()[0] for line in lines(site)) == ["GET"] * 3 + ["POST"] * 3


def test_a_job_that_failed_is_begun_again_as_often_as_the_config_says(site: Site) -> None:
    failed = {"id": "t-1", "status": "Error", "result": None}
    assert painting(site, failed, READY).parse().data
    assert lines(site).count(f"POST {TASK}") == 2


def test_content_that_was_refused_is_the_clients_error(site: Site) -> None:
    with pytest.raises(BadRequestError) as caught:
        painting(site, {"id": "t-1", "status": "Content Moderated", "result": None})
    assert caught.value.code == "content_policy_violation" and "Content Moderated" in caught.value.message
    assert lines(site).count(f"POST {TASK}") == 1


def test_dos_09_a_job_that_is_never_done_is_given_up_and_not_begun_again(site: Site) -> None:
    with pytest.raises((APIStatusError, APITimeoutError)) as caught:
        painting(site, PENDING)
    assert isinstance(caught.value, APIStatusError)
    assert (caught.value.status_code, caught.value.body["code"]) == (408, "timeout")  # type: ignore[index]
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert lines(site).count(f"POST {TASK}") == 1 and len(lines(site)) > 2


HOSTILE = [
    "https://evil.example/v1/get_result?id=1",
    "http://169.254.169.254/latest/meta-data",
    "https://api.bfl.ai/v1/get_result?id=1",
    "file:///etc/passwd",
]


@pytest.mark.parametrize("place", HOSTILE)
def test_ssrf_12_no_key_goes_where_a_provider_sends_it(site: Site, place: str) -> None:
    with pytest.raises(InternalServerError) as caught:
        painting(site, place=place)
    assert (caught.value.status_code, caught.value.code) == (502, "upstream_address")
    assert lines(site) == [f"POST {TASK}"] and KEY not in caught.value.response.text


# ── transcripts ──────────────────────────────────────────────────────────

SAID = {
    "id": "t-1",
    "status": "completed",
    "text": "Hello there.",
    "audio_duration": 2,
    "language_code": "en",
}


def hearing(site: Site, *looks: Any, **asked: Any) -> Any:
    site.upstream.script(f"{HEAR}/v2/upload", whole({"upload_url": "https://cdn.assemblyai.com/upload/u"}))
    site.upstream.script(f"{HEAR}/v2/transcript", whole({"id": "t-1", "status": "queued"}))
    site.upstream.script(f"{HEAR}/v2/transcript/t-1", *map(whole, looks))
    sdk = site.sdk("assemblyai")
    return sdk.audio.transcriptions.create(model="universal-3-pro", file=("a.wav", b"RIFF" * 9), **asked)


def test_sound_is_uploaded_and_its_transcript_waited_for(site: Site) -> None:
    made = hearing(site, SAID, language="en", extra_body={"punctuate": "false"})
    assert made.text == "Hello there."
    upload, transcript, _ = site.upstream.seen
    assert (upload.body, upload.header("content-type")) == (b"RIFF" * 9, "application/octet-stream")
    assert transcript.json == {
        "audio_url": "https://cdn.assemblyai.com/upload/u",
        "speech_models": ["universal-3-pro"],
        "language_code": "en",
        "punctuate": False,
    }
    assert {seen.header("authorization") for seen in site.upstream.seen} == {KEY}
    assert lines(site)[2] == f"GET {HEAR}/v2/transcript/t-1"


def test_subtitles_are_made_of_it(site: Site) -> None:
    told = b"1\n00:00:00,250 --> 00:00:02,000\nHello there.\n"
    site.upstream.script(f"{HEAR}/v2/transcript/t-1/srt", whole(told, kind="text/plain"))
    assert hearing(site, SAID, response_format="srt") == told.decode()


def test_a_transcript_that_failed_says_why(site: Site) -> None:
    failed = {"id": "t-1", "status": "error", "error": "File does not appear to contain audio."}
    with pytest.raises(BadRequestError, match="does not appear to contain audio"):
        hearing(site, failed)
    assert len(lines(site)) == 3


# ── chats ────────────────────────────────────────────────────────────────

HELLO: Any = [{"role": "user", "content": "Hello"}]
MODEL = "meta/meta-llama-3-70b-instruct"
ASKED = f"{RUN}/models/{MODEL}/predictions"


def test_a_chat_is_a_prediction(site: Site) -> None:
    site.upstream.script(ASKED, whole({"id": "p1", "status": "starting"}, 201))
    done = {"id": "p1", "status": "succeeded", "output": ["Hi", "!"]}
    site.upstream.script(f"{RUN}/predictions/p1", whole(done))
    made = site.sdk("replicate").chat.completions.create(model=MODEL, messages=HELLO)
    assert made.choices[0].message.content == "Hi!"
    assert site.upstream.seen[0].header("prefer") == "wait" and not site.upstream.seen[1].header("prefer")


def test_it_is_streamed_from_where_the_prediction_says(site: Site) -> None:
    place = site.upstream.script(
        f"{RUN}/stream/p1",
        chunked([b"event: output\ndata: Hi\n\n", b"event: output\ndata: !\n\nevent: done\ndata: {}\n\n"]),
    )
    site.upstream.script(ASKED, whole({"id": "p1", "status": "starting", "urls": {"stream": place}}, 201))
    stream = site.sdk("replicate").chat.completions.create(model=MODEL, messages=HELLO, stream=True)
    chunks = [chunk.choices[0] for chunk in stream]
    assert [chunk.delta.content for chunk in chunks] == ["Hi", "!", None]
    assert chunks[-1].finish_reason == "stop"


# ── images in base64 ─────────────────────────────────────────────────────

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
FILES, PUBLIC = "files.example", "93.184.216.34"


@WAYS
def test_an_image_is_fetched_where_the_client_wants_it_and_the_operator_lets_it(
    way: str, upstream: Upstream
) -> None:
    with listening() as files:
        files.script("/a.png", whole(PNG, kind="image/png"))
        done = {"id": "g", "state": "completed", "assets": {"image": f"http://{FILES}/a.png"}}
        upstream.script("/dream-machine/v1/generations/image", whole(done, 201))
        answer = asked(way, upstream, World([PUBLIC], port=urlsplit(files.url).port or 0))
        assert answer.json["data"] == [{"b64_json": base64.b64encode(PNG).decode()}]
        assert answer.status == 200 and "x-gateway-dropped-params" not in answer.headers
        assert files.seen[0].header("authorization") is None


def asked(way: str, upstream: Upstream, world: World) -> Answer:
    config = {"provider": "luma", "custom_host": upstream.url, "api_key": KEY}
    body = {"model": "photon-1", "prompt": "a cat", "response_format": "b64_json"}
    options: Any = {"auth": "public", "fetch_media": {"hosts": [FILES]}}
    if way == "wsgi":
        app = WSGIGateway(nothing_wsgi, config, **options)
        app.gateway._outbound._pools[GUARDED] = world.wire_sync()
        try:
            return ask_wsgi(app, "/v1/images/generations", body)
        finally:
            app.gateway.close()

    async def run() -> Answer:
        app = ASGIGateway(nothing, config, **options)
        app.gateway._outbounds.get()._pools[GUARDED] = world.wire()
        try:
            return await ask(app, "/v1/images/generations", body)
        finally:
            await app.gateway.aclose()

    return anyio.run(run)
