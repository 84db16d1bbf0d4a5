"""No email is lost or blocks others: crash, refusal, outage and return, with a real SMTP server."""

import os
import re
import signal
import smtplib
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition.cli.mail import worker_for
from petition.core import setting_types
from petition.core.clock import now
from petition.core.config import ROOT
from petition.core.errors import EmailObsolete, MailServerUnreachable
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.database.transactions import transaction
from petition.mail import smtp, status_codes
from petition.models import Email, Petition
from petition.models.enums import EmailState
from petition.operations.scheduler import Task, run_due
from petition.outbox import delivery
from tests import signatures
from tests.browsing import Client, count_of, deliver, filled, invite, path_of
from tests.factories import MakeApp, make_petition
from tests.post_office import PostOffice
from tests.signatures import in_threads
from tests.waiting import PATIENCE, wait_until

MINUTE = timedelta(minutes=1)


def sign(email: str = "anna@example.org") -> int:
    """Sign now and return the id of the email."""
    return signatures.sign(email, at=now())


def stored(email_id: int) -> Email:
    """Return an email as it is stored now."""
    db.session.rollback()
    email = db.session.get(Email, email_id, populate_existing=True)
    assert email is not None
    return email


def test_an_email_is_sent_once(app: Flask, petition: str, post_office: PostOffice) -> None:
    email_id = sign()
    assert deliver(app) == 1
    assert deliver(app) == 0
    assert stored(email_id).state == EmailState.SENT
    assert len(post_office.arrived) == 1


def test_a_refused_address_is_not_tried_again_and_of_the_reason_the_codes_are_kept(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "550 5.1.1 <anna@example.org> unknown here"
    email_id = sign()
    deliver(app)
    refused = stored(email_id)
    assert refused.state == EmailState.REFUSED
    assert refused.reason == "550 5.1.1"
    assert deliver(app) == 0


def test_one_refused_email_delays_no_other(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "550 5.1.1 unknown"
    sign("anna@example.org")
    sign("berta@example.org")
    assert deliver(app) == 2
    assert [mail.recipients for mail in post_office.arrived] == [["berta@example.org"]]


def test_a_deferred_email_waits_longer_each_time(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "451 4.7.1 greylisted, come back"
    email_id = sign()
    deliver(app)
    deferred = stored(email_id)
    assert deferred.state == EmailState.DUE
    assert deferred.reason == "451 4.7.1"
    assert timedelta(0) < deferred.due_at - now() <= timedelta(seconds=5)
    assert deliver(app) == 0


def test_the_waits_grow_from_five_seconds_to_one_hour() -> None:
    waits = [delivery.retry_delay(attempts).total_seconds() for attempts in range(1, 14)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 3_600
    assert waits == sorted(waits)


def test_an_email_that_no_server_accepts_for_five_days_is_given_up(
    app: Flask, petition: str
) -> None:
    email_id = sign()
    made = stored(email_id).created_at
    delivery.claim(made)
    with transaction() as connection:
        late = made + timedelta(days=5, seconds=1)
        delivery.defer(connection, email_id, "451 later", now=late)
    assert stored(email_id).state == EmailState.REFUSED
    assert stored(email_id).reason == "451 later"


def test_a_refused_message_is_kept_with_the_servers_codes(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.data_answer = "554 5.6.0 the message is not valid"
    email_id = sign()
    deliver(app)
    assert stored(email_id).state == EmailState.REFUSED
    assert stored(email_id).reason == "554 5.6.0"


@pytest.mark.parametrize(
    ("answer", "codes"),
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
def test_of_an_answer_about_an_email_only_the_codes_are_kept(answer: str, codes: str) -> None:
    assert status_codes.format_codes(550, answer.encode()) == codes


def test_a_control_character_in_an_answer_breaks_nothing(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "550 5.1.1 no \x00\x1b[31m such user"
    email_id = sign("anna@example.org")
    sign("berta@example.org")
    assert deliver(app) == 2
    assert stored(email_id).state == EmailState.REFUSED
    assert stored(email_id).reason == "550 5.1.1"
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
            with pytest.raises(MailServerUnreachable) as error:
                deliver(app)
    assert str(error.value) == "554 5.3.2 no [31mservice to …"


def test_a_server_that_does_not_answer_is_given_up_after_a_time(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        app = make_app(MAIL_PORT=server.getsockname()[1])
        with app.app_context():
            make_petition()
            email_id = sign()
            with pytest.raises(MailServerUnreachable, match="timed out"):
                deliver(app)
            assert stored(email_id).attempts == 0


def test_no_email_is_sent_without_tls_where_tls_is_set(
    make_app: MakeApp, post_office: PostOffice
) -> None:
    app = make_app(MAIL_USE_TLS=True)
    with app.app_context():
        make_petition()
        sign()
        with pytest.raises(MailServerUnreachable, match="STARTTLS"):
            deliver(app)
    assert post_office.arrived == []


@pytest.mark.parametrize("setting", ["MAIL_USE_TLS", "MAIL_USE_SSL"])
def test_no_email_is_sent_to_a_server_with_a_certificate_of_its_own(
    make_app: MakeApp, setting: str, tmp_path: Path
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1"]
        + ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with tls_server(context, starttls=setting == "MAIL_USE_TLS") as port:
        app = make_app(MAIL_PORT=port, **{setting: True})
        with app.app_context():
            make_petition()
            sign()
            with pytest.raises(MailServerUnreachable, match="CERTIFICATE_VERIFY_FAILED"):
                deliver(app)


@contextmanager
def tls_server(context: ssl.SSLContext, *, starttls: bool) -> Iterator[int]:
    """Run a server that goes as far as the TLS handshake; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client:
                if starttls:
                    with client.makefile("rb") as lines:
                        for answer in (b"220 mx", b"250-mx\r\n250 STARTTLS", b"220 go"):
                            client.sendall(answer + b"\r\n")
                            if answer != b"220 go":
                                lines.readline()
                with suppress(OSError), context.wrap_socket(client, server_side=True) as secure:
                    secure.recv(1)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            thread.join()


def test_a_refused_sender_is_told_by_codes_for_the_words_may_hold_a_key(make_app: MakeApp) -> None:
    answers = (b"220 mx", b"250 mx", b"553 5.7.1 bounces+1-0a1b not owned by you", b"250 ok")
    with answering(*answers) as port:
        app = make_app(MAIL_PORT=port)
        with app.app_context():
            make_petition()
            email_id = sign()
            with pytest.raises(MailServerUnreachable) as error:
                deliver(app)
            assert stored(email_id).state == EmailState.DUE
            assert stored(email_id).reason == str(error.value) == "sender refused: 553 5.7.1"


def test_a_fault_while_settling_defers_the_email_and_delays_no_other(
    app: Flask, petition: str, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    class FailingTokens(Tokens):
        def keyed_hashes(self, purpose: str, text: str) -> list[str]:
            raise ValueError("about anna@example.org")

    post_office.answers["anna@example.org"] = "550 5.1.1 no such user"
    email_id = sign("anna@example.org")
    sign("berta@example.org")
    times = [now()]  # of the worker's clock
    broken = replace(worker_for(app), tokens=FailingTokens(["key"]), clock=lambda: times[-1])
    for seconds in (5, 10, 20):
        broken.deliver_due()
        deferred = stored(email_id)
        assert deferred.state == EmailState.DUE
        assert deferred.reason == "internal error, see the log"
        assert deferred.due_at - times[-1] == timedelta(seconds=seconds)
        times.append(deferred.due_at)
    assert [mail.recipients for mail in post_office.arrived] == [["berta@example.org"]]
    assert f"email {email_id} could not be sent or settled: ValueError" in caplog.text
    assert "anna" not in caplog.text


def test_people_sign_on_while_the_mail_server_is_down_and_the_emails_leave_on_its_return(
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
    assert {stored(number).attempts for number in (1, 2, 3)} == {0}, "no email is to blame"
    post_office.start()
    assert deliver(app) == 3
    assert len(post_office.arrived) == 3


def test_a_server_that_hangs_up_costs_one_email_a_wait_and_no_email_is_lost(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "421 4.3.2 shutting down"
    email_id = sign("anna@example.org")
    sign("berta@example.org")
    with pytest.raises(MailServerUnreachable):
        deliver(app)
    assert stored(email_id).state == EmailState.DUE
    assert deliver(app) == 1
    assert post_office.arrived[0].recipients == ["berta@example.org"]


def test_a_worker_killed_between_claim_and_delivery_gives_the_email_back(
    app: Flask, petition: str
) -> None:
    email_id = sign()
    due_at = stored(email_id).due_at
    assert delivery.claim(due_at) == [email_id]  # … and dies here
    assert delivery.claim(due_at + MINUTE) == [], "it is leased"
    assert delivery.claim(due_at + delivery.LEASE) == [email_id]
    assert stored(email_id).attempts == 2


def test_a_second_copy_after_a_crash_carries_the_same_message_id(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    email_id = sign()
    mail = worker_for(app).compose(email_id)
    again = worker_for(app).compose(email_id)
    assert mail.key == again.key


def test_ten_workers_share_the_emails_and_none_is_sent_twice(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    for number in range(30):
        sign(f"signer{number}@example.org")
    delivered = in_threads(app, 10, lambda _: deliver(app))
    assert sum(int(str(number)) for number in delivered) == 30
    readers = [mail.recipients[0] for mail in post_office.arrived]
    assert len(readers) == len(set(readers)) == 30


def test_an_email_to_somebody_who_is_gone_is_dropped(app: Flask, petition: str) -> None:
    email_id = sign()
    delivery.claim(now())
    with transaction() as connection:
        connection.execute(Email.table().delete())
    with pytest.raises(EmailObsolete):
        worker_for(app).compose(email_id)


def test_a_confirmation_that_waited_too_long_says_that_all_is_well(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    email_id = sign()
    signature_id = stored(email_id).signature_id
    assert signature_id is not None
    signatures.confirm(signature_id, at=now())
    deliver(app)
    assert post_office.arrived[0].message["Subject"] == "Your email address is already confirmed"


def test_an_address_beyond_ascii_is_sent_as_it_is(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    sign("jöhn@bücher.example.org")
    deliver(app)
    assert post_office.arrived[0].recipients == ["jöhn@xn--bcher-kva.example.org"]
    assert post_office.arrived[0].message["To"] == "jöhn@xn--bcher-kva.example.org"


@pytest.mark.parametrize("to", ["anna@example.org", "jöhn@example.org"])
def test_a_long_subject_keeps_its_spaces_and_no_line_is_too_long(app: Flask, to: str) -> None:
    subject = "подтвердите өтінеміз Bitte өтінеміз Sie өтінеміз bestätigen bestätigen"
    text = f"{'П' * 2_000}\n.\n{subject}\n"
    content = smtp.OutgoingMessage(
        key="1-a",
        sender="Комитет <petition@example.org>",
        to=to,
        language="ru",
        subject=subject,
        text=text,
        html=f"<p>{subject}</p>",
    ).as_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) < 998
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert (message["Subject"], message["To"]) == (subject, to)
    assert message["From"] == "Комитет <petition@example.org>"
    body = message.get_body(("plain",))
    assert body is not None
    assert body["Content-Transfer-Encoding"] == "quoted-printable"
    assert body.get_content().replace("\r\n", "\n").strip() == text.strip()


def test_the_headers_are_those_of_an_automatic_mail_of_our_own_domain(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    sign()
    deliver(app)
    (mail,) = post_office.arrived
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Message-ID"].endswith("@petition.example.org>")
    assert mail.sender == "petition@petition.example.org"
    assert mail.message["From"] == "The committee <petition@petition.example.org>"
    assert mail.message["Reply-To"] == "committee@example.org"
    assert [part.get_content_type() for part in mail.message.iter_parts()] == [
        "text/plain",
        "text/html",
    ]
    assert mail.html.count("<a ") == 4, "confirm: button and address, disown, see"
    assert "<img" not in mail.html


@pytest.mark.parametrize(
    ("setting", "name", "address"),
    [
        (
            '"Amnesty, Almaty group" <petition@campaign.example>',
            "Amnesty, Almaty group",
            "petition@campaign.example",
        ),
        (
            "Комитет за освобождение политических заключённых <petition@пример.рф>",
            "Комитет за освобождение политических заключённых",
            "petition@xn--e1afmkfd.xn--p1ai",
        ),
    ],
)
def test_the_sender_is_the_one_of_the_settings(
    make_app: MakeApp, post_office: PostOffice, setting: str, name: str, address: str
) -> None:
    app = make_app(MAIL_DEFAULT_SENDER=setting_types.mailbox(setting))
    with app.app_context():
        invite()
        deliver(app)
    (mail,) = post_office.arrived
    from_header = str(make_header(decode_header(message_from_bytes(mail.raw)["From"])))
    assert parseaddr(from_header) == (name, address)
    assert mail.sender == address
    assert max(map(len, re.findall(r"=\?\S+\?=", mail.headers)), default=0) <= 75, "RFC 2047"


@pytest.mark.parametrize(
    ("organiser", "name"),
    [
        ('Amnesty, "Almaty" group', 'Amnesty, "Almaty" group'),
        ("Комитет за освобождение\n заключённых", "Комитет за освобождение заключённых"),
        ("Комитет " * 20, f"{'Комитет ' * 7}Комитет…"),
    ],
)
def test_a_signer_sees_the_organiser_as_the_sender(
    app: Flask, post_office: PostOffice, organiser: str, name: str
) -> None:
    make_petition(organiser=organiser)
    sign()
    deliver(app)
    (mail,) = post_office.arrived
    from_header = str(make_header(decode_header(message_from_bytes(mail.raw)["From"])))
    assert parseaddr(from_header) == (name, "petition@petition.example.org")
    assert mail.sender == "petition@petition.example.org"
    lines = [line for line in mail.headers.split("\r\n") if "=?" in line]
    assert max(map(len, lines), default=0) <= 76, "RFC 2047"


def test_who_is_at_risk_gets_a_neutral_sender_and_is_not_told_to_share(
    app: Flask, post_office: PostOffice
) -> None:
    make_petition(regime={"country": "KZ", "languages": ["ru"]})
    with transaction() as connection:  # earlier releases took any text
        connection.execute(update(Petition).values(contact="nobody at home"))
    signature = signatures.signature_of(
        signatures.sign(entry=replace(signatures.ENTRY, country="KZ"), at=now())
    )
    signatures.confirm(signature.id, at=now())
    deliver(app)
    assert len(post_office.arrived) == 2
    for mail in post_office.arrived:
        assert mail.message["From"] == "petition@petition.example.org"
        assert mail.message["Reply-To"] is None, "the contact is no address"
        assert "only if it is safe for you" in mail.text
        assert "wa.me" not in mail.html


def test_status_tells_what_waits(app: Flask, petition: str, post_office: PostOffice) -> None:
    post_office.answers["refused@example.org"] = "550 no"
    sign("a@example.org")
    sign("refused@example.org")
    deliver(app)
    sign("b@example.org")
    counts = delivery.status()
    assert (counts.due, counts.sent, counts.refused, counts.withheld) == (1, 1, 1, 0)
    assert isinstance(counts.oldest, datetime)


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
    arrivals = Counter(mail.recipients[0] for mail in post_office.arrived)
    assert len(post_office.arrived) <= 60 + 3 * 50, "at most a batch is sent again for each death"
    assert max(arrivals.values()) <= 1 + 3
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


def test_emails_leave_within_ten_seconds_of_the_servers_return_and_the_log_names_it(
    app: Flask, petition: str, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    post_office.stop()
    sign()
    pauses = Pauses(lambda: sign("berta@example.org"), post_office.start)
    worker_for(app).run(pauses)
    assert len(post_office.arrived) == 2, "sent in the first round after the server's return"
    assert len(pauses.seconds) == 3
    assert max(pauses.seconds) < 10
    server = f"mail server 127.0.0.1:{post_office.port}"
    told = [line for line in caplog.messages if line.startswith("mail server")]
    assert len(told) == 2
    assert told[0].startswith(f"{server} cannot be reached, emails wait: ConnectionRefusedError")
    assert told[1] == f"{server} reached again"


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
    return bool(delivery.status().due == 0)


def test_a_server_that_hangs_up_after_some_emails_gets_none_twice(
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


def test_the_worker_stops_after_its_period_with_emails_left(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    for number in range(3):
        sign(f"a{number}@example.org")
    worker = replace(worker_for(app), background=None, batch=1)
    assert worker.deliver_due(at_most=timedelta(0)) == 1
    assert worker.deliver_due() == 2


def test_no_email_is_written_into_a_folder_nobody_reads(make_app: MakeApp) -> None:
    app = make_app(MAIL_SERVER="")
    result = app.test_cli_runner().invoke(args=["outbox", "run", "--once"])
    assert result.exit_code == 1
    assert "MAIL_SERVER is not set" in result.output


def test_a_task_that_always_fails_delays_no_email(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    def fail(_at: datetime) -> str:
        raise ValueError("broken")

    sign()
    stop = Event()
    broken = Task("broken", timedelta(minutes=1), fail)
    worker = replace(worker_for(app), background=partial(run_due, [broken]))

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
