"""Slow facts, kept in the process for a second."""

import time
from collections.abc import Callable
from typing import TypeVar, cast

from flask import current_app

SECONDS = 1.0
MAX_VALUES = 1_000  # when there are more, all are dropped

_Value = TypeVar("_Value")


def memoize(key: str, make: Callable[[], _Value]) -> _Value:
    """Return the value kept under a key, or make it and keep it for SECONDS.

    Two threads may make the same value at once; either is right. Errors are not kept.
    """
    values: dict[str, tuple[float, object]] = current_app.extensions.setdefault("memo", {})
    now = time.monotonic()
    expires, value = values.get(key, (0.0, None))
    if expires <= now:
        value = make()
        if len(values) >= MAX_VALUES:
            values.clear()
        values[key] = (now + SECONDS, value)
    return cast("_Value", value)
