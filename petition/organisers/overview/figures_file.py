"""The figures of a petition as CSV, described in docs/downloads.md. No data of persons."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from petition.database.base import db
from petition.models import Activity, Petition
from petition.organisers import export
from petition.organisers.overview.figures import Figures, get_figures

_activity = Activity.table()
_Row = tuple[str, str, int]  # kind, key, number


def read_csv(petition_id: int, separator: str, *, now: datetime) -> str:
    """Return every figure of a petition. `separator` is a key of `export.SEPARATORS`."""
    paper = db.session.scalar(select(Petition.paper).where(Petition.id == petition_id)) or 0
    figures = get_figures(petition_id, now=now)
    rows = [*_sums(figures), ("paper", "names", paper), *_read_days(petition_id)]
    defused = [(kind, export.defuse(key), number) for kind, key, number in rows]
    return export.BYTE_ORDER_MARK + export.csv_lines(
        [("kind", "key", "number"), *defused], separator
    )


def _sums(figures: Figures) -> Iterator[_Row]:
    for name in ("confirmed", "pending", "refused", "withdrawn", "invalidated", "disposable"):
        yield "signatures", name, getattr(figures, name)
    yield from (("day", f"{day}", number) for day, number in figures.per_day)
    yield from (("hour", f"{hour:%Y-%m-%dT%H}Z", number) for hour, number in figures.hours)
    by_kind = (
        ("country", figures.countries),
        ("language", figures.languages),
        ("channel", figures.channels),
        ("text", figures.texts),
        ("visits", sorted(figures.visits.items())),
    )
    for kind, rows in by_kind:
        yield from ((kind, key, number) for key, number in rows)


def _read_days(petition_id: int) -> Iterator[_Row]:
    query = (
        select(_activity.c.kind, _activity.c.day, _activity.c.number)
        .where(_activity.c.petition_id == petition_id)
        .order_by(_activity.c.kind, _activity.c.day)
    )
    for kind, day, number in db.session.execute(query):
        yield kind, f"{day}", number
