"""The confirmed signatures as a file, CSV, XLSX or JSON Lines, read in pieces.

docs/downloads.md describes both, and what is in them by profile.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from hashlib import sha256
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.organisers.handover import own_answers, queries, spreadsheet
from petition.organisers.handover.queries import COLUMNS, Filters, Profile

__all__ = ["COLUMNS", "SEPARATORS", "Export", "FileOptions", "Filters", "Format", "Profile"]


class Format(StrEnum):
    """How a file of signatures is written; also the end of its name."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"
    PDF = "pdf"  # the pack that is handed over: `web.organisers.handover.pack`


BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads the file as the local 8-bit code page
SEPARATORS = {"comma": ",", "semicolon": ";", ",": ",", ";": ";"}  # by name and by itself
_DAYS = ("signed_at", "confirmed_at", "confirmed_on")
_BY_US = {"number", "handover", "updates", "text_version", "confirmed_version", *_DAYS}

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

    Excel splits at the semicolon where a comma is the decimal sign. `filters` are for organisers'
    files alone: a list to hand over is whole.
    """

    format: Format = Format.CSV
    profile: Profile = Profile.ORGANISER
    separator: str = "comma"
    filters: Filters = Filters()
    language: str = ""  # of a PDF; empty: the petition's own


class Export:
    """A file of a petition's counted signatures, to be iterated over once, in pieces.

    Each piece has about a thousand rows of those confirmed before the first is read, without the
    ones withdrawn since. Memory does not grow with their number, and between two pieces no
    connection is held: a reader may take hours. It may be read outside the application's context,
    as a WSGI server does. `rows`, `progress` (0 to 1) and `sha256` are of what has been read.

    `tell_withheld` puts into words how many people are not in a hand-over file. A spreadsheet is
    written in `folder` first, and its pieces are empty until then. `on_rows` gets what is read.
    """

    def __init__(
        self,
        petition_id: int,
        options: FileOptions,
        tell_withheld: Callable[[int], str],
        folder: Path,
        on_rows: Callable[[list[Sequence[Any]]], None] = lambda _rows: None,
    ) -> None:
        self._on_rows = on_rows
        self._engine, self._petition_id, self._options = db.engine, petition_id, options
        self._tell_withheld, self._folder = tell_withheld, folder
        for_us = options.profile == Profile.ORGANISER
        self._questions = own_answers.get_questions(petition_id) if for_us else []
        columns = COLUMNS[options.profile]
        self._columns = (*columns, *own_answers.headings(self._questions, columns))
        self._hash = sha256()
        self._last = 0  # the number of the last signature in the file
        self.rows = 0
        self.progress = 0.0

    @property
    def sha256(self) -> str:
        """The hash of what has been read, in hexadecimal."""
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        match self._options.format:
            case Format.CSV:
                pieces = self._csv_pieces()
            case Format.JSONL:
                pieces = self._json_pieces()
            case Format.XLSX:
                batches = chain(map(self._defuse, self._batches()), self._end_batches())
                pieces = spreadsheet.write(self._headings(), batches, self._folder)
            case Format.PDF:
                raise ValueError(self._options.format)
        for piece in pieces:
            self._hash.update(piece)
            yield piece

    def _batches(self) -> Iterator[list[Sequence[Any]]]:
        """Yield the rows, a thousand at once."""
        profile, filters = self._options.profile, self._options.filters.values()
        statement = queries.rows(
            self._engine.dialect.name,
            profile,
            frozenset(filters),
            with_answers=bool(self._questions),
        )
        self._last, after = self._query(queries.LAST_NUMBER)[0][0] or 0, 0
        while after < self._last:
            rows = self._query(statement, after=after, last=self._last, **filters)
            if not rows:
                break
            after = rows[-1][0]
            self.rows += len(rows)
            self.progress = after / self._last
            self._on_rows(rows)
            yield own_answers.split(rows, self._questions)
            rows = []  # a reader may take long, and there may be many

    def _csv_pieces(self) -> Iterator[bytes]:
        unsent = f"{BYTE_ORDER_MARK}{self._csv([self._headings()])}"
        for rows in self._batches():
            lines = self._csv(self._defuse(rows))
            content, unsent, lines = f"{unsent}{lines}".encode(), "", ""
            yield content
        end = "".join(map(self._csv, self._end_batches()))
        yield f"{unsent}{end}".encode()

    def _json_pieces(self) -> Iterator[bytes]:
        for rows in self._batches():
            yield _json_lines(self._columns, rows).encode()
        if self._options.profile == Profile.HANDOVER:
            yield f"{_encode({'withheld': self.count_withheld()})}\n".encode()

    def sealed(self) -> dict[str, Any]:
        """Return nothing: only packs are kept."""
        return {}

    def count_withheld(self) -> int:
        """Return how many people are not in a hand-over file that has been read."""
        confirmed: int = self._query(queries.COUNT, last=self._last)[0][0]
        return max(0, confirmed - self.rows)

    def _end_batches(self) -> Iterator[list[list[str]]]:
        """Yield the end of a hand-over file, if any: how many people are not in it."""
        if self._options.profile == Profile.HANDOVER and (withheld := self.count_withheld()):
            others = [""] * (len(self._columns) - 2)
            yield [["", self._tell_withheld(withheld), *others]]

    def _headings(self) -> list[str]:
        """Return the header of a table: a spreadsheet would calculate a question, too."""
        return list(map(defuse, self._columns))

    def _defuse(self, rows: list[Sequence[Any]]) -> Iterator[list[Any]]:
        return _defuse(self._columns, rows)

    def _csv(self, rows: Iterable[Iterable[Any]]) -> str:
        return csv_lines(rows, self._options.separator)

    def _query(self, statement: CompiledStatement, **values: Any) -> list[Sequence[Any]]:
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
