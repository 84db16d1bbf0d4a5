"""The backup of each day: written by the mail worker, read back, kept for a while, missed aloud."""

import logging
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from petition.core import clock
from petition.database.base import db
from petition.models.enums import Role
from petition.operations.backup import encryption, nightly, reading, writing
from petition.operations.backup.nightly import NightlyBackup, choose_kept
from petition.operations.scheduler import Task
from petition.organisers.overview import site_problems
from petition.organisers.overview.attention import AttentionKind
from tests.browsing import enter, invite, text_of
from tests.factories import TODAY, MakeApp, make_petition, tasks_of
from tests.signatures import sign

DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder for backups."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_mail_worker_writes_one_a_day(
    make_app: MakeApp, app: Flask, petition: str, folder: Path
) -> None:
    sign()
    site = make_app(BACKUP_FOLDER=str(folder))
    with site.app_context():
        (task,) = (task for task in tasks_of(site) if task.name == "backup")
        for hours in (0, 1, 30):
            run(task, TODAY + timedelta(hours=hours))
    assert names(folder) == ["petition-2016-05-26.backup", "petition-2016-05-27.backup"]
    summary = reading.read(folder / "petition-2016-05-26.backup")
    assert (summary.header.at, summary.rows["signature"]) == (TODAY, 1)
    assert all(task.name != "backup" for task in tasks_of(app)), "none without a folder"


def run(task: Task, at: datetime) -> None:
    task.run_if_due(at)
    backup: Any = task.run
    if (thread := backup.__self__.thread) is not None:
        thread.join()


def test_one_that_is_encrypted_is_read_back_without_its_secret_key(
    app: Flask, folder: Path, tmp_path: Path
) -> None:
    key = encryption.Key()
    source = writing.Source(tmp_path)
    NightlyBackup(folder, source, str(key.recipient)).write(TODAY)
    assert site_problems.find(tmp_path) == []
    reading.read(folder / "petition-2016-05-26.backup", identities=key.identities)


def test_days_weeks_and_months_are_kept() -> None:
    kept: set[date] = set()
    first = date(2015, 1, 1)
    for number in range(600):  # each night one comes, and the others go
        kept = choose_kept({*kept, first + number * DAY})
    today = first + 599 * DAY  # a Monday
    assert today == date(2016, 8, 22)
    assert sorted(kept, reverse=True) == [
        *(today - number * DAY for number in range(7)),  # of them Monday and a Sunday end weeks
        *(date(2016, 8, day) for day in (14, 7)),
        *(date(2016, month + 1, 1) - DAY for month in range(7, 0, -1)),
        *(date(2015, month, day) for month, day in ((12, 31), (11, 30), (10, 31), (9, 30))),
    ]
    assert choose_kept([first, first + 400 * DAY]) == {first, first + 400 * DAY}


def test_old_ones_go_and_what_others_put_there_stays(
    app: Flask, folder: Path, tmp_path: Path
) -> None:
    for number in range(1, 60):
        (folder / f"petition-{(TODAY - number * DAY).date()}.backup").touch()
    (folder / "petition-by-hand.backup").touch()
    (folder / "erasures.jsonl").touch()
    (folder / f"{writing.UNFINISHED}left").touch()  # by a killed process, now: in 2016 not old
    NightlyBackup(folder, writing.Source(tmp_path)).write(TODAY)
    assert len(nightly.find(folder)) == 7 + 2 + 2
    assert {"petition-by-hand.backup", "erasures.jsonl", ".backup-left"} < set(names(folder))
    NightlyBackup(folder, writing.Source(tmp_path)).write(clock.now() + 2 * DAY)
    assert ".backup-left" not in names(folder)


def test_a_failure_is_told_until_a_backup_succeeds(
    make_app: MakeApp, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(BACKUP_FOLDER=str(folder))
    backup = NightlyBackup(folder, writing.Source(tmp_path))
    words = "The daily backup of the site failed."
    with app.app_context():
        make_petition()
        invite(Role.ADMIN)
        organiser = enter(app)
        assert words not in text_of(organiser.get("/organisers/"))
        folder.rename(tmp_path / "unmounted")
        with caplog.at_level(logging.INFO):
            backup.write(TODAY)
        (line,) = caplog.messages
        assert line == f"no backup of today: BACKUP_FOLDER is no folder: {folder}"
        assert words in text_of(organiser.get("/organisers/"))
        assert site_problems.find(tmp_path) == [AttentionKind.BACKUP]
        assert problem_of(folder, tmp_path, TODAY).startswith("the last one failed (BACKUP_FOLDER")
        (tmp_path / "unmounted").rename(folder)
        backup.write(TODAY)
        assert words not in text_of(organiser.get("/organisers/"))
        assert problem_of(folder, tmp_path, TODAY) == ""
        db.session.remove()


def test_a_backup_that_does_not_read_back_is_no_backup(
    app: Flask, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = writing.write

    def write_on_a_bad_disk(file: Path, *args: Any, **values: Any) -> object:
        manifest = write(file, *args, **values)
        file.write_bytes(file.read_bytes()[:-1])
        return manifest

    monkeypatch.setattr(writing, "write", write_on_a_bad_disk)
    NightlyBackup(folder, writing.Source(tmp_path)).write(TODAY)
    assert names(folder) == []
    assert "cut off" in problem_of(folder, tmp_path, TODAY)


def test_doctor_tells_the_age_of_the_newest(app: Flask, folder: Path, tmp_path: Path) -> None:
    assert problem_of(folder, tmp_path, TODAY) == "there is none: does the mail worker run?"
    NightlyBackup(folder, writing.Source(tmp_path)).write(TODAY)
    tomorrow = datetime(2016, 5, 27, 23, 59, tzinfo=UTC)
    assert problem_of(folder, tmp_path, tomorrow) == ""
    late = problem_of(folder, tmp_path, tomorrow + DAY)
    assert late == "the newest is of 2016-05-26: does the mail worker run?"


def problem_of(folder: Path, instance: Path, at: datetime) -> str:
    return nightly.find_problem(folder, instance, now=at)
