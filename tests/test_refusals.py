"""What the mail server refuses because of us pauses the outbox: no email is given up."""

import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import select, text

from petition.cli.mail import worker_for
from petition.core.clock import now
from petition.core.errors import EmailRefused, SenderRefused
from petition.database.base import db
from petition.database.transactions import transaction
from petition.mail import refusals
from petition.models import Email, Suppression
from petition.models.enums import EmailState
from petition.outbox import delivery, pausing
from tests import signatures
from tests.browsing import browser, deliver, enter, invite, text_of
from tests.factories import MakeApp, make_petition
from tests.post_office import PostOffice
from tests.waiting import wait_until

RELAY_DENIED = "554 5.7.1 <anna@example.org>: Relay access denied"
_WAITING_FOR_LOCKS = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


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


def test_a_probe_without_an_email_is_not_used_up(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    sign("anna@example.org", "berta@example.org")
    minute = (now() + timedelta(minutes=1)).replace(second=0)

    def deliver_at(seconds: int) -> int:
        at = minute + timedelta(seconds=seconds)
        return replace(
            worker_for(app), clock=lambda: at, emails_per_minute=1, batch=1
        ).deliver_due()

    post_office.data_answer = RELAY_DENIED
    with pytest.raises(SenderRefused):
        deliver_at(0)
    post_office.data_answer = None
    assert deliver_at(10) == 0, "the email of this minute was refused"
    assert deliver_at(61) == 1
    assert reason_of_pause() is None


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_workers_with_replies_for_and_against_us_do_not_wait_for_each_other(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    post_office.data_answer = "550 rejected"
    first, _ = sign("a@example.org", "a@example.net")
    deliver(app)
    accepted, refused = sign("a@example.fi", "a@example.com")
    with transaction() as connection:
        delivery.give_up(connection, refused, "550")
        pausing.pause(connection, "550", now=now())

    def settle(number: int) -> None:
        replies: dict[int, Exception | None] = (
            {accepted: None} if number == 0 else {refused: EmailRefused("550")}
        )
        with transaction() as connection:
            repeated = refusals.find_repeated(connection, replies)
            tokens = app.extensions["tokens"]
            refusals.update_pause(connection, replies, repeated, None, tokens=tokens, now=now())

    def settle_in_turn(number: int) -> None:
        with app.app_context():
            wait_until(lambda: count_waiting() == number, "the one before waits")
            settle(number)

    def count_waiting() -> int:
        with db.engine.connect() as connection:
            return connection.scalar(_WAITING_FOR_LOCKS) or 0

    with ThreadPoolExecutor(2) as pool:
        with db.engine.begin() as connection:  # hold the row for which both wait
            connection.execute(select(Email.id).where(Email.id == first).with_for_update())
            results = [pool.submit(settle_in_turn, number) for number in range(2)]
            wait_until(lambda: count_waiting() == 2, "both wait")
        for result in results:
            result.result()


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


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "552 5.2.2 full", "552 too much"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_three_addresses_that_do_not_exist_are_not_about_us(
    app: Flask, petition: str, post_office: PostOffice, answer: str
) -> None:
    post_office.data_answer = answer
    for address in ("anna@example.org", "dora@example.net", "emil@example.com"):
        sign(address)
        deliver(app)
    assert [state for state, _ in states()] == ["refused"] * 3
    assert reason_of_pause() is None


@pytest.mark.parametrize("answer", ["550 rejected", "554 5.6.0 rejected"])
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
    assert reason_of_pause() == answer.removesuffix(" rejected")
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
        assert "the email server has refused them since" in page
        assert "Tell the person who runs the server: 554 5.7.1" in page
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
