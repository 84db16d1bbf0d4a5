"""The confirmed signatures as a CSV file, read in pieces."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

from sqlalchemy import Engine, bindparam, case, func, select

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.models import Signature

_ENTRY = ("name", "email", "country", "postcode", "organisation", "role", "comment")
_CHOICES = ("display", "handover", "updates")
_CONTEXT = ("language", "channel", "text_version")
COLUMNS = ("number", *_ENTRY, *_CHOICES, *_CONTEXT, "signed_at", "confirmed_at")
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads the file as the local 8-bit code page
ROWS_AT_ONCE = 1_000

# What a spreadsheet takes for the start of a formula: OWASP, ASVS 5.0 1.2.10, CWE-1236, and the
# full-width forms.
_FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")


def defuse(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate, also behind leading blanks."""
    if not text or text[0].isalnum():
        return text
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in _FORMULA else text


def csv_lines(petition_id: int) -> Iterator[bytes]:
    """Return the CSV of a petition's counted signatures in pieces of about a thousand rows.

    UTF-8 with byte order mark, CRLF (RFC 4180), the columns of `COLUMNS`. The rows are those of
    the signatures confirmed before the first piece is read; one withdrawn since is left out. Memory
    does not grow with their number, and between two pieces no connection is held: a reader may
    take hours. The iterator may be read outside the application's context, as a WSGI server does.
    """
    return _csv_lines(db.engine, petition_id)


def _csv_lines(engine: Engine, petition_id: int) -> Iterator[bytes]:
    piece = StringIO()
    writer = csv.writer(piece, lineterminator="\r\n")
    piece.write(BYTE_ORDER_MARK)
    writer.writerow(COLUMNS)
    with engine.connect() as connection:
        last = connection.scalar(_LAST_NUMBER, {"petition": petition_id})
    after = 0
    while after < (last or 0):
        values = {"petition": petition_id, "after": after, "last": last}
        with engine.connect() as connection:
            rows = _ROWS[connection.dialect.name].all(connection, values)
        if not rows:
            break
        after = rows[-1][0]
        writer.writerows(_defuse_typed(rows))
        yield piece.getvalue().encode()
        piece.seek(0)
        piece.truncate()
    yield piece.getvalue().encode()


def _defuse_typed(rows: list[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows with what people typed defused; the rest was chosen from lists or set by us."""
    for number, name, email, country, postcode, organisation, role, comment, *others in rows:
        person = (number, defuse(name), defuse(email), country, postcode and defuse(postcode))
        work = (organisation and defuse(organisation), role and defuse(role))
        yield (*person, *work, comment and defuse(comment), *others)


def _rows(dialect: str) -> CompiledStatement:
    """Return the query for `COLUMNS`, written as in the file: Python would take twice as long."""

    def iso8601(moment: Any) -> Any:
        if dialect == "sqlite":
            return func.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
        return func.to_char(func.timezone("UTC", moment), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')

    written = {
        "handover": case((Signature.handover, "yes"), else_="no"),
        "updates": case((Signature.updates, "yes"), else_="no"),
        "signed_at": iso8601(Signature.signed_at),
        "confirmed_at": iso8601(Signature.confirmed_at),
    }
    return CompiledStatement(
        select(*(written.get(name, Signature.table().c[name]) for name in COLUMNS))
        .where(
            Signature.petition_id == bindparam("petition"),
            Signature.counted,
            Signature.number > bindparam("after"),
            Signature.number <= bindparam("last"),
        )
        .order_by(Signature.number)
        .limit(ROWS_AT_ONCE)
    )


_LAST_NUMBER = select(func.max(Signature.number)).where(
    Signature.petition_id == bindparam("petition")
)
_ROWS = {dialect: _rows(dialect) for dialect in ("sqlite", "postgresql")}
