"""Read a backup and check everything in it: each checksum, each number of rows, each line."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from petition.core.errors import BackupInvalid
from petition.operations.backup import encryption, stream
from petition.operations.backup.tables import ROWS_AT_ONCE, StoredTable
from petition.operations.backup.writing import FORMAT


@dataclass(frozen=True, slots=True)
class Header:
    """When the snapshot was taken, of which migration, in which database."""

    at: datetime
    revision: str
    dialect: str


class Visitor:
    """What is done with a backup while it is read. Here nothing: then it is checked alone."""

    def start(self, header: Header) -> None:
        """Begin with a backup."""

    def rows(self, table: StoredTable, rows: list[list[Any]]) -> None:
        """Take some rows of a table."""

    def end_table(self, table: StoredTable, last_id: int | None) -> None:
        """Take the last id that a table has given."""

    def file_part(self, name: str, part: bytes) -> None:
        """Take some content of a file, after what came before."""


@dataclass(slots=True)
class Summary:
    """What a backup holds: its header, rows by table, bytes by file; SHA-256 by either."""

    header: Header
    rows: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)


def read(file: Path, visitor: Visitor | None = None, *, identities: Sequence[Any] = ()) -> Summary:
    """Read a backup to its end, pass its content to a visitor, and return what it holds.

    `identities` decrypt it. Raises: BackupInvalid at the first fault, maybe after all was visited.
    """
    try:
        with file.open("rb") as raw, _decrypted(raw, list(identities)) as content:
            return _Reading(visitor or Visitor()).run(stream.read_lines(content))
    except OSError as error:
        raise BackupInvalid(f"{file} cannot be read ({error.strerror or error})") from error


@contextmanager
def _decrypted(raw: BufferedReader, identities: list[Any]) -> Iterator[BinaryIO]:
    if not raw.peek(len(encryption.MAGIC)).startswith(encryption.MAGIC):
        yield raw
        return
    if not identities:
        raise BackupInvalid("it is encrypted: name the file of the secret key with --identity")
    with encryption.decrypting(raw, identities) as content:
        yield content


class _Reading:
    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._digest = hashlib.sha256()
        self._table: StoredTable | None = None
        self._last_id: int | None = None
        self._rows: list[list[Any]] = []
        self._file = ""
        self._summary: Summary

    def run(self, lines: Iterator[tuple[bytes, Any]]) -> Summary:
        """Read all lines. What is no backup but well-formed fails, too."""
        manifest: Any = None
        try:
            self._begin(next(lines, (b"", {}))[1])
            for line, value in lines:
                if manifest is not None:
                    raise BackupInvalid("a line follows the manifest")
                if isinstance(value, list):
                    self._take_row(line, value)
                elif isinstance(value, str):
                    self._take_part(base64.b64decode(value, validate=True))
                elif "manifest" in value:
                    self._end_one()
                    manifest = value["manifest"]
                else:
                    self._end_one()
                    self._begin_one(value)
            self._compare(manifest)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise BackupInvalid("a line is not what it should be") from None
        return self._summary

    def _begin(self, header: dict[str, Any]) -> None:
        if header.get("format") != FORMAT:
            raise BackupInvalid("this version of the site does not know its format")
        at = datetime.fromisoformat(header["at"])
        self._summary = Summary(Header(at, header["revision"], header["dialect"]))
        self._visitor.start(self._summary.header)

    def _begin_one(self, value: dict[str, Any]) -> None:
        self._digest = hashlib.sha256()
        if "table" in value:
            self._table = StoredTable(value["table"], value["columns"], value["key"])
            self._last_id = value["last_id"]
            self._summary.rows[self._table.name] = 0
        else:
            self._file = value["file"]
            self._summary.sizes[self._file] = 0
            self._visitor.file_part(self._file, b"")

    def _end_one(self) -> None:
        if self._table is not None:
            self._flush(self._table)
            self._visitor.end_table(self._table, self._last_id)
            self._summary.digests[self._table.name] = self._digest.hexdigest()
        elif self._file:
            self._summary.digests[self._file] = self._digest.hexdigest()
        self._table, self._file = None, ""

    def _take_row(self, line: bytes, row: list[Any]) -> None:
        if self._table is None or len(row) != len(self._table.columns):
            raise BackupInvalid("a row does not fit its table")
        self._digest.update(line)
        self._summary.rows[self._table.name] += 1
        self._rows.append(row)
        if len(self._rows) == ROWS_AT_ONCE:
            self._flush(self._table)

    def _flush(self, table: StoredTable) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._visitor.rows(table, rows)

    def _take_part(self, part: bytes) -> None:
        if not self._file:
            raise BackupInvalid("a part of a file has no name")
        self._digest.update(part)
        self._summary.sizes[self._file] += len(part)
        self._visitor.file_part(self._file, part)

    def _compare(self, manifest: Any) -> None:
        """Compare what was read with the manifest. Raises: BackupInvalid, naming the first."""
        if manifest is None:
            raise BackupInvalid("it has no manifest")
        found = self._summary
        for kind, counts, unit in (("tables", found.rows, "rows"), ("files", found.sizes, "bytes")):
            if manifest[kind].keys() != counts.keys():
                raise BackupInvalid(f"its {kind} are others than those of the manifest")
            for name, wanted in manifest[kind].items():
                if wanted != {unit: counts[name], "sha256": found.digests[name]}:
                    raise BackupInvalid(f"{name} is another than the manifest says")
