"""Results of slow functions, cached in the process for a second."""

import time
from collections.abc import Callable
from typing import TypeVar

from flask import current_app

SECONDS = 1.0

_Value = TypeVar("_Value")


def memoize(
    key: str, make: Callable[[], _Value], *, timer: Callable[[], float] = time.monotonic
) -> _Value:
    """Return the value kept under a key, or make it and keep it for SECONDS.

    Use keys of which there are few: they are never removed. Errors are not kept.
    """
    values: dict[str, tuple[_Value, float]] = current_app.extensions.setdefault("memo", {})
    kept = values.get(key)
    if kept is None or kept[1] <= timer():
        kept = values[key] = (make(), timer() + SECONDS)
    return kept[0]


def forget() -> None:
    """Drop what is cached in this process, pages too: a petition has changed."""
    current_app.extensions.setdefault("memo", {}).clear()
    current_app.extensions["page_cache"].clear()
