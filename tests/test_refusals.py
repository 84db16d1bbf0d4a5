"""What the mail server refuses because of us pauses the outbox: no email is given up."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select

from petition.cli.mail import worker_for
from petition.core.clock import now
from petition.core.errors import SenderRefused
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Suppression
from petition.models.enums import EmailState
from petition.outbox import pausing
from tests import signatures
from tests.browsing import browser, deliver, enter, invite, text_of
from tests.factories import MakeApp, make_petition
from tests.post_office import PostOffice

RELAY_DENIED = "554 5.7.1 <anna@example.org>: Relay access denied"


def sign(*emails: str) -> list[int]:
    """Sign now with each address and return the ids of the emails."""
    return [signatures.sign(email, at=now()) for email in emails]


def states() -> list[tuple[str, str]]:
    """Return the state and reason of each email."""
    db.session.rollback()
    return [
        (row[0], row[1])
        for row in db.session.execute(select(Email.state, Email.reason).order_by(Email.id))
    ]


def deliver_later(app: Flask, **later: float) -> int:
    """Deliver as a mail worker does after a time; return how many emails were tried."""
    db.session.rollback()
    return replace(worker_for(app), clock=lambda: now() + timedelta(**later)).deliver_due()


def reason_of_pause() -> str | None:
    """Return why the outbox is paused, or None."""
    db.session.rollback()
    pause = pausing.get_pause()
    return pause.reason if pause else None


@pytest.mark.parametrize(
    ("answer", "codes"),
    [
        (RELAY_DENIED, "554 5.7.1"),
        ("550 5.4.5 Daily sending quota exceeded", "550 5.4.5"),
        ("535 5.7.8 Authentication failed", "535 5.7.8"),
        ("530 Authentication required", "530"),
        ("550 5.1.8 Bad sender", "550 5.1.8"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_refusal_of_the_sender_gives_up_no_email(
    app: Flask, petition: str, post_office: PostOffice, answer: str, codes: str
) -> None:
    post_office.data_answer = answer
    sign("anna@example.org", "berta@example.net")
    with pytest.raises(SenderRefused):
        deliver(app)
    assert {state for state, _ in states()} == {EmailState.DUE}
    assert reason_of_pause() == codes


def test_a_paused_outbox_tries_one_email_at_a_time_and_goes_on_by_itself(
    app: Flask, petition: str, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    post_office.data_answer = RELAY_DENIED
    sign(*(f"a{number}@example.org" for number in range(5)))
    with pytest.raises(SenderRefused):
        deliver(app)
    server = f"mail server 127.0.0.1:{post_office.port}"
    assert f"{server} refuses our emails, they wait: 554 5.7.1" in caplog.text
    assert deliver(app) == 0, "nothing is sent before the next try"
    for days in (1, 3, 8):
        with pytest.raises(SenderRefused):
            deliver_later(app, days=days)
    assert [state for state, _ in states()] == ["due"] * 5, "after eight days none is given up"
    assert caplog.text.count("refuses our emails") == 1, "logged once"
    post_office.data_answer = None
    caplog.set_level(logging.INFO)
    deliver_later(app, days=9)
    assert len(post_office.arrived) == 5
    assert f"{server} accepts our emails again" in caplog.text
    assert reason_of_pause() is None


def test_probes_become_rarer(app: Flask) -> None:
    at, waits = now(), []
    for _ in range(12):
        with transaction() as connection:
            pausing.pause(connection, "554 5.7.1", now=at)
        pause = pausing.get_pause()
        assert pause is not None
        db.session.refresh(pause)
        waits.append((pause.probe_at - at).total_seconds())
    assert waits[:3] == [5, 10, 20]
    assert waits[-1] == 1_800


def test_one_address_that_is_refused_like_this_stops_the_others_once(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = RELAY_DENIED
    sign("anna@example.org")
    with pytest.raises(SenderRefused):
        deliver(app)
    sign("berta@example.org")
    assert deliver_later(app, seconds=8) == 2, "berta's email ends the pause"
    assert [mail.recipients for mail in post_office.arrived] == [["berta@example.org"]]
    assert reason_of_pause() is None
    assert states()[0] == ("due", "554 5.7.1")
    sign("dora@example.org")
    for days in (1, 6):
        assert deliver_later(app, days=days) > 0
        assert reason_of_pause() is None, "anna's does not stop the others again"
    assert states()[0] == ("refused", "554 5.7.1"), "given up after five days"
    assert len(post_office.arrived) == 2


@pytest.mark.parametrize("answer", ["550 rejected", "550 5.1.1 no such user"])
def test_the_same_answer_from_three_domains_is_about_us(
    app: Flask, petition: str, post_office: PostOffice, answer: str
) -> None:
    post_office.data_answer = answer
    sign("anna@example.org", "berta@example.org")
    deliver(app)
    sign("dora@example.net")
    deliver(app)
    assert [state for state, _ in states()] == ["refused"] * 3
    assert reason_of_pause() is None, "two domains"
    sign("emil@example.com")
    deliver(app)
    assert reason_of_pause() == answer.removesuffix(" rejected").removesuffix(" no such user")
    assert [state for state, _ in states()] == ["due"] * 4, "the earlier ones too"
    assert db.session.scalars(select(Suppression.bounce)).all() == []
    post_office.data_answer = None
    deliver_later(app, seconds=6)
    assert len(post_office.arrived) == 4


def test_refusals_between_accepted_emails_are_about_their_addresses(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    for number in range(3):
        address = f"nobody@example{number}.org"
        post_office.answers[address] = "550 5.1.1 no such user"
        sign(address, f"anna{number}@example.org")
        deliver(app)
    assert len(post_office.arrived) == 3
    assert [state for state, _ in states()].count("refused") == 3
    assert reason_of_pause() is None


def test_refusals_longer_apart_than_ten_minutes_are_not_counted_together(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.data_answer = "550 rejected"
    for minutes, domain in ((0, "example.org"), (6, "example.net"), (12, "example.com")):
        sign(f"anna@{domain}")
        deliver_later(app, minutes=minutes)
    assert reason_of_pause() is None


@contextmanager
def refusing_login() -> Iterator[tuple[int, list[str]]]:
    """Run a server that refuses every login; yield its port and what was said to it."""
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                client, _ = server.accept()
                with client, client.makefile("rwb", buffering=0) as lines:
                    lines.write(b"220 mx\r\n")
                    for line in iter(lines.readline, b""):
                        said.append(line.decode().split()[0])
                        if said[-1] == "stop":
                            return
                        answers = {"ehlo": b"250-mx\r\n250 AUTH PLAIN", "AUTH": b"535 5.7.8 no"}
                        lines.write(answers.get(said[-1], b"221 bye") + b"\r\n")

        thread = Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1], said
        finally:
            with socket.create_connection(server.getsockname()) as stop:
                stop.sendall(b"stop\r\n")
                stop.recv(100)
            thread.join()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_wrong_password_is_not_tried_again_and_again(make_app: MakeApp) -> None:
    with refusing_login() as (port, said):
        app = make_app(MAIL_PORT=port, MAIL_USERNAME="anna", MAIL_PASSWORD="wrong")
        with app.app_context():
            make_petition()
            sign("anna@example.org")
            with pytest.raises(SenderRefused):
                deliver(app)
            assert deliver(app) == 0
            assert reason_of_pause() == "535 5.7.8 no"
    assert said.count("AUTH") == 1


def test_organisers_are_warned_and_retry_tries_at_once(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    invite()
    runner = app.test_cli_runner()
    assert deliver(app) == 1
    post_office.data_answer = RELAY_DENIED
    sign("anna@example.org")
    result = runner.invoke(args=["outbox", "run", "--once"])
    assert result.exit_code == 1
    assert (
        f"refuses our emails, which wait: 127.0.0.1:{post_office.port}: 554 5.7.1" in result.stderr
    )
    inside = enter(app)
    for path in ("/organisers/", f"/organisers/p/{petition}"):
        page = text_of(inside.get(path))
        assert "the mail server has refused them since" in page
        assert "Tell whoever runs the server: 554 5.7.1" in page
    assert "refused them" not in browser(app).get(f"/p/{petition}").text
    assert runner.invoke(args=["outbox", "status"]).stdout.startswith("paused since ")
    post_office.data_answer = None
    assert "due now" in runner.invoke(args=["outbox", "retry"]).stdout
    deliver_later(app, seconds=5)
    assert post_office.mail_to("anna@example.org")
    assert "refused them" not in inside.get("/organisers/").text


def test_retry_makes_emails_due_again_that_were_given_up(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.data_answer = "550 5.1.1 no such user"
    sign("anna@example.org")
    deliver(app)
    post_office.data_answer = None
    runner = app.test_cli_runner()
    assert runner.invoke(args=["outbox", "retry"]).stdout == "0 deferred emails are due now\n"
    assert deliver(app) == 0
    assert "1 refused ones" in runner.invoke(args=["outbox", "retry", "--refused"]).stdout
    assert deliver(app) == 1
    assert post_office.arrived[0].recipients == ["anna@example.org"]
