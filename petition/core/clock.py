"""The only clock. Web, cli and the mail worker read it and pass the time down as `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.now(UTC)
