"""Reading the audit trail: its entries, and whether its chain of hashes is whole."""

import re
from collections import deque
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from petition.audit import NO_HASH, hash_entry
from petition.database.base import db
from petition.models import AuditEntry, AuditHead, Organiser, Petition
from petition.models.enums import AuditAction

PAGE_SIZE = 100
MAX_FAULTS = 100  # then the rest of the trail is not read
_BATCH = 2_000  # rows in memory
_WINDOW = 1_000  # entries before an unexpected one, among which the one it follows is looked up

Entry = dict[str, Any]  # the columns of an entry; in lists also `email` and `slug`, or None

_entry = AuditEntry.table()


class FaultKind(StrEnum):
    """What is wrong with the entries `first` to `last` of the trail."""

    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    SWAPPED = "swapped"  # `first` and `last` alone
    REPLACED = "replaced"  # one entry, with a hash computed for its new content
    HEAD_MISSING = "head_missing"  # the record of the newest entry
    NOT_AS_KEPT = "not_as_kept"  # another than in the copy of the head


class Fault(NamedTuple):
    """A fault of the trail."""

    kind: FaultKind
    first: int
    last: int


class Head(NamedTuple):
    """An entry and its hash, which proves it and all before."""

    entry_id: int
    hash: str


_START = Head(0, NO_HASH)


@dataclass(slots=True)
class Verification:
    """What was found in so many entries, up to `head`, the last one read."""

    entries: int = 0
    head: Head = _START
    faults: list[Fault] = field(default_factory=list)


def list_entries(petition_id: int, *, before: int | None = None) -> list[Entry]:
    """Return up to a hundred entries of a petition, newest first: with ids below `before`."""
    older = () if before is None else (_entry.c.id < before,)
    query = _list(_entry.c.petition_id == petition_id, *older)
    rows = db.session.execute(query.order_by(_entry.c.id.desc()).limit(PAGE_SIZE))
    return [dict(row) for row in rows.mappings()]


def find_change(petition_id: int, what: str) -> Entry | None:
    """Return the newest entry of a change whose detail names `what`, or None."""
    actions = (
        *(AuditAction.PETITION_TEXT, AuditAction.PETITION_SETTINGS),
        *(AuditAction.PETITION_REPLACE, AuditAction.PETITION_VICTORY),
    )
    chosen = (_entry.c.petition_id == petition_id, _entry.c.action.in_(actions))
    named = _entry.c.detail.regexp_match(rf"(^|, ){re.escape(what)}( |,|$)")
    newest = _list(*chosen, named).order_by(_entry.c.id.desc()).limit(1)
    row = db.session.execute(newest).mappings().first()
    return dict(row) if row else None


def read_entries(petition_id: int | None = None) -> Generator[Entry]:
    """Yield the entries of a petition, or all, oldest first."""
    chosen = () if petition_id is None else (_entry.c.petition_id == petition_id,)
    yield from _stream(_list(*chosen).order_by(_entry.c.id))


def verify(kept: Head | None = None) -> Verification:
    """Read the whole trail, and compare it with a copy of its head, if one was kept.

    Whoever can write to the database may hash all entries from one on anew, or remove the last
    ones, and change the head likewise. Only a copy of the head shows that.
    """
    head = db.session.execute(select(AuditHead.entry_id, AuditHead.hash)).first()
    # One statement reads entries and head as of one moment, while others write.
    with_head = select(_entry, AuditHead.hash.label("head_hash")).outerjoin(
        AuditHead, AuditHead.entry_id == _entry.c.id
    )
    chain = _Chain()
    with closing(_stream(with_head.order_by(_entry.c.id))) as rows:
        for row in rows:
            chain.add(row, kept)
            if len(chain.found.faults) >= MAX_FAULTS:
                return chain.found
    chain.end(Head(*head) if head else None, None if kept == _START else kept)
    return chain.found


def _list(*conditions: Any) -> Select[Any]:
    """Return the query for entries, with the organiser's `email` and the petition's `slug`."""
    return (
        select(_entry, Organiser.email, Petition.slug)
        .outerjoin(Organiser, Organiser.id == _entry.c.organiser_id)
        .outerjoin(Petition, Petition.id == _entry.c.petition_id)
        .where(*conditions)
    )


def _stream(query: Select[Any]) -> Generator[Entry]:
    options = {"yield_per": _BATCH}
    with (
        db.engine.connect() as connection,
        connection.execute(query, execution_options=options) as result,
    ):
        yield from map(dict, result.mappings())


class _Chain:
    """The entries read so far."""

    def __init__(self) -> None:
        self.found = Verification()
        self._sound = deque([self.found.head], _WINDOW)  # entries with the hash of their content
        self._suspects: list[Entry] = []  # the others
        self._head: Head | None = None
        self._meets_kept = False

    def add(self, row: Entry, kept: Head | None) -> None:
        """Check an entry, and that it follows the one before."""
        entry, before = Head(row["id"], row["hash"]), self.found.head
        if hash_entry(row) == entry.hash:
            if row["previous_hash"] != before.hash:
                self._explain(row, before)
            self._sound.append(entry)
        else:
            self._suspect(row)
        if kept is not None and kept.entry_id == entry.entry_id:
            self._meets_kept = kept == entry
        if row["head_hash"] is not None:
            self._head = Head(entry.entry_id, row["head_hash"])
        self.found.head = entry
        self.found.entries += 1

    def end(self, stored: Head | None, kept: Head | None) -> None:
        """Compare the last entry with the head, stored in the database, and with a copy."""
        last = self.found.head
        if self._head is None:
            if stored is not None and stored.entry_id > last.entry_id:
                self._report(FaultKind.MISSING, last.entry_id + 1, stored.entry_id)
            elif stored is not None or self.found.entries:
                self._report(FaultKind.HEAD_MISSING, last.entry_id)
        elif self._head.entry_id < last.entry_id:
            self._report_added(self._head.entry_id + 1, last.entry_id)
        elif self._head.hash != last.hash and not self._is_suspect(last.entry_id):
            self._report(FaultKind.REPLACED, last.entry_id)
        if kept is not None and not self._meets_kept:
            if kept.entry_id <= last.entry_id:
                self._report(FaultKind.NOT_AS_KEPT, kept.entry_id)
            elif not stored or stored.entry_id < kept.entry_id:
                self._report(FaultKind.MISSING, last.entry_id + 1, kept.entry_id)

    def _explain(self, row: Entry, before: Head) -> None:
        """Report why a sound entry does not follow the one before."""
        for entry in reversed(self._sound):
            if entry.hash == row["previous_hash"]:
                self._report_added(min(entry.entry_id + 1, before.entry_id), before.entry_id)
                return
        if row["id"] > before.entry_id + 1:
            self._report(FaultKind.MISSING, before.entry_id + 1, row["id"] - 1)
        elif before.entry_id == 0:
            self._report(FaultKind.REPLACED, row["id"])
        elif not self._is_suspect(before.entry_id):
            self._report(FaultKind.REPLACED, before.entry_id)

    def _suspect(self, row: Entry) -> None:
        """Report an entry whose hash is not that of its content."""
        for other in self._suspects:
            if _are_swapped(row, other):
                self.found.faults.remove(Fault(FaultKind.CHANGED, other["id"], other["id"]))
                self._report(FaultKind.SWAPPED, other["id"], row["id"])
                self._suspects.append(row)
                return
        self._suspects.append(row)
        self._report(FaultKind.CHANGED, row["id"])

    def _is_suspect(self, entry_id: int) -> bool:
        return any(row["id"] == entry_id for row in self._suspects)

    def _report_added(self, first: int, last: int) -> None:
        """Report entries that nothing leads to, and no longer that they were changed."""
        self.found.faults = [
            fault
            for fault in self.found.faults
            if fault.kind != FaultKind.CHANGED or not first <= fault.first <= last
        ]
        self._report(FaultKind.ADDED, first, last)

    def _report(self, kind: FaultKind, first: int, last: int | None = None) -> None:
        self.found.faults.append(Fault(kind, first, first if last is None else last))


def _are_swapped(one: Entry, other: Entry) -> bool:
    """Return whether one entry has the content of the other, with or without its hashes."""
    hashes = {one["hash"], other["hash"]}
    return any(
        hash_entry({**one, "id": other["id"], "previous_hash": previous}) in hashes
        for previous in (one["previous_hash"], other["previous_hash"])
    )
