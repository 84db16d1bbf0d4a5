"""What is erased when, and that nothing else is; killed or run twice, it ends the same."""

from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from petition.abuse import networks, rate_limits
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AlternateEntry, Counter, Email, NetworkSecret, Signature, Tally
from petition.models.enums import PetitionState
from petition.operations import retention
from petition.operations.scheduler import Task
from petition.organisers.export import Export, FileOptions
from petition.petitions import lifecycle
from tests.factories import TODAY, tasks_of
from tests.signatures import confirm, counted, sign, signature_of


def run(*, dry_run: bool = False, **after: float) -> retention.RetentionReport:
    """Run it some time later."""
    return retention.run(
        purge_days=14, anonymise_days=180, now=TODAY + timedelta(**after), dry_run=dry_run
    )


def number_of(table: type) -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(table)) or 0)


def sent_all() -> None:
    with transaction() as connection:
        connection.execute(update(Email).values(state="sent"))


def test_unconfirmed_entries_go_after_fourteen_days_and_confirmed_ones_stay(
    app: Flask, petition: str
) -> None:
    confirm(signature_of(sign("stays@example.org")).id)
    sign("goes@example.org")
    assert run(days=14).unconfirmed == 0
    assert run(days=14, seconds=1).unconfirmed == 1
    assert db.session.scalars(select(Signature.email)).all() == ["stays@example.org"]
    assert counted() == 1


def test_a_newer_entry_takes_the_place_of_a_stale_one(app: Flask, petition: str) -> None:
    sign()
    sign(at=TODAY + timedelta(days=10))
    assert run(days=15).unconfirmed == 0
    assert signature_of(2).entry == 2
    assert number_of(AlternateEntry) == 0, "the stale one is gone"
    assert run(days=25).unconfirmed == 1


def test_mail_records_go_after_thirty_days_but_never_what_is_still_to_be_sent(
    app: Flask, petition: str
) -> None:
    confirm(signature_of(sign()).id)
    assert run(days=31).emails == 0, "due: it is not mailed yet"
    sent_all()
    assert run(days=30).emails == 0
    assert run(days=31).emails == 2


def test_counts_and_keys_of_networks_go_after_48_hours(app: Flask) -> None:
    midnight = TODAY.replace(hour=0)
    networks.Networks((), ()).key("192.0.2.1", now=midnight)
    assert run(hours=35, minutes=59).network_keys == 0, "48 hours from midnight, TODAY is noon"
    assert run(hours=36).network_keys == 1
    with transaction() as connection:
        rate_limits.hit(connection, (rate_limits.RateLimit("k", "", 9, 9),), now=TODAY)
    assert run(hours=47).counts == 0
    assert run(hours=49).counts == 1
    assert number_of(Counter) == number_of(NetworkSecret) == 0


def test_personal_data_go_180_days_after_closing_and_counts_stay(app: Flask, petition: str) -> None:
    for name in ("a", "b"):
        confirm(signature_of(sign(f"{name}@example.org")).id)
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    assert run(days=180).anonymised == 0
    assert run(days=181).anonymised == 2
    assert run(days=182).anonymised == 0, "idempotent"
    for signature in db.session.scalars(select(Signature)):
        assert (signature.name, signature.email, signature.country) == ("", "", "SE")
        assert "example.org" not in f"{signature.address_key} {signature.mailbox_key}"
        for moment in (signature.signed_at, signature.confirmed_at):
            assert moment is not None
            assert moment.time() == time(), "the day stays, the hour does not"
    assert counted() == 2
    file = b"".join(Export(1, FileOptions(), str, Path(app.instance_path))).decode()
    assert "example.org" not in file
    assert file.count("\n") == 3


def test_an_open_petition_keeps_its_signatures(app: Flask, petition: str) -> None:
    confirm(signature_of(sign()).id)
    assert run(days=4_000).anonymised == 0


def test_a_dry_run_says_the_same_and_erases_nothing(app: Flask, petition: str) -> None:
    sign()
    sent_all()
    planned = run(days=31, dry_run=True)
    assert planned == retention.RetentionReport(1, 0, 1, 0, 0, 0)
    assert number_of(Signature) == number_of(Email) == 1
    assert run(days=31) == planned


def test_many_go_in_small_transactions(app: Flask, petition: str) -> None:
    for number in range(5):
        sign(f"signer{number}@example.org")
    batch_size, retention.BATCH_SIZE = retention.BATCH_SIZE, 2
    try:
        assert run(days=15).unconfirmed == 5
    finally:
        retention.BATCH_SIZE = batch_size
    assert db.session.scalar(select(Tally.counted)) == 0


def test_the_command_says_what_it_did(app: Flask, petition: str) -> None:
    sign()
    runner = app.test_cli_runner()
    tried = runner.invoke(args=["retention", "run", "--dry-run"]).output
    assert "1\tunconfirmed (not done)" in tried
    assert "1\tunconfirmed\n" in runner.invoke(args=["retention", "run"]).output
    assert "0\tunconfirmed\n" in runner.invoke(args=["retention", "run"]).output


def test_the_log_says_in_words_what_was_erased(
    app: Flask, petition: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sign()
    sent_all()
    for days in (1, 31):
        (task,) = [task for task in tasks_of(app) if task.name == "retention"]
        task.run_if_due(TODAY + timedelta(days=days))
    # Nothing after a day. Of the counts, one is that of this task.
    assert caplog.messages == ["retention: 1 unconfirmed, 1 emails, 1 counts"]


def test_the_worker_does_it_once_a_day_whoever_asks(app: Flask, petition: str) -> None:
    first, second = tasks_of(app), tasks_of(app)
    sign()
    for task in first:
        task.run_if_due(TODAY + timedelta(days=20))
    assert number_of(Signature) == 0
    sign("late@example.org", at=TODAY - timedelta(days=20))
    for task in second:
        task.run_if_due(TODAY + timedelta(days=20, hours=1))
    assert number_of(Signature) == 1, "not twice a day"
    for task in second:
        task.run_if_due(TODAY + timedelta(days=21, hours=1))
    assert number_of(Signature) == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_erased_is_in_no_file_an_hour_later(app: Flask, petition: str) -> None:
    folder = Path(str(db.engine.url.database)).parent

    def found() -> set[str]:
        files = folder.glob("petition.db*")
        return {file.name for file in files if b"erased@example.org" in file.read_bytes()}

    sign("erased@example.org")
    run(days=15)
    db.session.rollback()
    assert found(), "the write-ahead log still has it"
    (task,) = [task for task in tasks_of(app) if task.name == "write-ahead log"]
    with db.engine.connect() as reader:
        rows = reader.exec_driver_sql("SELECT id FROM email UNION ALL SELECT 1 UNION ALL SELECT 2")
        rows.fetchone()
        task.run_if_due(TODAY)
        assert found(), "not while somebody reads"
        rows.close()
    task.run_if_due(TODAY + timedelta(hours=1))
    assert not found()


def test_a_dry_run_counts_other_entries_as_the_run_erases_them(app: Flask, petition: str) -> None:
    sign("a@example.org")
    sign("a@example.org", at=TODAY + timedelta(days=10))  # takes the stale one's place
    sign("b@example.org")
    sign("b@example.org")  # goes with it
    confirm(signature_of(sign("c@example.org")).id)
    sign("c@example.org")
    planned = run(days=15, dry_run=True)
    assert (planned.unconfirmed, planned.other_entries) == (1, 2)
    assert run(days=15) == planned


def test_a_task_that_fails_is_tried_again(app: Flask, petition: str) -> None:
    done: list[datetime] = []

    def fail_once(at: datetime) -> str:
        done.append(at)
        if len(done) == 1:
            raise OSError("no room")
        return ""

    task = Task("try", timedelta(days=1), fail_once)
    with pytest.raises(OSError, match="no room"):
        task.run_if_due(TODAY)
    task.run_if_due(TODAY + timedelta(minutes=4))
    assert len(done) == 1, "not at once"
    task.run_if_due(TODAY + timedelta(minutes=5))
    task.run_if_due(TODAY + timedelta(minutes=6))
    assert len(done) == 2


def test_a_task_that_an_outage_hits_is_tried_again_though_its_claim_stayed(
    app: Flask, petition: str
) -> None:
    done: list[datetime] = []

    def rename(table: str, name: str) -> None:
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")

    def lose_database_once(at: datetime) -> str:
        done.append(at)
        if len(done) == 1:
            rename("counter", "away")
            raise OSError("the database is away")
        return ""

    task = Task("try", timedelta(days=1), lose_database_once)
    with pytest.raises(DBAPIError):  # the claim cannot be released either
        task.run_if_due(TODAY)
    rename("away", "counter")
    for minutes in (5, 6):
        task.run_if_due(TODAY + timedelta(minutes=minutes))
    assert len(done) == 2
