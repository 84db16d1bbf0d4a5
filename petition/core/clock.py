"""The only clock. Doors read it and pass the time down; nothing below a door asks for the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return this moment as an aware UTC datetime."""
    return datetime.now(UTC)
