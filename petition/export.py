"""The confirmed signatures as a file: streamed from one snapshot, formulas defused at output, the
record untouched.
"""

import csv
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, String, case, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from petition.extensions import db
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
ROWS_AT_ONCE = 1_000

# What a spreadsheet takes for the start of a formula: OWASP, ASVS 5.0 1.2.10, CWE-1236, and the
# full-width forms.
_FORMULA = frozenset("=+-@\t\r\n\0＝＋－＠")


class iso8601(GenericFunction[str]):  # noqa: N801 (named as it reads in SQL)
    """A moment as `2016-05-25T09:00:00Z`, made by the database: five times as fast as row by row in
    Python.
    """

    type = String()
    inherit_cache = True


@compiles(iso8601, "sqlite")
def _iso8601_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%SZ', {compiler.process(element.clauses, **options)})"


@compiles(iso8601, "postgresql")
def _iso8601_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"""to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


def defuse(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate, also behind leading blanks."""
    return f"'{text}" if text.lstrip(" \u00a0")[:1] in _FORMULA and text else text


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
        rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(_rows(petition_id))
        for part in rows.partitions():
            writer.writerows(
                (
                    n,
                    defuse(name),
                    defuse(email),
                    land,
                    defuse(code),
                    defuse(body),
                    defuse(role),
                    defuse(said),
                    *rest,
                )
                for n, name, email, land, code, body, role, said, *rest in part
            )
            yield lines.take()
    yield lines.take()


class _Lines(list[str]):
    """What csv writes into: a list of lines, taken away as bytes."""

    write = list.append

    def take(self) -> bytes:
        text = "".join(self)
        self.clear()
        return text.encode()


def _rows(petition_id: int) -> Any:
    signature = Signature
    return (
        select(
            signature.number,
            signature.name,
            signature.email,
            signature.country,
            signature.postcode,
            signature.organisation,
            signature.role,
            signature.comment,
            signature.display,
            case((signature.handover, "yes"), else_="no"),
            case((signature.updates, "yes"), else_="no"),
            signature.language,
            signature.channel,
            signature.text_version,
            iso8601(signature.signed_at),
            iso8601(signature.confirmed_at),
        )
        .where(signature.petition_id == petition_id, signature.counted)
        .order_by(signature.number)
    )
