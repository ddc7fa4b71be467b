"""Anthropic (https://platform.claude.com/docs/en/api/overview)."""

from __future__ import annotations

from ..auth.keys import header
from ..dialects import anthropic
from ..dialects.completing import completions
from ..endpoints import CHAT, COMPLETE
from ..model import Provider, Route
from .registry import provide

MESSAGES = Route("/messages", anthropic.CHAT)

ANTHROPIC = provide(
    Provider(
        name="anthropic",
        base_url="https://api.anthropic.com/v1",
        routes={CHAT: MESSAGES, COMPLETE: completions(MESSAGES)},
        models={CHAT: ("claude-sonnet-4-5", "claude-opus-5-5")},
        auth=header("x-api-key"),
        # Since 2026-10-21 temperature and its kind are refused, of models too that take them still; nothing
        # is gained by it (https://platform.claude.com/docs/en/api/migration-2026-10-21).
        headers={"anthropic-version": "2023-06-01"},
        accepts=frozenset({"anthropic-version", "anthropic-beta"}),
        env_key="ANTHROPIC_API_KEY",
        prices="anthropic",
        doc="https://platform.claude.com/docs/en/api/messages",
    )
)
