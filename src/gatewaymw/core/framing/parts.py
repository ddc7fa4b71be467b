"""Server-sent events inside Amazon's event stream, as SageMaker hands on what a container streams.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_ResponseStream.html: each `PayloadPart`
holds a piece of the container's own stream, cut anywhere; an exception is a message of its own.
"""

from __future__ import annotations

from .base import Cutter, Frame
from .eventstream import EventStream
from .sse import SSE

PART = "PayloadPart"


class Parts(Cutter):
    """Cuts the events out of the parts. What is no part is a frame as it came."""

    __slots__ = ("_envelope", "_events")

    def __init__(self) -> None:
        super().__init__()
        self._envelope, self._events = EventStream(), SSE()

    def _cut(self, data: bytes, frames: list[Frame]) -> None:
        self._open(self._envelope.feed(data), frames)

    def _end(self, frames: list[Frame]) -> None:
        self._open(self._envelope.close(), frames)
        frames += self._events.close()

    def _open(self, messages: list[Frame], frames: list[Frame]) -> None:
        for message in messages:
            frames += self._events.feed(message.data) if message.event == PART else [message]
