"""The confirmed signatures as a file: streamed from one snapshot, formulas defused at output, the
record untouched.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Engine, String, bindparam, case, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from petition.extensions import db
from petition.models import Signature
from petition.prepared import Prepared

COLUMNS = [
    "number",
    "name",
    "email",
    "country",
    "postcode",
    "organisation",
    "role",
    "comment",
    "display",
    "handover",
    "updates",
    "language",
    "channel",
    "text_version",
    "signed_at",
    "confirmed_at",
]
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads the file as the local 8-bit code page
ROWS_AT_ONCE = 1_000

# What a spreadsheet takes for the start of a formula: OWASP, ASVS 5.0 1.2.10, CWE-1236, and the
# full-width forms.
_FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")


class iso8601(GenericFunction[str]):  # noqa: N801 (named as it reads in SQL)
    """A moment as `2016-05-25T09:00:00Z`, made by the database as the file wants it."""

    type = String()
    inherit_cache = True


@compiles(iso8601, "sqlite")
def _iso8601_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"replace(substr({moment}, 1, 19), ' ', 'T') || 'Z'"


@compiles(iso8601, "postgresql")
def _iso8601_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"""to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def defuse(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate, also behind leading blanks."""
    if not text or text[0].isalnum():
        return text
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in _FORMULA else text


def csv_lines(petition_id: int) -> Iterator[bytes]:
    """Return the organisers' CSV of a petition's counted signatures in pieces of about a thousand
    rows.

    UTF-8 with byte order mark, CRLF (RFC 4180), the columns of `COLUMNS`. All rows come from one
    snapshot; memory does not grow with their number. The caller must exhaust or close the iterator:
    it holds a connection. It may do so outside the application's context, as a WSGI server does.
    """
    return _csv_lines(db.engine, petition_id)


def _csv_lines(engine: Engine, petition_id: int) -> Iterator[bytes]:
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    lines.append(BYTE_ORDER_MARK)
    writer.writerow(COLUMNS)
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        for part in _ROWS.stream(connection, {"petition": petition_id}, at_once=ROWS_AT_ONCE):
            writer.writerows(_defused(part))
            yield lines.take()
    yield lines.take()


class _Lines(list[str]):
    """What csv writes into: a list of lines, taken away as bytes."""

    write = list.append

    def take(self) -> bytes:
        text = "".join(self)
        self.clear()
        return text.encode()


def _defused(part: list[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return rows with every text that somebody typed made harmless; most are empty or short."""
    return [
        (
            number,
            defuse(name),
            defuse(email),
            country,
            postcode and defuse(postcode),
            body and defuse(body),
            role and defuse(role),
            said and defuse(said),
            *chosen,
        )
        for number, name, email, country, postcode, body, role, said, *chosen in part
    ]


# Every column leaves the database as the file wants it.
_ROWS = Prepared(
    select(
        Signature.number,
        Signature.name,
        Signature.email,
        Signature.country,
        Signature.postcode,
        Signature.organisation,
        Signature.role,
        Signature.comment,
        Signature.display,
        case((Signature.handover, "yes"), else_="no"),
        case((Signature.updates, "yes"), else_="no"),
        Signature.language,
        Signature.channel,
        Signature.text_version,
        iso8601(Signature.signed_at),
        iso8601(Signature.confirmed_at),
    )
    .where(
        Signature.petition_id == bindparam("petition"),
        Signature.counted,
        Signature.number.is_not(
            None
        ),  # follows from it, and names the index that has them in order
    )
    .order_by(Signature.number)
)
