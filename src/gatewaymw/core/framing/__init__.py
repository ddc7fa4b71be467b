"""Envelopes of streams: bytes in, frames out. They know nothing of what is inside."""
