"""The queries for a file of signatures, with values written as in the file."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, select

from petition.core.clock import end_of
from petition.database.compiled import CompiledStatement
from petition.models import OrganisationName, Signature
from petition.models.enums import CommentState, Display

ROWS_AT_ONCE = 1_000


class Profile(StrEnum):
    """Whom a file is for: the organisers, or the target, which gets names whose owners agreed."""

    ORGANISER = "organiser"
    HANDOVER = "handover"


class Filters(NamedTuple):
    """Which signatures an organisers' file has: all, unless a field says otherwise.

    Days are in UTC, and both are included.
    """

    since: date | None = None
    until: date | None = None
    country: str = ""
    language: str = ""
    text_version: int | None = None

    def values(self) -> dict[str, Any]:
        """Return the values of the filters that are set, as their conditions take them."""
        values = {name: value for name, value in self._asdict().items() if value}
        if self.since:
            values["since"] = datetime.combine(self.since, time(), UTC)
        if self.until:
            values["until"] = end_of(self.until)
        return values


_ENTRY = ("name", "email", "country", "postcode", "organisation", "role", "comment")
_CHOICES = ("display", "handover", "updates")
_CONTEXT = ("language", "channel", "text_version")
_FOR_TARGET = ("number", "name", "country", "organisation", "role", "comment", "confirmed_on")
COLUMNS = {
    Profile.ORGANISER: (
        *("number", *_ENTRY, *_CHOICES, *_CONTEXT, "signed_at", "confirmed_at"),
        "confirmed_version",
    ),
    Profile.HANDOVER: _FOR_TARGET,
}

_CONDITIONS = {
    "since": Signature.confirmed_at >= bindparam("since"),
    "until": Signature.confirmed_at < bindparam("until"),
    "country": Signature.country == bindparam("country"),
    "language": Signature.language == bindparam("language"),
    "text_version": Signature.text_version == bindparam("text_version"),
}
_NUMBERED = (Signature.petition_id == bindparam("petition"), Signature.number <= bindparam("last"))

LAST_NUMBER = CompiledStatement(
    select(func.max(Signature.number)).where(Signature.petition_id == bindparam("petition"))
)
_taken_out = select(func.count()).where(*_NUMBERED, Signature.invalidation_id.is_not(None))
COUNT = CompiledStatement(  # from the index alone, but for the few that were taken out
    select(func.count() - _taken_out.scalar_subquery()).where(*_NUMBERED)
)


@lru_cache(maxsize=100)
def rows(
    dialect: str, profile: Profile, filters: frozenset[str], *, with_answers: bool = False
) -> CompiledStatement:
    """Return the query for the columns, written as in the file: Python would take twice as long.

    `filters` are the names of those that are set. `with_answers` adds the stored answers to the
    petition's own questions.
    """

    def moment(column: Any, of_sqlite: str, of_postgresql: str) -> Any:
        if dialect == "sqlite":
            return func.strftime(of_sqlite, column)
        return func.to_char(func.timezone("UTC", column), of_postgresql)

    iso8601 = ("%Y-%m-%dT%H:%M:%SZ", 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    written: dict[str, Any] = {
        "organisation": OrganisationName.of_signature(),
        "handover": case((Signature.handover, "yes"), else_="no"),
        "updates": case((Signature.updates, "yes"), else_="no"),
        "signed_at": moment(Signature.signed_at, *iso8601),
        "confirmed_at": moment(Signature.confirmed_at, *iso8601),
        "confirmed_on": moment(Signature.confirmed_at, "%Y-%m-%d", "YYYY-MM-DD"),
    }
    agreed: tuple[Any, ...] = ()
    if profile == Profile.HANDOVER:
        agreed = (Signature.handover,)
        # People agree to hand over name and country: the rest only if the public page shows it.
        full = Signature.is_shown() & (Signature.display == Display.FULL)
        approved = Signature.is_shown() & (Signature.comment_state == CommentState.SHOWN)
        public = {"organisation": full, "role": full, "comment": approved}
        written |= {
            name: case((is_public, written.get(name, Signature.table().c[name])), else_="")
            for name, is_public in public.items()
        }
    table = Signature.table().c
    conditions = (_CONDITIONS[name] for name in sorted(filters))
    columns = (*COLUMNS[profile], *(["answers"] if with_answers else []))
    return CompiledStatement(
        select(*(written[name] if name in written else table[name] for name in columns))
        .where(*_NUMBERED, Signature.counted, Signature.number > bindparam("after"))
        .where(*agreed, *conditions)
        .order_by(Signature.number)
        .limit(ROWS_AT_ONCE)
    )
