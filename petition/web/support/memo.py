"""What takes the database long to say and may be a little behind: kept in the process, for longer
the longer it took.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app

SHARE = 20  # a twentieth of one core's time, at most, goes into making a thing anew
LONGEST = 120.0  # seconds
MOST = 1_000  # things; beyond them all are forgotten

_Thing = TypeVar("_Thing")


class Memo:
    """What one application remembers. Two threads may make the same thing at once; either will
    do.
    """

    def __init__(self) -> None:
        self._things: dict[str, tuple[float, Any]] = {}

    def recall(
        self, key: str, make: Callable[[], _Thing], *, seconds: float | None = None
    ) -> _Thing:
        """Return the thing under a key: from memory, or made now and remembered for so many
        `seconds`, by default for twenty times as long as it took.
        """
        began = time.monotonic()
        until, thing = self._things.get(key, (0.0, None))
        if until > began:
            return cast("_Thing", thing)
        thing = make()
        lasts = min((time.monotonic() - began) * SHARE, LONGEST) if seconds is None else seconds
        if len(self._things) >= MOST:
            self._things = {}
        self._things[key] = (began + lasts, thing)
        return thing


def memoize(key: str, make: Callable[[], _Thing], *, seconds: float | None = None) -> _Thing:
    """Return the thing under a key as this application remembers it, or made now."""
    memory: Memo = current_app.extensions["memo"]
    return memory.recall(key, make, seconds=seconds)
