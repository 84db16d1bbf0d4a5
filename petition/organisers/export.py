"""The confirmed signatures as a file, CSV or JSON Lines, read in pieces.

docs/downloads.md describes both, and what is in them by profile.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from hashlib import sha256
from io import StringIO
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, select

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.models import Signature
from petition.models.enums import CommentState, Display


class Format(StrEnum):
    """How a file of signatures is written; also the end of its name."""

    CSV = "csv"
    JSONL = "jsonl"


class Profile(StrEnum):
    """Whom a file is for: the organisers, or the target, which gets names whose owners agreed."""

    ORGANISER = "organiser"
    HANDOVER = "handover"


_ENTRY = ("name", "email", "country", "postcode", "organisation", "role", "comment")
_CHOICES = ("display", "handover", "updates")
_CONTEXT = ("language", "channel", "text_version")
_FOR_TARGET = ("number", "name", "country", "organisation", "role", "comment", "confirmed_on")
COLUMNS = {
    Profile.ORGANISER: ("number", *_ENTRY, *_CHOICES, *_CONTEXT, "signed_at", "confirmed_at"),
    Profile.HANDOVER: _FOR_TARGET,
}
BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads the file as the local 8-bit code page
SEPARATORS = {"comma": ",", "semicolon": ";", ",": ",", ";": ";"}  # by name and by itself
ROWS_AT_ONCE = 1_000
_DAYS = ("signed_at", "confirmed_at", "confirmed_on")
_BY_US = {"number", "handover", "updates", "text_version", *_DAYS}

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


def csv_lines(rows: Iterable[Iterable[Any]], separator: str) -> str:
    """Return lines as RFC 4180 has them, with CRLF. `separator` is a key of `SEPARATORS`."""
    lines = StringIO()
    csv.writer(lines, delimiter=SEPARATORS[separator], lineterminator="\r\n").writerows(rows)
    return lines.getvalue()


class FileOptions(NamedTuple):
    """What file is asked for. `separator`, a key of `SEPARATORS`, is for CSV alone.

    Excel splits at the semicolon where a comma is the decimal sign.
    """

    format: Format = Format.CSV
    profile: Profile = Profile.ORGANISER
    separator: str = "comma"


class Export:
    """A file of a petition's counted signatures, to be iterated over once, in pieces.

    Each piece has about a thousand rows of those confirmed before the first is read, without the
    ones withdrawn since. Memory does not grow with their number, and between two pieces no
    connection is held: a reader may take hours. It may be read outside the application's context,
    as a WSGI server does. `rows` and `sha256` are of what has been read.

    `tell_withheld` puts into words how many people are not in a hand-over file.
    """

    def __init__(
        self, petition_id: int, options: FileOptions, tell_withheld: Callable[[int], str]
    ) -> None:
        self._engine, self._petition_id, self._options = db.engine, petition_id, options
        self._tell_withheld = tell_withheld
        self._hash = sha256()
        self.rows = 0

    @property
    def sha256(self) -> str:
        """The hash of what has been read, in hexadecimal."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        is_csv, profile = self._options.format == Format.CSV, self._options.profile
        columns = COLUMNS[profile]
        unsent = f"{BYTE_ORDER_MARK}{self._csv([columns])}" if is_csv else ""
        statement = _ROWS[self._engine.dialect.name, profile]
        last, after = self._query(_LAST_NUMBER)[0][0] or 0, 0
        while after < last:
            rows = self._query(statement, after=after, last=last)
            if not rows:
                break
            after = rows[-1][0]
            self.rows += len(rows)
            lines = self._csv(_defuse(columns, rows)) if is_csv else _json_lines(columns, rows)
            content = f"{unsent}{lines}".encode()
            unsent, lines, rows = "", "", []  # a reader may take long, and there may be many
            self._hash.update(content)
            yield content
        content = f"{unsent}{self._end(last)}".encode()
        self._hash.update(content)
        yield content

    def _end(self, last: int) -> str:
        """Return the end of a hand-over file: how many people are not in it."""
        if self._options.profile != Profile.HANDOVER:
            return ""
        withheld = max(0, self._query(_COUNT, last=last)[0][0] - self.rows)
        if self._options.format == Format.JSONL:
            return f"{_encode({'withheld': withheld})}\n"
        others = [""] * (len(COLUMNS[Profile.HANDOVER]) - 2)
        return self._csv([["", self._tell_withheld(withheld), *others]]) if withheld else ""

    def _csv(self, rows: Iterable[Iterable[Any]]) -> str:
        return csv_lines(rows, self._options.separator)

    def _query(self, statement: CompiledStatement, **values: int) -> list[Sequence[Any]]:
        with self._engine.connect() as connection:
            return statement.all(connection, values | {"petition": self._petition_id})


def _defuse(columns: Sequence[str], rows: list[Sequence[Any]]) -> Iterator[list[Any]]:
    """Yield rows with their texts defused, also what was chosen from lists; the rest is by us."""
    defusers = [
        (index, defuse_address if name == "email" else defuse)
        for index, name in enumerate(columns)
        if name not in _BY_US
    ]
    for row in rows:
        cells = list(row)
        for index, defuser in defusers:
            text = cells[index]
            if text and not text.isalnum():  # most texts: a call takes longer
                cells[index] = defuser(text)
        yield cells


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _json_lines(columns: Sequence[str], rows: list[Sequence[Any]]) -> str:
    """Return each row as an object by column, with true and false for the choices."""
    objects = [dict(zip(columns, row, strict=True)) for row in rows]
    for one in objects:
        one |= {name: one[name] == "yes" for name in ("handover", "updates") if name in one}
    return "".join(f"{_encode(one)}\n" for one in objects)


_NUMBERED = (Signature.petition_id == bindparam("petition"), Signature.number <= bindparam("last"))


def _rows(dialect: str, profile: Profile) -> CompiledStatement:
    """Return the query for the columns, written as in the file: Python would take twice as long."""

    def moment(column: Any, of_sqlite: str, of_postgresql: str) -> Any:
        if dialect == "sqlite":
            return func.strftime(of_sqlite, column)
        return func.to_char(func.timezone("UTC", column), of_postgresql)

    iso8601 = ("%Y-%m-%dT%H:%M:%SZ", 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    written = {
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
            name: case((is_public, Signature.table().c[name]), else_="")
            for name, is_public in public.items()
        }
    table = Signature.table().c
    return CompiledStatement(
        select(*(written[name] if name in written else table[name] for name in COLUMNS[profile]))
        .where(*_NUMBERED, Signature.counted, Signature.number > bindparam("after"), *agreed)
        .order_by(Signature.number)
        .limit(ROWS_AT_ONCE)
    )


_LAST_NUMBER = CompiledStatement(
    select(func.max(Signature.number)).where(Signature.petition_id == bindparam("petition"))
)
_COUNT = CompiledStatement(select(func.count()).where(*_NUMBERED))  # from the index alone
_ROWS = {
    (dialect, profile): _rows(dialect, profile)
    for dialect in ("sqlite", "postgresql")
    for profile in Profile
}
