"""Journals of erasures: files beside the backups and in the instance folder, by ids alone.

A restore applies what was erased after its backup. The database that knew of it may be lost.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import select

from petition.core.errors import BackupInvalid
from petition.database.base import db
from petition.models import Erasure
from petition.models.enums import ErasureKind

FILE = "erasures.jsonl"
TAIL_BYTES = 2**20
# On PostgreSQL a transaction may commit after another one that took higher ids.
OVERLAP = 5_000

_erasure = Erasure.table()


@dataclass(frozen=True, slots=True)
class Erased:
    """One line of a journal: what was erased, and when."""

    id: int
    at: datetime
    kind: ErasureKind
    subject_id: int
    entry: int | None


def append_new(files: Iterable[Path]) -> int:
    """Append the erasures that each file lacks, onto the disk; return how many lines were added.

    Killed in the middle it leaves half a line, which the next call replaces. Raises: OSError.
    """
    return sum(_append_new(file) for file in files)


def _append_new(file: Path) -> int:
    with file.open("a+b") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)  # until it is closed
        known = _read_tail(journal)
        since = max(known, default=0) - OVERLAP
        query = select(_erasure).where(_erasure.c.id > since).order_by(_erasure.c.id)
        added = 0
        with db.engine.connect() as connection:
            for row in connection.execute(query, execution_options={"yield_per": 1_000}):
                if row.id not in known:
                    journal.write(_encode(row))
                    added += 1
        journal.flush()
        if added:
            os.fsync(journal.fileno())
    return added


def _encode(row: Any) -> bytes:
    values = {"id": row.id, "kind": row.kind, "subject": row.subject_id, "entry": row.entry}
    return json.dumps(values | {"at": row.at.isoformat()}).encode() + b"\n"


def _read_tail(journal: BinaryIO) -> set[int]:
    """Return the ids of the last lines, after cutting off a line that is not whole."""
    size = journal.seek(0, os.SEEK_END)
    journal.seek(max(0, size - TAIL_BYTES))
    tail = journal.read()
    whole = tail[: tail.rfind(b"\n") + 1]
    if len(whole) < len(tail):
        journal.truncate(size - len(tail) + len(whole))
    lines = whole.splitlines()[1 if size > TAIL_BYTES else 0 :]
    return {json.loads(line)["id"] for line in lines}


def read(files: Iterable[Path], *, since: datetime) -> list[Erased]:
    """Return what was erased since a time, by any of the files, in the order of time.

    Raises: BackupInvalid for a file that cannot be read. A last line that is not whole is ignored.
    """
    erased = {one for file in files for one in _read(file) if one.at >= since}
    return sorted(erased, key=lambda one: (one.at, one.id))


def _read(file: Path) -> Iterator[Erased]:
    try:
        with file.open("rb") as journal:
            for line in journal:
                if not line.endswith(b"\n"):
                    return
                values = json.loads(line)
                yield Erased(
                    int(values["id"]),
                    datetime.fromisoformat(values["at"]),
                    ErasureKind(values["kind"]),
                    int(values["subject"]),
                    values["entry"],
                )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupInvalid(f"the journal {file} cannot be read") from error
