"""Checks (guardrails) of requests and answers: pure functions, or flows where they must ask someone."""
