"""Files of signatures: asked for with a reason, written off the request, gone after an hour."""

import re
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition.abuse.rate_limits import FormSender
from petition.cli.mail import write_next_file
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Download, Email
from petition.models.enums import DownloadState, EmailKind, Role
from petition.organisers import access
from petition.organisers.export import FileOptions, Format, Profile
from petition.organisers.handover import downloads, jobs
from tests.browsing import Client, browser, confirmed, deliver, enter, invite, press, text_of, trail
from tests.factories import TODAY, make_file, parse_address, tasks_of
from tests.post_office import PostOffice
from tests.signatures import in_threads

ASKED = {"format": "csv", "separator": "comma", "reason": "For the embassy"}
OWN = {f"own-{name}": value for name, value in ASKED.items()}
PAGE = "/organisers/p/free-them/handover"


def files_of(app: Flask) -> list[str]:
    """Return the names of the files in the instance folder."""
    return sorted(path.name for path in (Path(app.instance_path) / "files").glob("*"))


def download() -> Download:
    """Return the newest file, as it is stored."""
    db.session.rollback()
    newest = select(Download).order_by(Download.id.desc()).limit(1)
    return db.session.scalars(newest, execution_options={"populate_existing": True}).one()


def test_a_file_is_asked_for_written_fetched_and_recorded(
    app: Flask, petition: str, client: Client, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, name="Айгүл", handover="yes")
    organiser_id = invite()
    inside = enter(app)
    before = len(trail())
    assert press(inside, PAGE, **ASKED).location == f"{PAGE}#files"
    assert "It waits to be written." in text_of(inside.get(PAGE))
    assert inside.get(f"{PAGE}/files/1").status_code == 410
    assert write_next_file(app)
    assert not write_next_file(app)
    page = inside.get(PAGE)
    assert "1 person." in text_of(page)
    file = inside.get(f"{PAGE}/files/1")
    assert "Айгүл" in file.text
    assert file.content_length == len(file.data)
    digest = sha256(file.data).hexdigest()
    assert digest in page.text
    assert file.data == inside.get("/organisers/p/free-them/signatures.csv?profile=handover").data
    assert trail()[before : before + 3] == [
        ("signatures.file_asked", organiser_id, 1, "file 1: csv, handover"),
        ("signatures.file_made", organiser_id, 1, f"file 1, 1 rows, SHA-256 {digest}"),
        ("signatures.handover", organiser_id, 1, "csv, handover, file 1"),
    ]
    assert (Path(app.instance_path) / "files" / "1.csv").stat().st_mode & 0o777 == 0o600
    story = text_of(inside.get("/organisers/p/free-them/audit"))
    assert "Asked for a file of signatures: For the embassy" in story


def test_asking_or_a_head_request_is_no_download(app: Flask, petition: str) -> None:
    organiser_id = invite()
    make_file(app, 1, organiser_id)
    inside = enter(app)
    recorded = trail()
    assert inside.head(f"{PAGE}/files/1").status_code == 200
    assert trail() == recorded


def test_after_an_hour_the_link_is_410_and_the_file_is_gone(app: Flask, petition: str) -> None:
    organiser_id = invite()
    make_file(app, 1, organiser_id)
    inside = enter(app)
    folder = Path(app.instance_path) / jobs.FOLDER
    jobs.expire(folder, now=now())
    assert files_of(app) == ["1.csv"]
    with transaction() as connection:
        connection.execute(update(Download).values(expires_at=now()))
    gone = inside.get(f"{PAGE}/files/1")
    assert gone.status_code == 410
    assert "This file is deleted" in text_of(gone)
    (task,) = [task for task in tasks_of(app) if task.name == "files of signatures"]
    assert task.run(now()) == "1 expired"
    assert files_of(app) == []
    assert download().state == DownloadState.EXPIRED


def test_a_file_is_for_the_organiser_who_asked(app: Flask, petition: str) -> None:
    other = access.invite(
        parse_address("other@example.org"), role=Role.ADMIN, slug=None, language="en", now=now()
    )
    make_file(app, 1, other)
    invite()
    inside = enter(app)
    assert inside.get(f"{PAGE}/files/1").status_code == 404
    assert "Download file 1" not in inside.get(PAGE).text


def test_every_admin_who_reaches_the_petition_is_told(
    app: Flask, petition: str, client: Client, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    admin = access.invite(
        parse_address("admin@example.org"), role=Role.ADMIN, slug=None, language="en", now=now()
    )
    organiser_id = invite()
    deliver(app)
    post_office.arrived.clear()
    options = FileOptions(Format.CSV, Profile.ORGANISER)
    for _ in range(6):  # more than an organiser gets sign-in links
        make_file(app, 1, organiser_id, options)
    told = select(Email.organiser_id).where(Email.kind == EmailKind.DOWNLOAD)
    assert db.session.scalars(told).all() == [admin] * 6
    deliver(app)
    assert {tuple(mail.recipients) for mail in post_office.arrived} == {("admin@example.org",)}
    mail = post_office.arrived[0]
    assert mail.message["Subject"] == "A list with email addresses was made"
    words = " ".join(mail.text.split())
    assert f"Who: organiser {organiser_id}" in words
    assert "People in the file: 1" in words
    assert "Reason: For the embassy" in words
    assert "anna@example.org" not in mail.text
    access.request_link(parse_address("admin@example.org"), sender=FormSender(), now=now())
    deliver(app)
    assert post_office.arrived[-1].message["Subject"] == "Your sign-in link"


def test_a_direct_download_is_told_too(app: Flask, petition: str, post_office: PostOffice) -> None:
    invite(Role.ADMIN)
    inside = enter(app)
    inside.get("/organisers/p/free-them/signatures.csv")
    assert download().state == DownloadState.STREAMED
    deliver(app)
    subjects = [mail.message["Subject"] for mail in post_office.arrived]
    assert "A list with email addresses was made" in subjects


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": " "}, "Fill in this field."),
        ({"reason": "x" * 301}, "at most 300 characters"),
        ({"format": "docx"}, "Choose one of the answers."),
        ({"separator": "|"}, "Choose one of the answers."),
    ],
)
def test_what_is_wrong_with_a_form_is_said_and_the_rest_kept(
    app: Flask, petition: str, changes: dict[str, str], words: str
) -> None:
    invite()
    answer = press(enter(app), PAGE, **ASKED | changes)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "reason" in changes or 'value="For the embassy"' in answer.text
    assert db.session.scalar(select(Download.id)) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"keep_until": ""}, "Fill in this field."),
        ({"keep_until": "2016-01-01"}, "Choose a day from today on, within a year."),
        ({"since": "26 May"}, "Give a day, such as 2026-05-26."),
        ({"since": "2026-05-26", "until": "2026-05-25"}, "This day is before the other."),
        ({"country": "XX"}, "Choose one of the answers."),
        ({"language": "xx"}, "Choose one of the answers."),
        ({"text_version": "0"}, "Give the number of a version."),
        ({"text_version": "one"}, "Give the number of a version."),
    ],
)
def test_the_filters_and_the_day_of_deletion_are_checked(
    app: Flask, petition: str, changes: dict[str, str], words: str
) -> None:
    invite()
    fields = OWN | {"own-keep_until": str(now().date())}
    fields |= {f"own-{name}": value for name, value in changes.items()}
    answer = press(enter(app), PAGE, f"{PAGE}/own", **fields)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "<details open>" in answer.text


def test_filters_are_asked_for_on_the_page(
    app: Flask, petition: str, client: Client, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, email="anna@example.org", country="SE")
    confirmed(client, post_office, petition, email="berta@example.net", country="DE")
    invite()
    inside = enter(app)
    fields = OWN | {"own-keep_until": str(now().date()), "own-country": "DE"}
    today = str(now().date())
    assert press(inside, PAGE, f"{PAGE}/own", **fields, **{"own-since": today}).status_code == 303
    assert write_next_file(app)
    content = inside.get(f"{PAGE}/files/1").text
    assert "berta@example.net" in content
    assert "anna@example.org" not in content


def test_the_same_file_is_not_asked_for_twice_while_it_is_written(
    app: Flask, petition: str
) -> None:
    invite()
    inside = enter(app)
    for _ in range(2):
        press(inside, PAGE, **ASKED)
    press(inside, PAGE, **ASKED | {"format": "jsonl"})
    assert db.session.scalars(select(Download.format)).all() == ["csv", "jsonl"]


def test_clicks_at_the_same_time_ask_for_one_file(app: Flask, petition: str) -> None:
    assert len({*in_threads(app, 8, lambda _number: str(ask(app)))}) == 1
    assert len(db.session.scalars(select(Download.id)).all()) == 1


class Content:
    """A file that calls a function between its pieces."""

    rows, progress = 7, 0.5

    def __init__(self, between: Any) -> None:
        self._between = between

    def __iter__(self) -> Any:
        yield b"one"
        self._between()
        yield b"two"

    def sealed(self) -> dict[str, Any]:
        return {}


def ask(app: Flask) -> Path:
    """Ask for a file and return the folder of files."""
    options = FileOptions(Format.CSV, Profile.HANDOVER)
    values: dict[str, Any] = {"reason": "", "keep_until": None, "now": TODAY}
    downloads.ask(1, options, organiser_id=1, **values)
    return Path(app.instance_path) / jobs.FOLDER


def test_progress_shows_while_a_file_is_written(app: Flask, petition: str) -> None:
    clock = iter(TODAY + timedelta(seconds=2 * step) for step in range(9))
    seen: list[tuple[str, int]] = []
    content = Content(lambda: seen.append((download().state, download().percent)))
    assert jobs.write_next(ask(app), lambda _file: content, lambda: next(clock))
    assert seen == [("running", 50)]
    assert (download().state, download().percent, download().rows) == ("ready", 100, 7)


def test_a_file_whose_process_died_is_written_by_the_next(app: Flask, petition: str) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    folder = ask(app)
    with pytest.raises(KeyboardInterrupt):
        jobs.write_next(folder, lambda _file: Content(die), lambda: TODAY)
    assert not jobs.write_next(folder, lambda _file: Content(die), lambda: TODAY), "leased"
    later = TODAY + jobs.LEASE
    assert jobs.is_any_due(later)
    assert jobs.write_next(folder, lambda _file: Content(lambda: None), lambda: later)
    assert (folder / "1.csv").read_bytes() == b"onetwo"
    assert files_of(app) == ["1.csv"]


def test_a_process_that_lost_its_lease_leaves_the_file_to_the_other(
    app: Flask, petition: str
) -> None:
    folder = ask(app)
    other = Content(lambda: None)

    def overtake() -> None:
        assert jobs.write_next(folder, lambda _file: other, lambda: TODAY + jobs.LEASE)

    assert jobs.write_next(folder, lambda _file: Content(overtake), lambda: TODAY)
    assert download().attempts == 2
    assert files_of(app) == ["1.csv"]
    made = [entry for entry in trail() if entry[0] == "signatures.file_made"]
    assert len(made) == 1


def test_a_file_that_fails_three_times_says_so(app: Flask, petition: str) -> None:
    invite()
    folder = ask(app)

    def fail() -> None:
        raise OSError(28, "no space")

    for _ in range(3):
        assert jobs.write_next(folder, lambda _file: Content(fail), now)
    assert not jobs.write_next(folder, lambda _file: Content(fail), now)
    assert download().state == DownloadState.FAILED
    with transaction() as connection:
        connection.execute(update(Download).values(created_at=now()))
    assert "This file could not be written." in text_of(enter(app).get(PAGE))


def test_a_file_that_was_begun_while_old_ones_are_deleted_stays(app: Flask, petition: str) -> None:
    begun: list[bool] = []

    class Folder(type(Path())):  # type: ignore[misc]
        """A folder in which a file is begun just before it is listed."""

        def glob(self, pattern: str) -> Any:
            with transaction() as connection:
                connection.execute(
                    update(Download).values(state="running", lease_until=TODAY + jobs.LEASE)
                )
            (Path(self) / "1.1.part").write_bytes(b"one")
            begun.append(True)
            return Path(self).glob(pattern)

    folder = ask(app)
    folder.mkdir(parents=True, exist_ok=True)
    jobs.expire(Folder(folder), now=TODAY)
    assert begun
    assert files_of(app) == ["1.1.part"]


def test_a_file_whose_last_writer_died_fails(app: Flask, petition: str) -> None:
    folder = ask(app)
    with transaction() as connection:
        connection.execute(
            update(Download).values(state="running", attempts=jobs.ATTEMPTS, lease_until=TODAY)
        )
    jobs.expire(folder, now=TODAY)
    assert download().state == DownloadState.FAILED


def test_a_copy_with_addresses_has_a_day_of_deletion_and_is_named_when_overdue(
    app: Flask, petition: str
) -> None:
    organiser_id = invite()
    options = FileOptions(Format.CSV, Profile.ORGANISER)
    make_file(app, 1, organiser_id, options, keep_until=now().date())
    inside = enter(app)
    assert "Your copies" not in inside.get(PAGE).text, "nobody has fetched it"
    inside.get(f"{PAGE}/files/1")
    assert "Delete this file by" in text_of(inside.get(PAGE))
    with transaction() as connection:
        connection.execute(update(Download).values(keep_until=date(2016, 5, 26)))
    assert "Overdue: delete this file. It was to be gone by 26 May 2016." in text_of(
        inside.get(PAGE)
    )
    for _ in range(2):
        answer = press(inside, PAGE, f"{PAGE}/files/1/deleted")
        assert answer.status_code == 303
    assert "Your copies" not in inside.get(PAGE).text
    deleted = [entry for entry in trail() if entry[0] == "signatures.copy_deleted"]
    assert deleted == [("signatures.copy_deleted", organiser_id, 1, "file 1")]
    assert press(inside, PAGE, f"{PAGE}/files/9/deleted").status_code == 404


def test_a_viewer_asks_for_nothing(app: Flask, petition: str) -> None:
    invite(Role.VIEWER)
    inside = enter(app)
    csrf = re.search(r'csrf_token" value="([^"]+)"', inside.get("/organisers/").text)
    assert csrf is not None
    for path in (PAGE, f"{PAGE}/own"):
        assert inside.post(path, data=ASKED | OWN | {"csrf_token": csrf[1]}).status_code == 403
    assert browser(app).get(PAGE).status_code == 303
