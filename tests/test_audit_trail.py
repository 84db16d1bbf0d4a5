"""The audit trail: one chain of hashes, whoever writes at once; what is tampered with is named."""

import hashlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from petition import audit
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AuditEntry, AuditHead
from petition.models.enums import AuditAction
from petition.organisers import audit_trail
from petition.organisers.audit_trail import Head
from petition.petitions import queries
from tests.browsing import invite
from tests.commands import refused, run
from tests.factories import TODAY, make_petition
from tests.waiting import wait_until

ROOT = Path(__file__).parent.parent
ENTRY = AuditEntry.table()

COPY = (
    "INSERT INTO audit_entry (id, at, action, detail{0})"
    " SELECT {1}, at, action, detail{0} FROM audit_entry WHERE id = 3"
)

# Writes entries until it is killed: each also in a group commit, on SQLite.
WRITER = """
import sys
from petition import create_app
from tests.databases import SECRET_KEY
from tests.test_audit_trail import write
uri, folder = sys.argv[1:]
settings = {"INSTANCE_PATH": folder, "SECRET_KEY": SECRET_KEY, "SQLALCHEMY_DATABASE_URI": uri}
with create_app(settings).app_context():
    while True:
        write(1)
"""


def write(number: int, petition_id: int | None = None) -> None:
    """Write so many entries, each in a transaction of its own."""
    for _ in range(number):
        with transaction() as connection:
            audit.record(connection, AuditAction.NAME_HIDE, now(), petition_id=petition_id)


def fill(number: int) -> None:
    """Write so many entries with different details, two seconds apart."""
    with transaction() as connection:
        for index in range(1, number + 1):
            at = TODAY + timedelta(seconds=2 * index)
            audit.record(connection, AuditAction.NAME_HIDE, at, detail=f"signature {index}")


def tamper(*statements: str) -> None:
    """Change the rows behind the site's back."""
    with transaction() as connection:
        for statement in statements:
            connection.execute(text(statement))


def faults(kept: Head | None = None) -> list[tuple[str, int, int]]:
    db.session.rollback()
    return [(str(kind), first, last) for kind, first, last in audit_trail.verify(kept).faults]


def hash_anew(entry_id: int, **changes: object) -> None:
    """Change an entry and compute its hash, as somebody would who has read the documentation."""
    with transaction() as connection:
        query = select(ENTRY).where(ENTRY.c.id == entry_id)
        values = {**connection.execute(query).mappings().one(), **changes}
        values["hash"] = audit.hash_entry(values)
        connection.execute(update(ENTRY).where(ENTRY.c.id == entry_id).values(values))


def test_an_entry_is_hashed_as_the_documentation_says(app: Flask) -> None:
    with transaction() as connection:
        petition_id, detail = 7, "en 2, ру 1"
        audit.record(
            connection, AuditAction.PETITION_REPLACE, TODAY, petition_id=petition_id, detail=detail
        )
    at = TODAY.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    encoded = (
        '{"action":"petition.replace","at":"' + at + '","detail":"en 2, ру 1","id":1,'
        '"petition_id":7,"previous_hash":"' + 64 * "0" + '"}'
    )
    digest = hashlib.sha256(encoded.encode()).hexdigest()
    assert db.session.scalars(select(ENTRY.c.hash)).all() == [digest]
    assert run(app, "audit", "verify").splitlines() == ["whole, entries: 1", f"head 1:{digest}"]
    documentation = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert '{"action":"petition.replace","at":"' in documentation


def test_an_empty_trail_is_whole(app: Flask) -> None:
    head = f"0:{64 * '0'}"
    assert run(app, "audit", "verify").splitlines() == ["whole, entries: 0", f"head {head}"]
    fill(1)
    assert run(app, "audit", "verify", "--head", head).startswith("whole, entries: 1")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["UPDATE audit_entry SET detail = 'x' WHERE id = 4"], [("changed", 4, 4)]),
        (["UPDATE audit_entry SET organiser_id = 1 WHERE id = 6"], [("changed", 6, 6)]),
        (["UPDATE audit_entry SET hash = 'x' WHERE id = 4"], [("changed", 4, 4)]),
        (["DELETE FROM audit_entry WHERE id = 1"], [("missing", 1, 1)]),
        (["DELETE FROM audit_entry WHERE id IN (3, 4)"], [("missing", 3, 4)]),
        (["DELETE FROM audit_entry WHERE id > 4"], [("missing", 5, 6)]),
        (["DELETE FROM audit_entry"], [("missing", 1, 6)]),
        (["DELETE FROM audit_head"], [("head_missing", 6, 6)]),
        (  # whole rows
            [
                "UPDATE audit_entry SET id = 99 WHERE id = 2",
                "UPDATE audit_entry SET id = 2 WHERE id = 5",
                "UPDATE audit_entry SET id = 5 WHERE id = 99",
            ],
            [("swapped", 2, 5)],
        ),
        (  # what two entries tell, in part
            [
                "UPDATE audit_entry SET detail = 'signature 4' WHERE id = 3",
                "UPDATE audit_entry SET detail = 'signature 3' WHERE id = 4",
            ],
            [("changed", 3, 3), ("changed", 4, 4)],
        ),
        (  # and whole
            [
                "UPDATE audit_entry SET detail = 'signature 1', at = '{one}' WHERE id = 4",
                "UPDATE audit_entry SET detail = 'signature 4', at = '{four}' WHERE id = 1",
            ],
            [("swapped", 1, 4)],
        ),
        ([COPY.format("", 7)], [("added", 7, 7)]),
        ([COPY.format(", previous_hash, hash", 0)], [("added", 0, 0)]),
    ],
)
def test_what_was_tampered_with_is_named(
    app: Flask, statements: list[str], expected: list[tuple[str, int, int]]
) -> None:
    fill(6)
    assert faults() == []
    times = {
        name: f"{TODAY + timedelta(seconds=2 * number):%Y-%m-%d %H:%M:%S.%f}"
        for name, number in (("one", 1), ("four", 4))
    }
    tamper(*(statement.format(**times) for statement in statements))
    assert faults() == expected
    assert "the audit trail is not whole" in refused(app, "audit", "verify")


def test_an_entry_with_a_new_hash_does_not_fit_the_next(app: Flask) -> None:
    fill(6)
    kept = audit_trail.verify().head
    hash_anew(4, detail="signature 9")
    assert faults() == [("replaced", 4, 4)]
    hash_anew(4, detail="signature 4")
    hash_anew(6, detail="signature 9")
    assert faults() == [("replaced", 6, 6)], "the head tells it"
    assert faults(kept) == [("replaced", 6, 6), ("not_as_kept", 6, 6)]


def test_only_a_copy_of_the_head_shows_that_the_last_entries_and_the_head_were_replaced(
    app: Flask,
) -> None:
    fill(6)
    kept = audit_trail.verify().head
    line = f"{kept.entry_id}:{kept.hash}"
    assert run(app, "audit", "verify", "--head", line).startswith("whole, entries: 6")
    fill(2)
    assert faults(kept) == [], "what was written since does not matter"
    four = db.session.scalar(select(ENTRY.c.hash).where(ENTRY.c.id == 4))
    tamper("DELETE FROM audit_entry WHERE id > 4")
    with transaction() as connection:
        connection.execute(update(AuditHead).values(entry_id=4, hash=four))
    assert faults() == [], "not provable"
    assert faults(kept) == [("missing", 5, 6)]
    fill(4)
    assert faults() == []
    assert faults(kept) == [("not_as_kept", 6, 6)]
    assert "not whole" in refused(app, "audit", "verify", "--head", line)
    assert "ID:HASH" in refused(app, "audit", "verify", "--head", "6", status=2)


def test_removed_last_entries_show_for_ever_once_another_is_written(app: Flask) -> None:
    fill(6)
    tamper("DELETE FROM audit_entry WHERE id > 4")
    fill(2)
    assert faults() == [("missing", 5, 6)]


def test_an_entry_rolled_back_leaves_no_gap(app: Flask) -> None:
    fill(2)

    def fail() -> None:
        with transaction() as connection:
            audit.record(connection, AuditAction.NAME_HIDE, now())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    fill(1)
    assert db.session.scalars(select(ENTRY.c.id).order_by(ENTRY.c.id)).all() == [1, 2, 3]
    assert faults() == []


def test_threads_and_processes_write_one_chain_and_one_killed_leaves_no_gap(
    app: Flask, database: str, tmp_path: Path
) -> None:
    def count() -> int:
        db.session.rollback()
        return db.session.scalar(select(func.count()).select_from(ENTRY)) or 0

    def write_in_thread(number: int) -> None:
        with app.app_context():
            write(number)

    command = [sys.executable, "-c", WRITER, database, str(tmp_path)]
    writers = [subprocess.Popen(command, cwd=ROOT) for _ in range(2)]
    try:
        wait_until(lambda: count() > 20, "the processes write", process=writers[0])
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(write_in_thread, [25] * 4))
        assert audit_trail.verify().faults == [], "while others write"
        os.kill(writers[0].pid, signal.SIGKILL)
        writers[0].wait()
        write(5)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    write(5)
    total = count()
    assert total > 130
    found = audit_trail.verify()
    assert found.faults == []
    assert found.entries == found.head.entry_id == total


def test_a_long_trail_is_read_in_parts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "_BATCH", 7)
    fill(40)
    tamper("UPDATE audit_entry SET detail = 'x' WHERE id IN (7, 8, 22)")
    assert faults() == [("changed", 7, 7), ("changed", 8, 8), ("changed", 22, 22)]
    tamper("UPDATE audit_entry SET detail = 'y'")
    monkeypatch.setattr(audit_trail, "MAX_FAULTS", 10)
    assert len(faults()) == 10


def test_the_command_lists_the_trail_in_plain_words(app: Flask) -> None:
    petition_id = queries.get_id(make_petition())
    editor = invite()
    with transaction() as connection:
        given: dict[str, Any] = {
            "organiser_id": editor,
            "petition_id": petition_id,
            "detail": "csv",
        }
        audit.record(connection, AuditAction.SIGNATURES_DOWNLOAD, TODAY, **given)
        audit.record(connection, AuditAction.PETITION_DELETE, TODAY, petition_id=9, detail="gone")
    rows = [line.split("\t") for line in run(app, "audit", "list").splitlines()]
    download, deletion = rows[-2:]
    assert download[1:] == [
        f"{TODAY:%Y-%m-%d %H:%M:%S} UTC",
        f"organiser {editor} organiser@example.org",
        "Downloaded the confirmed signatures (csv)",
        "free-them",
    ]
    assert deletion[2:] == ["command line", "Deleted the draft (gone)", "petition 9, deleted"]
    listed = run(app, "audit", "list", "--petition", "free-them")
    assert "Deleted the draft" not in listed
    assert "Downloaded the confirmed signatures" in listed
    assert "no such petition" in refused(app, "audit", "list", "--petition", "none")
