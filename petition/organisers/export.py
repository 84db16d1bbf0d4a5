"""The confirmed signatures as a CSV file, read in pieces."""

import csv
import re
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
SEPARATORS = {"comma": ",", "semicolon": ";", ",": ",", ";": ";"}  # by name and by itself
ROWS_AT_ONCE = 1_000

# A cell begins where a text does, and after every separator and line break in it: a spreadsheet
# may split by another one than the file's, and then ignores the file's quotes. Blanks and quotes
# may precede what it takes for a formula (OWASP, ASVS 5.0 1.2.10, CWE-1236; full-width forms too).
_FORMULA = r"=+\-@\t\r\n\0＝＋－＠"
_CELL_BEGINS = r"^|[,;\t]|[\r\n](?![\r\n])"
_FORMULA_CELL = re.compile(
    rf'({_CELL_BEGINS})(?=[ \u00a0\u2000-\u200b\u202f\u3000\ufeff"]*[{_FORMULA}])'
)
_ends_cell = re.compile(r"[,;\t\r\n]").search


def defuse(text: str) -> str:
    """Put an apostrophe before each cell that a spreadsheet would calculate, for any separator."""
    if text[:1].isalnum() and not _ends_cell(text):
        return text  # most texts: the rest takes ten times as long
    return _FORMULA_CELL.sub(r"\1'", text)


def defuse_address(address: str) -> str:
    """Put an address that begins like a formula in angle brackets, as emails write it (RFC 5322).

    Mail merges read `<+7701@example.org>` as `+7701@example.org`. An address has no separator, and
    only its beginning can be one of a cell.
    """
    return f"<{address}>" if defuse(address) != address else address


def csv_lines(petition_id: int, separator: str = "comma") -> Iterator[bytes]:
    """Return the CSV of a petition's counted signatures in pieces of about a thousand rows.

    `separator` is a key of `SEPARATORS`: Excel splits at the semicolon where a comma is the
    decimal sign. UTF-8 with byte order mark, CRLF (RFC 4180), the columns of `COLUMNS`. The rows
    are those of the signatures confirmed before the first piece is read; one withdrawn since is
    left out. Memory does not grow with their number, and between two pieces no connection is held:
    a reader may take hours. The iterator may be read outside the application's context, as a WSGI
    server does.
    """
    return _csv_lines(db.engine, petition_id, SEPARATORS[separator])


def _csv_lines(engine: Engine, petition_id: int, separator: str) -> Iterator[bytes]:
    piece = StringIO()
    writer = csv.writer(piece, delimiter=separator, lineterminator="\r\n")
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
        content = piece.getvalue().encode()
        piece.seek(0)
        piece.truncate()
        rows = []  # a reader may take long, and there may be many
        yield content
    yield piece.getvalue().encode()


def _defuse_typed(rows: list[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """Yield rows with what people typed defused; the rest was chosen from lists or set by us."""
    for number, name, email, country, postcode, organisation, role, comment, *others in rows:
        address = email if email[:1].isalnum() else defuse_address(email)
        person = (number, defuse(name), address, country, postcode and defuse(postcode))
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
