"""Who was erased after a backup does not come back with it, whichever way they went."""

import ast
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition.abuse import bursts
from petition.abuse.rate_limits import FormSender
from petition.core import config
from petition.core.errors import BackupInvalid
from petition.database.base import db
from petition.database.transactions import snapshot, transaction
from petition.models import Email, PaperSheet, Signature
from petition.models.enums import BurstState, PetitionState, Role
from petition.operations import retention
from petition.operations.backup import journal, restoring, tables, writing
from petition.organisers import access, burst_review, paper, people
from petition.petitions import lifecycle
from petition.signatures import disowning, self_service, verification
from tests.backups import other_site
from tests.databases import KINDS
from tests.factories import FLOOD, TODAY, MakeApp, make_petition, parse_address, tasks_of
from tests.signatures import ENTRY, confirm, counted, recounted_sums, sign, stored_sums

NAME, LOCAL = "Ulbolsyn Ospanova", "ulbolsyn.ospanova"
ADDRESS = f"{LOCAL}@example.org"
SENDER = FormSender()
Door = Callable[[], Callable[[], object]]  # prepares a person's data, and returns what erases it
LATER = TODAY + timedelta(hours=2)


@pytest.fixture(params=KINDS)
def elsewhere(request: pytest.FixtureRequest, make_app: MakeApp, tmp_path: Path) -> Iterator[Flask]:
    """Return a site without tables, on each database."""
    source = request.getfixturevalue(f"{request.param}_source")
    with other_site(make_app, source, tmp_path / "elsewhere") as site:
        yield site


def sign_as_her(**values: object) -> int:
    entry = replace(ENTRY, name=NAME, organisation=f"{NAME} and sons", comment=f"I am {NAME}")
    return sign(ADDRESS, entry=replace(entry, **values))  # type: ignore[arg-type]


def signed_and_withdrew() -> Callable[[], object]:
    sign_as_her()
    confirm(1)
    return lambda: self_service.withdraw(1, now=LATER)


def disowned() -> Callable[[], object]:
    email_id = sign_as_her()
    return lambda: disowning.disown(email_id, never_again=True, now=LATER)


def disowned_one_of_two() -> Callable[[], object]:
    sign(ADDRESS)
    email_id = sign_as_her()
    confirm(1)
    with transaction() as connection:  # the address stays, with the name of the first entry
        connection.execute(update(Signature).values(email="x@example.org", address_key="x"))
        connection.execute(update(Signature).values(mailbox_key="x"))
    return lambda: disowning.disown(email_id, never_again=False, now=LATER)


def typed_a_wrong_address() -> Callable[[], object]:
    email_id = sign_as_her()
    right = parse_address("right@example.org")
    return lambda: verification.correct_address(email_id, right, sender=SENDER, now=LATER)


def was_in_a_burst() -> Callable[[], object]:
    sign_as_her()
    with transaction() as connection:
        burst_id = bursts.record(connection, 1, FLOOD, now=TODAY)
        connection.execute(update(Email).values(state="held", burst_id=burst_id))
    decided = BurstState.DISCARDED
    return lambda: burst_review.decide_burst(1, burst_id or 0, decided, organiser_id=1, now=LATER)


def never_confirmed() -> Callable[[], object]:
    sign_as_her()
    return lambda: _retention(days=15)


def had_another_entry() -> Callable[[], object]:
    sign(ADDRESS)
    sign_as_her()
    confirm(1)
    with transaction() as connection:  # the entry that was confirmed stays, as somebody else's
        connection.execute(update(Signature).values(email="x@example.org", address_key="x"))
        connection.execute(update(Signature).values(mailbox_key="x"))
    return lambda: _retention(days=15)


def was_anonymised() -> Callable[[], object]:
    sign_as_her()
    confirm(1)
    lifecycle.change_state("free-them", PetitionState.CLOSED, now=TODAY)
    return lambda: _retention(days=181)


def confirmed_later_and_was_anonymised() -> Callable[[], object]:
    sign_as_her()

    def go_on() -> None:
        confirm(1)
        lifecycle.change_state("free-them", PetitionState.CLOSED, now=TODAY)
        _retention(days=181)

    return go_on


def left_as_organiser() -> Callable[[], object]:
    person_id = _invite(Role.EDITOR)
    return lambda: people.remove(person_id, petition_id=1, by=None, now=LATER)


def handed_on() -> Callable[[], object]:
    person_id = _invite(Role.ADMIN)
    other = access.invite(
        parse_address("b@example.org"), role=Role.EDITOR, slug="free-them", language="en", now=TODAY
    )
    return lambda: people.hand_on(other, petition_id=1, by=person_id, then=None, now=LATER)


def deleted_a_draft() -> Callable[[], object]:
    make_petition("draft", state="draft")
    _invite(Role.EDITOR, "draft")
    return lambda: lifecycle.delete_draft("draft", now=LATER)


def deleted_a_scan() -> Callable[[], object]:
    form = paper.SheetForm("1", 20, None, NAME.encode())
    sheet_id = paper.add(1, form, organiser_id=1, now=TODAY)
    return lambda: paper.delete_scan(1, sheet_id, organiser_id=1, now=LATER)


def kept_a_scan_too_long() -> Callable[[], object]:
    paper.add(1, paper.SheetForm("1", 20, None, NAME.encode()), organiser_id=1, now=TODAY)
    lifecycle.change_state("free-them", PetitionState.CLOSED, now=TODAY)
    return lambda: paper.erase_scans(anonymise_days=180, now=TODAY + timedelta(days=181))


def _invite(role: Role, slug: str = "free-them") -> int:
    address = parse_address(ADDRESS)
    return access.invite(address, role=role, slug=slug, language="en", now=TODAY)


def _retention(days: int) -> None:
    retention.run(purge_days=14, anonymise_days=180, now=TODAY + timedelta(days=days))


DOORS: tuple[Door, ...] = (
    signed_and_withdrew,
    disowned,
    disowned_one_of_two,
    typed_a_wrong_address,
    was_in_a_burst,
    never_confirmed,
    had_another_entry,
    was_anonymised,
    confirmed_later_and_was_anonymised,
    left_as_organiser,
    handed_on,
    deleted_a_draft,
    deleted_a_scan,
    kept_a_scan_too_long,
)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_who_was_erased_after_the_backup_is_in_no_file(
    app: Flask, petition: str, tmp_path: Path, elsewhere: Flask, door: Door
) -> None:
    leave = door()
    folder = tmp_path / "backups"
    folder.mkdir()
    writing.write(folder / "x", writing.Source(tmp_path), now=TODAY)
    leave()
    assert journal.append_new([folder / journal.FILE]) > 0
    assert LOCAL not in (folder / journal.FILE).read_text()
    with elsewhere.app_context():
        restored = restoring.restore(
            folder / "x",
            Path(elsewhere.instance_path),
            journals=[folder / journal.FILE],
            anonymise_days=180,
            now=LATER,
        )
        assert restored.erased > 0
        found = everything(elsewhere)
        assert NAME.encode() not in found
        assert LOCAL.encode() not in found
        counted()
        assert stored_sums() == recounted_sums()


def everything(app: Flask) -> bytes:
    """Return the content of all files of the instance, and of all tables."""
    db.session.remove()
    content = [path.read_bytes() for path in Path(app.instance_path).rglob("*") if path.is_file()]
    with snapshot() as connection:
        for stored in tables.read_tables(connection):
            content += tables.encode_rows(connection, stored)
        scans = [scan for scan in connection.scalars(select(PaperSheet.scan)) if scan]
    return b"\n".join(content + scans)


def test_every_function_that_erases_a_person_records_it() -> None:
    """Whoever deletes from a table of persons, or overwrites what is personal, calls `erasures`."""
    persons = {
        "Signature",
        "AlternateEntry",
        "Organiser",
        "_signature",
        "_alternate",
        "_organiser",
        "_sheet",
    }
    silent = []
    for path in config.PACKAGE.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                erases = any(
                    ast.unparse(call.func) == "delete"
                    and ast.unparse(call.args[0]).partition(".")[0] in persons
                    for call in calls
                    if call.args
                )
                records = any(
                    ast.unparse(call.func) in {"erasures.record", "erasures.record_all"}
                    for call in calls
                )
                if erases and not records:
                    silent.append(f"{path.stem}.{function.name}")
    # Its two callers record, with the same statements whatever there was to erase.
    assert silent == ["removal._erase_signature"]


def test_a_journal_gets_each_erasure_once_whatever_happened_to_it(
    app: Flask, petition: str, tmp_path: Path
) -> None:
    files = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for number in range(5):
        sign(f"{number}@example.org")
        self_service.withdraw(number + 1, now=LATER)
        if number == 2:
            assert journal.append_new(files[:1]) == 3
    assert journal.append_new(files) == 2 + 5
    assert journal.append_new(files) == 0
    lines = files[0].read_bytes().splitlines(keepends=True)
    # Killed while it wrote the last line; and one with a lower id was committed later.
    files[0].write_bytes(b"".join([lines[0], *lines[2:4], lines[4][:20]]))
    assert len(journal.read(files, since=TODAY)) == 5
    assert journal.append_new(files) == 2
    found = [json.loads(line) for line in files[0].read_text().splitlines()]
    assert sorted(line["subject"] for line in found) == [1, 2, 3, 4, 5]
    assert journal.read(files, since=LATER + timedelta(seconds=1)) == []
    files[1].write_text("no journal\n")
    with pytest.raises(BackupInvalid, match="cannot be read"):
        journal.read(files, since=TODAY)


def test_the_mail_worker_keeps_both_journals(
    make_app: MakeApp, app: Flask, petition: str, tmp_path: Path
) -> None:
    (tmp_path / "backups").mkdir()
    site = make_app(BACKUP_FOLDER=str(tmp_path / "backups"))
    sign()
    self_service.withdraw(1, now=LATER)
    (task,) = (task for task in tasks_of(site) if task.name == "journal of erasures")
    with site.app_context():
        task.run_if_due(LATER)
    journals = {(folder / journal.FILE).read_text() for folder in (tmp_path, tmp_path / "backups")}
    assert len(journals) == 1
    assert '"kind": "signature", "subject": 1' in journals.pop()
