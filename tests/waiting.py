"""Wait for a condition or for the clock."""

import time
from datetime import timedelta

from petition.abuse.rate_limits import WINDOW
from petition.core.clock import now


def in_one_window(seconds: float, of: timedelta = WINDOW) -> None:
    """Wait for the next window of the clock if this one ends within so many seconds: limits count
    in such windows, and what takes that long is to be counted in one.
    """
    left = of.total_seconds() - now().timestamp() % of.total_seconds()
    if left < seconds:
        time.sleep(left)
