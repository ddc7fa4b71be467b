"""Requests that are refused, by what is wrong with them: a table, and the words it is written in."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from callers import HELLO

OPENAI = {"x-gateway-provider": "openai", "authorization": "Bearer sk-callers-own"}
HELD = {"provider": "openai", "api_key": "sk-operators-own"}
PORTKEY = {"x-portkey-provider": "openai", "authorization": "Bearer sk-callers-own"}
JSON = {"content-type": "application/json"}


def brought(config: Any) -> dict[str, str]:
    text = config if isinstance(config, str) else json.dumps(config)
    return {"x-gateway-config": text, "authorization": "Bearer sk-callers-own"}


def nested(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"provider": "openai"}
    for _ in range(levels):
        node = {"targets": [node]}
    return node


def several(mode: str, *targets: Any, **more: Any) -> dict[str, Any]:
    return {"strategy": {"mode": mode, **more}, "targets": list(targets)}


def form(*fields: tuple[str, str], end: bytes = b"--edge--\r\n") -> bytes:
    made = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    return "".join(made).encode() + end


class Case(NamedTuple):
    headers: dict[str, str]
    words: tuple[str, ...]
    """All of them are told: what is wrong, and what to do."""
    param: str | None = None
    code: str | None = None
    status: int = 400
    body: Any = HELLO
    path: str = "/v1/chat/completions"
    config: Any = None
    options: dict[str, Any] = {}  # noqa: RUF012 - never changed


def host(url: str, **target: Any) -> dict[str, Any]:
    return {"provider": "openai", "custom_host": url, **target}


KEYS = {"auth": "public", "virtual_keys": {"prod": HELD}}
NO_HOST = "operator adds it to trusted_custom_hosts"
TRANSCRIBE = "/v1/audio/transcriptions"
FORM = {**OPENAI, "content-type": "multipart/form-data; boundary=edge"}

CASES = {
    # bodies
    "malformed JSON": Case({**OPENAI, **JSON}, ("not JSON",), None, "invalid_json", body=b'{"model": '),
    "no body": Case({**OPENAI, **JSON}, ("not JSON",), None, "invalid_json", body=b""),
    "no UTF-8": Case({**OPENAI, **JSON}, ("not JSON",), None, "invalid_json", body=b'{"model": "\xff"}'),
    "a list": Case({**OPENAI, **JSON}, ("must be a JSON object",), None, "invalid_json", body=b"[1]"),
    "null": Case({**OPENAI, **JSON}, ("must be a JSON object",), None, "invalid_json", body=b"null"),
    "NaN": Case({**OPENAI, **JSON}, ("not JSON",), None, "invalid_json", body=b'{"temperature": NaN}'),
    "1e999": Case({**OPENAI, **JSON}, ("not JSON",), None, "invalid_json", body=b'{"temperature": 1e999}'),
    "nested too deeply": Case(
        {**OPENAI, **JSON}, ("nested too deeply",), None, "invalid_json", body=b"[" * 100_000
    ),
    "wrong content type": Case(
        {**OPENAI, "content-type": "text/plain"},
        ("text/plain", "send application/json"),
        None,
        "unsupported_media_type",
        415,
    ),
    "compressed": Case(
        {**OPENAI, "content-encoding": "gzip"},
        ("without content-encoding",),
        None,
        "unsupported_encoding",
        415,
    ),
    "compressed, to a path of the provider's": Case(
        {**OPENAI, "content-encoding": "gzip"},
        ("without content-encoding",),
        None,
        "unsupported_encoding",
        415,
        path="/v1/responses",
    ),
    "compressed form": Case(
        {**FORM, "content-encoding": "br"},
        ("without content-encoding",),
        None,
        "unsupported_encoding",
        415,
        form(("model", "m")),
        TRANSCRIBE,
    ),
    "too large, with its length told": Case(
        OPENAI, ("10 bytes", "max_body"), None, "body_too_large", 413, options={"max_body": 10}
    ),
    "no model": Case(OPENAI, ("`model` is missing",), "model", body={"messages": []}),
    "no messages": Case(OPENAI, ("`messages` is missing",), "messages", body={"model": "m"}),
    "null messages": Case(
        OPENAI, ("`messages` is missing",), "messages", body={"model": "m", "messages": None}
    ),
    # whom to ask
    "no provider": Case({}, ("x-gateway-provider", "@openai/gpt-4o"), None, "no_provider"),
    "unknown provider": Case(
        {"x-gateway-provider": "opnai"}, ('did you mean "openai"',), "config.provider", "invalid_config"
    ),
    "unknown provider of the original's header": Case(
        {"x-portkey-provider": "antropic"}, ('did you mean "anthropic"',), "config.provider"
    ),
    "unknown virtual key in front of a model": Case(
        {}, ("no virtual key is named",), "config.virtual_key", body={**HELLO, "model": "@nobody/gpt-4o"}
    ),
    "almost a provider in front of a model": Case(
        {}, ('did you mean "anthropic"',), "config.virtual_key", body={**HELLO, "model": "@antropic/claude"}
    ),
    "a provider by the name of a key": Case(
        brought({"provider": "@openai"}), ('without the @: "openai"',), "config.virtual_key"
    ),
    "config without anybody": Case(brought({"retry": {"attempts": 1}}), ("x-gateway-provider",), "config"),
    # configs
    "config that is not JSON": Case(brought('{"provider": '), ("is not JSON",), "x-gateway-config"),
    "config that is neither": Case(brought("pc-unknown"), ("neither JSON nor the name",), "x-gateway-config"),
    "config that is a list": Case(brought("[]"), ("neither JSON",), "x-gateway-config"),
    "the original's config header": Case(
        {"x-portkey-config": '{"provider": '}, ("is not JSON",), "x-portkey-config"
    ),
    "fault deep in a config": Case(
        brought(
            several("fallback", {"provider": "openai"}, {"provider": "openai", "retry": {"attempts": 9}})
        ),
        ("5",),
        "config.targets[1].retry.attempts",
    ),
    "unknown strategy": Case(
        brought(several("roundrobin", {"provider": "openai"})),
        ('unknown mode "roundrobin"', "fallback, loadbalance"),
        "config.strategy.mode",
    ),
    "condition that leads nowhere": Case(
        brought(
            several(
                "conditional",
                {"provider": "openai", "name": "large"},
                conditions=[{"query": {"params.model": "m"}, "then": "larg"}],
            )
        ),
        ('did you mean "large"?',),
        "config.strategy.conditions[0].then",
    ),
    "weights of nothing": Case(
        brought(several("loadbalance", *[{"provider": "openai", "weight": 0}] * 2)),
        ("weights",),
        "config.targets",
    ),
    "17 deep": Case(brought(nested(17)), ("nested 16 deep",), "config" + ".targets[0]" * 16),
    "too many targets": Case(
        brought(several("fallback", *[{"provider": "openai"}] * 65)), ("64 targets",), "config"
    ),
    "no targets": Case(brought(several("fallback")), ("must not be empty",), "config.targets"),
    "config of 64 KiB and a little": Case(
        brought(json.dumps({"provider": "openai", "x": "y" * 65536})), ("65536",), "x-gateway-config"
    ),
    # headers
    "control characters": Case(
        {**OPENAI, "x-gateway-trace-id": "a\r\nx-evil: 1"}, ("control characters",), "x-gateway-trace-id"
    ),
    "control characters in a key": Case(
        {**OPENAI, "authorization": "Bearer sk\x00"}, ("control characters",), "authorization"
    ),
    "control characters in what is forwarded": Case(
        {**OPENAI, "openai-organization": "org\r\nx: y"}, ("control characters",), "openai-organization"
    ),
    "metadata that is not JSON": Case(
        {**OPENAI, "x-gateway-metadata": "{"}, ("not JSON",), "x-gateway-metadata"
    ),
    "metadata that is a list": Case(
        {**PORTKEY, "x-portkey-metadata": "[1]"}, ("object of strings",), "x-portkey-metadata"
    ),
    "metadata of objects": Case(
        {**OPENAI, "x-gateway-metadata": '{"a": {}}'}, ("object of strings",), "x-gateway-metadata"
    ),
    "timeout in words": Case(
        {**OPENAI, "x-gateway-request-timeout": "soon"}, ("milliseconds",), "x-gateway-request-timeout"
    ),
    "no time at all": Case(
        {**OPENAI, "x-gateway-request-timeout": "0"}, ("milliseconds",), "x-gateway-request-timeout"
    ),
    "more than a day": Case(
        {**PORTKEY, "x-portkey-request-timeout": "86400001"}, ("86400000",), "x-portkey-request-timeout"
    ),
    "trace id": Case({**OPENAI, "x-gateway-trace-id": "t" * 257}, ("256",), "x-gateway-trace-id"),
    # hosts and keys
    "custom host": Case(
        {**OPENAI, "x-gateway-custom-host": "https://collector.test/v1"},
        (NO_HOST,),
        "x-gateway-custom-host",
        "invalid_host",
    ),
    "custom host in a config": Case(
        brought(several("fallback", {"provider": "openai"}, host("https://collector.test"))),
        (NO_HOST,),
        "config.targets[1].custom_host",
        "invalid_host",
    ),
    "custom host with the operator's key": Case(
        {"x-gateway-custom-host": "https://collector.test"},
        ("not sent to a host",),
        "x-gateway-custom-host",
        "not_permitted",
        403,
        config=HELD,
        options={"auth": "public", "trusted_custom_hosts": ["collector.test"]},
    ),
    "custom host with a virtual key": Case(
        brought({"virtual_key": "prod", "custom_host": "https://collector.test"}),
        ("leave custom_host out",),
        "config",
        "not_permitted",
        options={**KEYS, "trusted_custom_hosts": ["collector.test"]},
    ),
    "custom host above a virtual key": Case(
        brought({"custom_host": "https://collector.test", "targets": [{"virtual_key": "prod"}]}),
        ("leave custom_host out",),
        "config.targets[0]",
        "not_permitted",
        options={**KEYS, "trusted_custom_hosts": ["collector.test"]},
    ),
    "env: of a caller's": Case(
        brought({"provider": "openai", "api_key": "env:HOME"}),
        ("operator's own config", "write the key itself"),
        "config.api_key",
        "not_permitted",
    ),
    "file: of a caller's": Case(
        brought({"targets": [{"provider": "openai", "api_key": "file:/etc/hostname"}]}),
        ("write the key itself",),
        "config.targets[0].api_key",
        "not_permitted",
    ),
    "env: in a caller's option": Case(
        brought({"provider": "openai", "azure_ad_token": "env:HOME"}),
        ("write the key itself",),
        "config.azure_ad_token",
        "not_permitted",
    ),
    # what is not done
    "guardrails": Case(
        brought({"provider": "openai", "input_guardrails": ["pii"]}),
        ("must be an object of checks",),
        "config.input_guardrails[0]",
    ),
    "guardrails in camelCase, nested": Case(
        brought({"targets": [{"provider": "openai", "outputGuardrails": [{"nobodys.check": {}}]}]}),
        ("nobodys.check",),
        'config.targets[0].output_guardrails[0]["nobodys.check"]',
        "unknown_check",
    ),
    "guardrails of a header": Case(
        {**PORTKEY, "x-portkey-default-input-guardrails": '["pii"]'},
        ("must be an object of checks",),
        "x-portkey-default-input-guardrails[0]",
    ),
    "forwarding a session": Case(
        {**OPENAI, "x-gateway-forward-headers": "x-ok, Cookie"},
        ("never forwarded",),
        "x-gateway-forward-headers[1]",
    ),
    "forwarding a key": Case(
        brought({"provider": "openai", "forward_headers": ["Authorization"]}),
        ("never forwarded",),
        "config.forward_headers[0]",
    ),
    # what callers may say
    "a config where names are taken": Case(
        brought({"provider": "openai"}),
        ("names of its own configs",),
        "x-gateway-config",
        "not_permitted",
        403,
        options={"caller_config": "named"},
    ),
    "a provider where names are taken": Case(
        OPENAI,
        ("names of its own configs",),
        "x-gateway-provider",
        "not_permitted",
        403,
        options={"caller_config": "named"},
    ),
    "a name that is none": Case(
        brought("fast"),
        ("nor the name",),
        "x-gateway-config",
        options={"caller_config": "named", "configs": {"slow": HELD}, "auth": "public"},
    ),
    "a config where none is taken": Case(
        brought({"provider": "openai"}),
        ("leave out the config",),
        "x-gateway-config",
        "not_permitted",
        403,
        config=HELD,
        options={"auth": "public", "caller_config": "none"},
    ),
    "a named config where none is taken": Case(
        brought("slow"),
        ("leave out the config",),
        "x-gateway-config",
        "not_permitted",
        403,
        config=HELD,
        options={"auth": "public", "caller_config": "none", "configs": {"slow": HELD}},
    ),
    "a provider in front of the model where none is taken": Case(
        {},
        ("@NAME/",),
        "x-gateway-provider",
        "not_permitted",
        403,
        {**HELLO, "model": "@openai/gpt-4o"},
        config=HELD,
        options={"auth": "public", "caller_config": "none"},
    ),
    # forms
    "no form": Case(
        OPENAI, ("send multipart/form-data",), None, "unsupported_media_type", 415, path=TRANSCRIBE
    ),
    "a form of no type": Case(
        OPENAI,
        ("send multipart/form-data",),
        None,
        "unsupported_media_type",
        415,
        form(("model", "m")),
        TRANSCRIBE,
    ),
    "no boundary": Case(
        {**OPENAI, "content-type": "multipart/form-data"},
        ("boundary",),
        None,
        "invalid_form",
        body=form(("model", "m")),
        path=TRANSCRIBE,
    ),
    "boundary of 201 characters": Case(
        {**OPENAI, "content-type": "multipart/form-data; boundary=" + "x" * 201},
        ("boundary",),
        None,
        "invalid_form",
        body=form(("model", "m")),
        path=TRANSCRIBE,
    ),
    "another boundary": Case(
        {**OPENAI, "content-type": "multipart/form-data; boundary=other"},
        ("multipart form",),
        None,
        "invalid_form",
        body=form(("model", "m")),
        path=TRANSCRIBE,
    ),
    "a form that breaks off": Case(
        FORM, ("multipart form",), None, "invalid_form", body=form(("model", "m"), end=b""), path=TRANSCRIBE
    ),
    "10,000 parts": Case(
        FORM, ("1000 parts",), None, "invalid_form", body=form(*[("a", "b")] * 10_000), path=TRANSCRIBE
    ),
    "a form without a model": Case(
        FORM, ("`model` is missing",), "model", body=form(("a", "b")), path=TRANSCRIBE
    ),
}
