"""The only clock. Web, cli and the mail worker read it and pass the time down as `now`."""

from datetime import UTC, date, datetime, time, timedelta


def now() -> datetime:
    """Return the current time as an aware UTC datetime."""
    return datetime.now(UTC)


def end_of(day: date) -> datetime:
    """Return when a day ends in UTC; of the last one that can be written, its last moment."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), UTC)
