"""Values that the type checker holds frozen, and that cost no more than any object to make.

`dataclasses` keeps a frozen instance frozen by a call for each field of each instance that is made, which
takes three times as long as plain assignment. Each request makes a dozen of these values. mypy, which sees
`dataclasses.dataclass` itself here, refuses an assignment to a field before anything runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, *, frozen=False, eq=True, **options):
        """`dataclasses.dataclass`; what is `frozen` can be hashed, as there."""

        def made(cls):
            return dataclasses.dataclass(cls, eq=eq, unsafe_hash=frozen and eq, **options)

        return made if cls is None else made(cls)
