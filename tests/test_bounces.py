"""Mail that comes back later: delivery reports (RFC 3464), from a folder or standard input."""

import io
import mailbox
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage, Message
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from petition import tokens
from petition.extensions import db
from petition.kinds import LetterState
from petition.models import Letter, Suppression
from tests.conftest import (
    Client,
    MakeApp,
    browser,
    confirmed,
    count_of,
    deliver,
    filled,
    make_petition,
    text_of,
    token_for,
)
from tests.post_office import Arrived, PostOffice


def report(
    returned: Message | str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    to: str = "petition@petition.example.org",
    headers_alone: bool = False,
) -> bytes:
    """Write a delivery report as mail servers do."""
    raw = returned if isinstance(returned, str) else returned.as_string()
    kind = "text/rfc822-headers" if headers_alone else "message/rfc822"
    body = raw.partition("\n\n")[0] + "\n" if headers_alone else raw
    return (
        "From: MAILER-DAEMON@mx.example.net\n"
        f"To: {to}\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        "--B\nContent-Type: text/plain\n\nSorry.\n\n"
        "--B\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.net\n\n"
        "Final-Recipient: rfc822; anna@example.org\n"
        f"Action: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} <anna@example.org> is not known here\n\n"
        f"--B\nContent-Type: {kind}\n\n{body}\n--B--\n"
    ).encode()


@pytest.fixture
def sent(app: Flask, client: Client, petition: str, post_office: PostOffice) -> Arrived:
    """Sign and return the mail that left."""
    client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    return post_office.arrived[0]


Bounces = Callable[..., str]


@pytest.fixture
def bounces(app: Flask) -> Bounces:
    """Return what runs `flask bounces`."""

    def run(*arguments: str, given: bytes = b"") -> str:
        result = app.test_cli_runner().invoke(args=["bounces", *arguments], input=io.BytesIO(given))
        assert result.exit_code == 0, result.output
        return result.output

    return run


def letter() -> Letter:
    """Return the first letter as it is now."""
    db.session.rollback()
    found = db.session.get(Letter, 1, populate_existing=True)
    assert found is not None
    return found


@pytest.mark.parametrize("headers_alone", [False, True])
def test_a_hard_bounce_stops_mail_and_shows_on_the_pending_page(
    client: Client, petition: str, sent: Arrived, bounces: Bounces, headers_alone: bool
) -> None:
    given = report(sent.message, headers_alone=headers_alone)
    assert bounces(given=given) == "1 about letters of ours, 0 not\n"
    assert letter().state == LetterState.REFUSED
    assert letter().reason == "5.1.1 550 5.1.1 … is not known here"
    assert bounces(given=given) == "1 about letters of ours, 0 not\n", "twice is once"
    page = client.get(f"/pending/{token_for(client.application, tokens.PENDING, 1)}")
    assert "no such mailbox exists" in text_of(page)


def test_no_more_mail_goes_to_a_mailbox_that_does_not_exist(
    app: Flask, client: Client, petition: str, sent: Arrived, bounces: Bounces,
    post_office: PostOffice,
) -> None:  # fmt: skip
    bounces(given=report(sent.message))
    answer = client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    assert len(post_office.arrived) == 1
    assert "no such mailbox exists" in text_of(client.get(answer.location))


@pytest.mark.parametrize(
    ("status", "action", "state"),
    [
        ("5.2.2", "failed", LetterState.REFUSED),
        ("4.4.1", "delayed", LetterState.SENT),
        ("2.0.0", "delivered", LetterState.SENT),
    ],
)
def test_a_soft_bounce_stops_no_later_mail(
    sent: Arrived, bounces: Bounces, status: str, action: str, state: LetterState
) -> None:
    bounces(given=report(sent.message, status=status, action=action))
    assert letter().state == state
    assert db.session.scalars(select(Suppression.mailbox)).all() == []


def test_a_confirmed_signer_who_bounces_later_stays_counted_and_is_no_longer_mailed(
    app: Flask, client: Client, petition: str, post_office: PostOffice, bounces: Bounces
) -> None:
    confirmed(client, post_office, petition)
    deliver(app)
    bounces(given=report(post_office.arrived[1].message))
    assert count_of(client, petition) == 1
    client.post("/my", data={"email": "anna@example.org"})
    deliver(app)
    assert len(post_office.arrived) == 2


def test_nobody_can_forge_a_bounce(sent: Arrived, bounces: Bounces) -> None:
    forged = f"Message-ID: <1-{'0' * 20}@petition.example.org>\n\nText"
    assert bounces(given=report(forged)) == "0 about letters of ours, 1 not\n"
    assert letter().state == LetterState.SENT


def test_other_mail_is_left_alone(sent: Arrived, bounces: Bounces) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Hello"
    mail.set_content("A question.")
    assert bounces(given=mail.as_bytes()) == "0 about letters of ours, 1 not\n"


def test_reports_are_read_from_a_maildir_an_mbox_and_a_file(
    sent: Arrived, bounces: Bounces, tmp_path: Path
) -> None:
    given = report(sent.message)
    folder = mailbox.Maildir(tmp_path / "maildir")
    box = mailbox.mbox(tmp_path / "mbox")
    for kept in (folder, box):
        kept.add(message_from_bytes(given))
        kept.flush()
        kept.close()
    (tmp_path / "one.eml").write_bytes(given)
    for name in ("maildir", "mbox", "one.eml"):
        assert bounces(str(tmp_path / name)) == "1 about letters of ours, 0 not\n", name


def test_on_request_each_mail_has_an_address_of_its_own_to_come_back_to(
    make_app: MakeApp, post_office: PostOffice
) -> None:
    app = make_app(BOUNCE_ADDRESS="bounces@petition.example.org")
    with app.app_context():
        client = browser(app, use_cookies=False)
        client.post(f"/p/{make_petition()}/sign", data=filled())
        deliver(app)
        (mail,) = post_office.arrived
        local, _, domain = mail.sender.partition("@")
        key = mail.message["Message-ID"].strip("<>").partition("@")[0]
        assert (local, domain) == (f"bounces+{key}", "petition.example.org")
        given = report("Subject: cut short\n\nNo id is left.", to=mail.sender)
        result = app.test_cli_runner().invoke(args=["bounces"], input=io.BytesIO(given))
        assert result.output == "1 about letters of ours, 0 not\n"


def test_who_the_mail_was_for_is_left_out_of_what_the_server_said(
    client: Client, petition: str, app: Flask, post_office: PostOffice, bounces: Bounces
) -> None:
    client.post(f"/p/{petition}/sign", data=filled())
    post_office.answers["anna@example.org"] = "550 5.1.1 User ANNA unknown, Annabel is known"
    deliver(app)
    assert letter().reason == "550 5.1.1 User … unknown, Annabel is known"
    assert db.session.scalars(select(Suppression.bounce)).one() == letter().reason


def test_a_mail_given_up_elsewhere_shows_as_refused_and_bars_nobody(
    client: Client, petition: str, sent: Arrived, bounces: Bounces
) -> None:
    bounces(given=report(sent.message, status="4.4.7"))
    assert letter().state == LetterState.REFUSED
    assert db.session.scalars(select(Suppression.bounce)).all() == []


def test_a_spelling_that_bounces_bars_no_other(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna+typo@gmail.com"] = "550 5.1.1 no such user"
    client.post(f"/p/{petition}/sign", data=filled(email="anna+typo@gmail.com"))
    deliver(app)
    client.post(f"/p/{petition}/sign", data=filled(email="anna@gmail.com"))
    deliver(app)
    assert [mail.recipients for mail in post_office.arrived] == [["anna@gmail.com"]]


def test_a_message_that_cannot_be_read_is_left_alone(bounces: Bounces) -> None:
    nested = "".join(
        f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(3_000)
    )
    given = 'Content-Type: multipart/report; boundary="R"\n\n--R\n' + nested
    assert bounces(given=given.encode()) == "0 about letters of ours, 1 not\n"


def test_spellings_that_bounce_bar_nobody_through_a_letter_too_many(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for number in range(5):  # a stranger uses up the letters of the inbox with tags that bounce
        post_office.answers[f"anna+{number}@example.org"] = "550 5.1.1 no such user"
        client.post(f"/p/{petition}/sign", data=filled(email=f"anna+{number}@example.org"))
        deliver(app)
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    assert "no such mailbox" not in text_of(client.get(pending))
    barred = db.session.scalars(select(Suppression.mailbox)).all()
    assert app.extensions["tokens"].mark("address", "anna@example.org") not in barred
    assert len(barred) == 5


def test_a_second_entry_that_shares_a_refusal_bars_no_spelling_of_its_own(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna+x@gmail.com"] = "550 5.1.1 no such user"
    for email in ("anna+x@gmail.com", "anna@gmail.com"):
        client.post(f"/p/{petition}/sign", data=filled(email=email))
    deliver(app)
    barred = db.session.scalars(select(Suppression.mailbox)).all()
    assert barred == [app.extensions["tokens"].mark("address", "anna+x@gmail.com")]
