"""The confirmed signatures as a file: streamed from one snapshot, formulas defused at output, the
record untouched.
"""

import csv
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

from sqlalchemy import (
    Engine,
    SQLColumnExpression,
    String,
    bindparam,
    case,
    cast,
    literal,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.models import Signature

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
LINE_END = "\r\n"  # RFC 4180
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
    lines = [BYTE_ORDER_MARK + ",".join(COLUMNS) + LINE_END]
    beginnings = _Beginnings()
    writer = csv.writer(beginnings, lineterminator=LINE_END)
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        for rows in _ROWS.stream(connection, {"petition": petition_id}, at_once=ROWS_AT_ONCE):
            writer.writerows(_typed(rows))
            lines += [
                beginning.removesuffix(LINE_END) + row[-1]
                for beginning, row in zip(beginnings, rows, strict=True)
            ]
            beginnings.clear()
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


class _Beginnings(list[str]):
    """What csv writes into: the first half of each line."""

    write = list.append


def _typed(rows: list[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return what people typed, made harmless; most of it is empty or short."""
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
        )
        for number, name, email, country, postcode, body, role, said, _ in rows
    ]


def _chosen(*columns: SQLColumnExpression[Any]) -> SQLColumnExpression[str]:
    """Write columns as the second half of a line, in the database: a sixth of the file's time.

    They hold what was chosen from a list or set by the site, so nothing in them is a formula or
    wants quoting.
    """
    parts: list[SQLColumnExpression[Any]] = [
        part for column in columns for part in (literal(","), column)
    ]
    return reduce(lambda line, part: line.concat(part), [*parts, literal(LINE_END)])


# Every column leaves the database as the file wants it.
_ROWS = CompiledStatement(
    select(
        Signature.number,
        Signature.name,
        Signature.email,
        Signature.country,
        Signature.postcode,
        Signature.organisation,
        Signature.role,
        Signature.comment,
        _chosen(
            Signature.display,
            case((Signature.handover, "yes"), else_="no"),
            case((Signature.updates, "yes"), else_="no"),
            Signature.language,
            Signature.channel,
            cast(Signature.text_version, String),
            iso8601(Signature.signed_at),
            iso8601(Signature.confirmed_at),
        ),
    )
    .where(
        Signature.petition_id == bindparam("petition"),
        Signature.counted,
        # Follows from it, and names the index that has them in order.
        Signature.number.is_not(None),
    )
    .order_by(Signature.number)
)
