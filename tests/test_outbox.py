"""Mail is never lost and never blocks: crash, refusal, outage and return, over a real SMTP
server.
"""

import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from petition.cli.service import worker_for
from petition.core.clock import now
from petition.core.config import ROOT
from petition.core.errors import MailServerUnreachable
from petition.database.base import db
from petition.database.transactions import transaction
from petition.mail import smtp
from petition.models import Email
from petition.models.enums import EmailState
from petition.operations.scheduler import Scheduler, Task
from petition.outbox import delivery
from tests import signatures
from tests.browsing import Client, count_of, deliver, filled, path_of
from tests.factories import MakeApp, make_petition
from tests.post_office import PostOffice
from tests.signatures import in_threads
from tests.waiting import PATIENCE, wait_until

MINUTE = timedelta(minutes=1)


def sign(email: str = "anna@example.org") -> int:
    """Sign now and return the id of the letter."""
    return signatures.sign(email, at=now())


def letter(email_id: int) -> Email:
    """Return a letter as it is stored now."""
    db.session.rollback()
    found = db.session.get(Email, email_id, populate_existing=True)
    assert found is not None
    return found


def test_a_letter_leaves_once(app: Flask, petition: str, post_office: PostOffice) -> None:
    email_id = sign()
    assert deliver(app) == 1
    assert deliver(app) == 0
    assert letter(email_id).state == EmailState.SENT
    assert len(post_office.arrived) == 1


def test_a_refused_address_is_not_tried_again_and_of_the_reason_the_codes_are_kept(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "550 5.1.1 <anna@example.org> unknown here"
    email_id = sign()
    deliver(app)
    refused = letter(email_id)
    assert refused.state == EmailState.REFUSED
    assert refused.reason == "550 5.1.1"
    assert deliver(app) == 0


def test_one_refused_letter_holds_up_no_other(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "550 5.1.1 unknown"
    sign("anna@example.org")
    sign("berta@example.org")
    assert deliver(app) == 2
    assert [mail.recipients for mail in post_office.arrived] == [["berta@example.org"]]


def test_a_deferred_letter_waits_longer_each_time(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "451 4.7.1 greylisted, come back"
    email_id = sign()
    deliver(app)
    deferred = letter(email_id)
    assert deferred.state == EmailState.DUE
    assert deferred.reason == "451 4.7.1"
    assert timedelta(0) < deferred.due_at - now() <= timedelta(seconds=5)
    assert deliver(app) == 0


def test_the_waits_grow_from_five_seconds_to_one_hour() -> None:
    waits = [delivery.retry_delay(attempts).total_seconds() for attempts in range(1, 14)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 3_600
    assert waits == sorted(waits)


def test_a_letter_that_nobody_takes_for_five_days_is_given_up(app: Flask, petition: str) -> None:
    email_id = sign()
    made = letter(email_id).created_at
    delivery.claim(made)
    delivery.defer(email_id, "451 later", now=made + timedelta(days=5, seconds=1))
    assert letter(email_id).state == EmailState.REFUSED
    assert letter(email_id).reason == "451 later"


def test_a_refused_message_is_kept_with_the_servers_codes(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.data_answer = "550 5.7.515 access denied, sender not authenticated"
    email_id = sign()
    deliver(app)
    assert letter(email_id).state == EmailState.REFUSED
    assert letter(email_id).reason == "550 5.7.515"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5.1.1 <anna@example.org>: no such user", "550 5.1.1"),
        ("Not here.\n5.1.1 Try another.", "550 5.1.1"),
        ("#5.1.0 Address rejected.", "550 5.1.0"),
        ("Sorry, no mailbox here by that name. (#5.1.1)", "550 5.1.1"),
        ("mx.example.net said: 550 5.7.606 Access denied", "550 5.7.606"),
        ("5.1.1\x00 \x1b[31mno", "550 5.1.1"),
        ("٥.١.١ no", "550"),
        ("5.1.86@example.org: no such user", "550"),
        ("5.1.86.berg is unknown", "550"),
        ("No user 5.1.86 here", "550"),
        ("10.5.1.1 is blocked", "550"),
        ("", "550"),
    ],
)
def test_of_an_answer_about_a_letter_only_the_codes_are_kept(said: str, kept: str) -> None:
    assert smtp.codes_of(550, said.encode()) == kept


def test_a_control_character_in_an_answer_breaks_nothing(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "550 5.1.1 no \x00\x1b[31m such user"
    email_id = sign("anna@example.org")
    sign("berta@example.org")
    assert deliver(app) == 2
    assert letter(email_id).state == EmailState.REFUSED
    assert letter(email_id).reason == "550 5.1.1"
    assert [mail.recipients for mail in post_office.arrived] == [["berta@example.org"]]


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """Run a server that gives one answer to each line, its greeting first; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client, client.makefile("rb") as lines:
                for answer in answers:
                    client.sendall(answer + b"\r\n")
                    lines.readline()

        thread = Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join()


def test_a_failed_connection_is_told_in_the_servers_words_on_one_line(make_app: MakeApp) -> None:
    with answering(b"554-5.3.2 no \x00\x1b[31mservice\r\n554 to admin@example.net") as port:
        app = make_app(MAIL_PORT=port)
        with app.app_context():
            make_petition()
            sign()
            with pytest.raises(MailServerUnreachable) as told:
                deliver(app)
    assert str(told.value) == "554 5.3.2 no [31mservice to …"


def test_a_refused_sender_is_told_by_codes_for_the_words_may_hold_a_key(make_app: MakeApp) -> None:
    said = (b"220 mx", b"250 mx", b"553 5.7.1 bounces+1-0a1b not owned by you", b"250 ok")
    with answering(*said) as port:
        app = make_app(MAIL_PORT=port)
        with app.app_context():
            make_petition()
            email_id = sign()
            with pytest.raises(MailServerUnreachable) as told:
                deliver(app)
            assert letter(email_id).state == EmailState.DUE
            assert letter(email_id).reason == str(told.value) == "sender refused: 553 5.7.1"


def test_a_fault_while_settling_defers_the_letter_and_holds_up_no_other(
    app: Flask, petition: str, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_kind: str, _text: str) -> str:
        raise ValueError("about anna@example.org")

    post_office.answers["anna@example.org"] = "550 5.1.1 no such user"
    email_id = sign("anna@example.org")
    sign("berta@example.org")
    moments = [now()]  # of the worker's clock
    broken = replace(worker_for(app), mark=fail, clock=lambda: moments[-1])
    for seconds in (5, 10, 20):
        broken.work_off()
        deferred = letter(email_id)
        assert deferred.state == EmailState.DUE
        assert deferred.reason == "a fault of the site; see its log"
        assert deferred.due_at - moments[-1] == timedelta(seconds=seconds)
        moments.append(deferred.due_at)
    assert [mail.recipients for mail in post_office.arrived] == [["berta@example.org"]]
    assert f"email {email_id} could not be sent or settled: ValueError" in caplog.text
    assert "anna" not in caplog.text


def test_people_sign_on_while_the_mail_server_is_down_and_the_mails_leave_on_its_return(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.stop()
    for number in range(3):
        answer = client.post(
            f"/p/{petition}/sign", data=filled(email=f"signer{number}@example.org")
        )
        assert answer.status_code == 303
    for _ in range(3):
        with pytest.raises(MailServerUnreachable):
            deliver(app)
    assert {letter(number).attempts for number in (1, 2, 3)} == {0}, "no letter is to blame"
    post_office.start()
    assert deliver(app) == 3
    assert len(post_office.arrived) == 3


def test_a_server_that_hangs_up_costs_one_letter_a_wait_and_no_letter_is_lost(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "421 4.3.2 shutting down"
    email_id = sign("anna@example.org")
    sign("berta@example.org")
    with pytest.raises(MailServerUnreachable):
        deliver(app)
    assert letter(email_id).state == EmailState.DUE
    assert deliver(app) == 1
    assert post_office.arrived[0].recipients == ["berta@example.org"]


def test_a_worker_killed_between_claim_and_delivery_gives_the_letter_back(
    app: Flask, petition: str
) -> None:
    email_id = sign()
    moment = letter(email_id).due_at
    assert delivery.claim(moment) == email_id  # … and dies here
    assert delivery.claim(moment + MINUTE) is None, "it is leased"
    assert delivery.claim(moment + delivery.LEASE) == email_id
    assert letter(email_id).attempts == 2


def test_a_second_copy_after_a_crash_carries_the_same_message_id(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    email_id = sign()
    mail = worker_for(app).compose(email_id)
    again = worker_for(app).compose(email_id)
    assert mail is not None
    assert again is not None
    assert mail.key == again.key


def test_ten_workers_share_the_letters_and_none_leaves_twice(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    for number in range(30):
        sign(f"signer{number}@example.org")
    delivered = in_threads(app, 10, lambda _: deliver(app))
    assert sum(int(str(number)) for number in delivered) == 30
    readers = [mail.recipients[0] for mail in post_office.arrived]
    assert len(readers) == len(set(readers)) == 30


def test_a_letter_to_somebody_who_is_gone_is_dropped(app: Flask, petition: str) -> None:
    email_id = sign()
    delivery.claim(now())
    with transaction() as connection:
        connection.execute(Email.table().delete())
    assert worker_for(app).compose(email_id) is None


def test_a_confirmation_that_waited_too_long_says_that_all_is_well(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    email_id = sign()
    signature_id = letter(email_id).signature_id
    assert signature_id is not None
    signatures.confirm(signature_id, at=now())
    deliver(app)
    assert post_office.arrived[0].message["Subject"] == "Your email address is confirmed already"


def test_an_address_beyond_ascii_is_sent_as_it_is(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    sign("jöhn@bücher.example.org")
    deliver(app)
    assert post_office.arrived[0].recipients == ["jöhn@xn--bcher-kva.example.org"]
    assert post_office.arrived[0].message["To"] == "jöhn@xn--bcher-kva.example.org"


def test_the_headers_are_those_of_an_automatic_mail_of_our_own_domain(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    sign()
    deliver(app)
    (mail,) = post_office.arrived
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Message-ID"].endswith("@petition.example.org>")
    assert mail.sender == "petition@petition.example.org"
    assert mail.message["From"] == "petition@petition.example.org"
    assert [part.get_content_type() for part in mail.message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert mail.html.count("<a ") == 3, "confirm, disown, see"
    assert "<img" not in mail.html


def test_status_tells_what_waits(app: Flask, petition: str, post_office: PostOffice) -> None:
    post_office.answers["refused@example.org"] = "550 no"
    sign("a@example.org")
    sign("refused@example.org")
    deliver(app)
    sign("b@example.org")
    found = delivery.status()
    assert (found.due, found.sent, found.refused, found.withheld) == (1, 1, 1, 0)
    assert isinstance(found.oldest, datetime)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_worker_process_killed_with_9_at_any_moment_loses_nothing(
    app: Flask, client: Client, petition: str, post_office: PostOffice, tmp_path: Path
) -> None:
    for number in range(60):
        sign(f"signer{number}@example.org")
    for number in (1, 11, 27):
        with worker_process(app, post_office, tmp_path) as process:
            post_office.wait_for(number)
            process.send_signal(signal.SIGKILL)
            process.wait()
        _let_leases_run_out(tmp_path / "petition.db")
    with worker_process(app, post_office, tmp_path) as worker:
        wait_until(_is_done, "all emails are sent", process=worker)
    readers = {mail.recipients[0] for mail in post_office.arrived}
    assert len(readers) == 60
    assert len(post_office.arrived) <= 63, "at most the letter under way leaves twice"
    link = path_of(post_office.arrived[-1].link)
    client.post(link)
    assert count_of(client, petition) == 1


class Pauses(Event):
    """A stop signal that does a step in place of each wait, and records for how long it was."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._steps = iter(steps)

    def wait(self, timeout: float | None = None) -> bool:
        """Do the next step; after the last one, stop."""
        self.seconds.append(timeout or 0)
        next(self._steps, self.set)()
        return self.is_set()


def test_mails_leave_within_ten_seconds_of_the_servers_return(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.stop()
    sign()
    pauses = Pauses(lambda: sign("berta@example.org"), post_office.start)
    worker_for(app).run(pauses)
    assert len(post_office.arrived) == 2, "sent in the first round after the server's return"
    assert len(pauses.seconds) == 3
    assert max(pauses.seconds) < 10


@contextmanager
def worker_process(
    app: Flask, post_office: PostOffice, instance: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the mail worker as the site does, and end it in order if it is still there."""
    environment = {
        "PETITION_INSTANCE_PATH": str(instance),
        "PETITION_SECRET_KEY": app.config["SECRET_KEY"],
        "PETITION_SITE_URL": "https://petition.example.org",
        "PETITION_MAIL_SERVER": "127.0.0.1",
        "PETITION_MAIL_PORT": str(post_office.port),
        "PETITION_TOR_EXITS": "",  # no test asks the Tor project
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "flask", "outbox", "run"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield process
    finally:
        killed = process.poll() is not None
        process.terminate()
        assert process.wait(PATIENCE) == 0 or killed, "SIGTERM ends it in order"


def _let_leases_run_out(file: Path) -> None:
    """Stand in for waiting two minutes."""
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection, connection:
        connection.execute("UPDATE email SET due_at = created_at WHERE state = 'due'")


def _is_done() -> bool:
    db.session.rollback()
    return delivery.status().due == 0


def test_a_server_that_hangs_up_after_some_letters_gets_none_twice(
    app: Flask, petition: str, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "EMAILS_PER_CONNECTION", 2)

    def hang_up(_self: object) -> None:
        raise smtplib.SMTPServerDisconnected

    monkeypatch.setattr(smtplib.SMTP, "quit", hang_up)
    for number in range(5):
        sign(f"a{number}@example.org")
    deliver(app)
    assert len(post_office.arrived) == 5
    assert db.session.scalars(select(Email.state).distinct()).all() == ["sent"]


def test_the_worker_looks_up_from_a_full_box(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    for number in range(3):
        sign(f"a{number}@example.org")
    worker = replace(worker_for(app), background=None)
    assert worker.work_off(at_most=timedelta(0)) == 1
    assert worker.work_off() == 2


def test_no_letter_is_dropped_into_a_folder_nobody_reads(make_app: MakeApp) -> None:
    app = make_app(MAIL_SERVER="")
    result = app.test_cli_runner().invoke(args=["outbox", "run", "--once"])
    assert result.exit_code == 1
    assert "MAIL_SERVER is not set" in result.output


def test_a_chore_that_always_fails_holds_up_no_mail(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    def fail(_at: datetime) -> str:
        raise ValueError("broken")

    sign()
    stop = Event()
    broken = Scheduler([Task("broken", timedelta(minutes=1), fail)])
    worker = replace(worker_for(app), background=broken.run_due)

    def work() -> None:
        with app.app_context():
            worker.run(stop)

    thread = Thread(target=work)
    thread.start()
    try:
        assert post_office.wait_for(1)
    finally:
        stop.set()
        thread.join()
