"""Mail that comes back later: delivery reports (RFC 3464), from a folder or standard input."""

import base64
import io
import mailbox
import quopri
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from petition.core import tokens
from petition.database.base import db
from petition.mail import bounces as bounce_reports
from petition.models import Email, Suppression
from petition.models.enums import EmailState
from tests.browsing import Client, browser, confirmed, count_of, deliver, filled, text_of, token_for
from tests.factories import MakeApp, earlier, make_petition
from tests.post_office import Arrived, PostOffice
from tests.reports import report


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
        return result.stdout

    return run


def first_email() -> Email:
    """Return the first email as it is stored now."""
    db.session.rollback()
    email = db.session.get(Email, 1, populate_existing=True)
    assert email is not None
    return email


@pytest.mark.parametrize("headers_alone", [False, True])
def test_a_hard_bounce_stops_mail_and_shows_on_the_pending_page(
    client: Client, petition: str, sent: Arrived, bounces: Bounces, headers_alone: bool
) -> None:
    given = report(sent.message, headers_alone=headers_alone)
    assert bounces(given=given) == "1 about our emails, 0 not\n"
    assert first_email().state == EmailState.REFUSED
    assert first_email().reason == "5.1.1"
    assert bounces(given=given) == "1 about our emails, 0 not\n", "idempotent"
    page = client.get(f"/pending/{token_for(client.application, tokens.PENDING, 1)}")
    assert "mailbox does not exist" in text_of(page)


def test_no_more_mail_goes_to_a_mailbox_that_does_not_exist(
    app: Flask, client: Client, petition: str, sent: Arrived, bounces: Bounces,
    post_office: PostOffice,
) -> None:  # fmt: skip
    bounces(given=report(sent.message))
    answer = client.post(f"/p/{petition}/sign", data=filled())
    deliver(app)
    assert len(post_office.arrived) == 1
    earlier(seconds=3)
    page = text_of(client.get(answer.location))
    assert "It is sent." in page, "as the server there would have taken it at first"


def test_a_refusal_in_the_dialogue_is_shown_at_once_to_whoever_types_the_address_next(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna@example.org"] = "550 5.1.1 no such user"
    for slug in (petition, make_petition("another")):
        pending = client.post(f"/p/{slug}/sign", data=filled()).location
        deliver(app)
        assert "mailbox does not exist" in text_of(client.get(pending))
    assert db.session.scalars(select(Email.reason)).all() == ["550 5.1.1"] * 2


def test_an_email_too_many_does_not_tell_that_those_before_it_came_back_later(
    app: Flask, client: Client, petition: str, post_office: PostOffice, bounces: Bounces
) -> None:
    for _ in range(5):
        first = client.post(f"/p/{petition}/sign", data=filled()).location
        deliver(app)
    for mail in post_office.arrived:
        bounces(given=report(mail.message, status="5.2.2"))
    assert "is full" in text_of(client.get(first))
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    assert len(post_office.arrived) == 5
    earlier(seconds=3)
    assert "It is sent." in text_of(client.get(pending))


@pytest.mark.parametrize(
    ("status", "action", "state"),
    [
        ("5.2.2", "failed", EmailState.REFUSED),
        ("4.4.1", "delayed", EmailState.SENT),
        ("2.0.0", "delivered", EmailState.SENT),
    ],
)
def test_a_soft_bounce_stops_no_later_mail(
    sent: Arrived, bounces: Bounces, status: str, action: str, state: EmailState
) -> None:
    bounces(given=report(sent.message, status=status, action=action))
    assert first_email().state == state
    assert db.session.scalars(select(Suppression.hash)).all() == []


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


@pytest.mark.parametrize("key", [f"1-{'0' * 20}", "a" * 39])
def test_nobody_can_forge_a_bounce(sent: Arrived, bounces: Bounces, key: str) -> None:
    forged = f"Message-ID: <{key}@petition.example.org>\n\nText"
    assert bounces(given=report(forged)) == "0 about our emails, 1 not\n"
    assert first_email().state == EmailState.SENT


def test_other_mail_is_left_alone(sent: Arrived, bounces: Bounces) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Hello"
    mail.set_content("A question.")
    assert bounces(given=mail.as_bytes()) == "0 about our emails, 1 not\n"


def test_reports_are_read_from_a_maildir_an_mbox_and_a_file(
    sent: Arrived, bounces: Bounces, tmp_path: Path
) -> None:
    given = report(sent.message)
    folder = mailbox.Maildir(tmp_path / "maildir")
    box = mailbox.mbox(tmp_path / "mbox")
    for messages in (folder, box):
        messages.add(message_from_bytes(given))
        messages.flush()
        messages.close()
    (tmp_path / "one.eml").write_bytes(given)
    for name in ("maildir", "mbox", "one.eml"):
        assert bounces(str(tmp_path / name)) == "1 about our emails, 0 not\n", name


def test_on_request_each_email_has_an_address_of_its_own_to_come_back_to(
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
        assert result.stdout == "1 about our emails, 0 not\n"


def test_only_the_codes_of_an_answer_are_stored(
    client: Client, petition: str, app: Flask, post_office: PostOffice, bounces: Bounces
) -> None:
    client.post(f"/p/{petition}/sign", data=filled())
    post_office.answers["anna@example.org"] = "550 5.1.1 User ANNA unknown, Annabel is known"
    deliver(app)
    assert first_email().reason == "550 5.1.1"
    assert db.session.scalars(select(Suppression.bounce)).one() == first_email().reason


def test_an_email_given_up_elsewhere_shows_as_refused_and_bars_nobody(
    client: Client, petition: str, sent: Arrived, bounces: Bounces
) -> None:
    bounces(given=report(sent.message, status="4.4.7"))
    assert first_email().state == EmailState.REFUSED
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
    assert bounces(given=given.encode()) == "0 about our emails, 1 not\n"


def test_spellings_that_bounce_bar_nobody_through_an_email_too_many(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for number in range(5):  # a stranger uses up the emails of the mailbox with tags that bounce
        post_office.answers[f"anna+{number}@example.org"] = "550 5.1.1 no such user"
        client.post(f"/p/{petition}/sign", data=filled(email=f"anna+{number}@example.org"))
        deliver(app)
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    deliver(app)
    assert "mailbox does not exist" not in text_of(client.get(pending))
    barred = db.session.scalars(select(Suppression.hash)).all()
    assert app.extensions["tokens"].keyed_hash("address", "anna@example.org") not in barred
    assert len(barred) == 5


def test_a_second_entry_that_shares_a_refusal_bars_no_spelling_of_its_own(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["anna+x@gmail.com"] = "550 5.1.1 no such user"
    for email in ("anna+x@gmail.com", "anna@gmail.com"):
        client.post(f"/p/{petition}/sign", data=filled(email=email))
    deliver(app)
    barred = db.session.scalars(select(Suppression.hash)).all()
    assert barred == [app.extensions["tokens"].keyed_hash("address", "anna+x@gmail.com")]


FIELDS = (
    "Reporting-MTA: dns; mx.example.net\n\n"
    "Final-Recipient: utf-8; ånna@example.org\n"
    "Action: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n"
)
ENCODED: dict[str, Callable[[bytes], bytes]] = {
    "8bit": bytes,
    "base64": base64.encodebytes,
    "quoted-printable": quopri.encodestring,
}


def parts(
    *contents: tuple[str, str | bytes],
    kind: str = "report; report-type=delivery-status",
    encoding: str = "8bit",
) -> bytes:
    """Write a message of parts, each of a type and a content."""
    boundary = f"B{kind[:3]}"
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"'
    given = f"To: petition@petition.example.org\n{head}\n\n".encode()
    for content_type, content in contents:
        raw = content.encode() if isinstance(content, str) else content
        given += f"--{boundary}\nContent-Type: {content_type}\n".encode()
        if encoding != "8bit":
            given += f"Content-Transfer-Encoding: {encoding}\n".encode()
        given += b"\n" + ENCODED[encoding](raw) + b"\n"
    return given + f"--{boundary}--\n".encode()


def status_of(
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <ånna> unknown",
) -> str:
    """Write the fields of a delivery status."""
    return FIELDS.format(action=action, status=status, diagnostic=diagnostic)


@pytest.mark.parametrize("encoding", ENCODED)
@pytest.mark.parametrize("status", ["message/delivery-status", "message/global-delivery-status"])
@pytest.mark.parametrize(
    "returned",
    ["message/rfc822", "message/global", "message/global-headers", "text/rfc822-headers"],
)
def test_reports_of_emails_beyond_ascii_and_encoded_ones_are_read(
    sent: Arrived, bounces: Bounces, encoding: str, status: str, returned: str
) -> None:
    raw = f"Subject: ÅÅ\n{sent.message.as_string()}"
    if returned.endswith("headers"):
        raw = raw.partition("\n\n")[0] + "\n"
    given = parts(
        ("text/plain", "Sorry."), (status, status_of()), (returned, raw), encoding=encoding
    )
    assert bounces(given=given) == "1 about our emails, 0 not\n"
    assert first_email().reason == "5.1.1"


def test_a_report_with_a_footer_is_read_and_one_that_somebody_passed_on_is_not(
    sent: Arrived, bounces: Bounces
) -> None:
    whole = report(sent.message)
    passed_on = parts(("text/plain", "Look:"), ("message/rfc822", whole), kind="mixed")
    assert bounces(given=passed_on) == "0 about our emails, 1 not\n"
    _, _, body = whole.partition(b"MIME-Version: 1.0\nContent-Type: ")
    kind, _, content = body.decode().partition("\n\n")
    given = parts((kind, content), ("text/plain", "Scanned for viruses."), kind="mixed")
    assert bounces(given=given) == "1 about our emails, 0 not\n"
    assert first_email().state == EmailState.REFUSED


def test_nor_can_a_bounce_be_forged_in_the_newer_forms(sent: Arrived, bounces: Bounces) -> None:
    forged = f"Message-ID: <{'a' * 39}@petition.example.org>\n\nText"
    for encoding in ENCODED:
        given = parts(
            ("message/global-delivery-status", status_of()),
            ("message/global", forged),
            encoding=encoding,
        )
        assert bounces(given=given) == "0 about our emails, 1 not\n"
    assert first_email().state == EmailState.SENT


@pytest.mark.parametrize(
    "action", ["failed (no such mailbox)", "FAILED", " Failed(x)", "failed\x00"]
)
def test_an_action_is_its_first_word(sent: Arrived, bounces: Bounces, action: str) -> None:
    bounces(given=report(sent.message, action=action))
    assert first_email().state == EmailState.REFUSED


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.2.2 (mailbox full)", "smtp; 550 5.1.1 no", "5.2.2"),
        ("5.0.0", "smtp; 550-5.1.1 no such user\n 550 5.1.1 here", "5.1.1"),
        ("5.0.0", "smtp; 5.1.2 - Bad destination host", "5.1.2"),
        ("5.0.0", "smtp; 550 No such user", "5.0.0"),
        ("", "smtp; 550 5.1.1 no such user", "5.1.1"),
        ("5.1.1\x00", "smtp; 550 \x00\x1b[31m <anna@example.org>", "5.1.1"),
    ],
)
def test_of_a_report_the_enhanced_status_alone_is_kept(
    sent: Arrived, bounces: Bounces, status: str, diagnostic: str, reason: str
) -> None:
    given = parts(
        ("message/delivery-status", status_of(status=status, diagnostic=diagnostic)),
        ("message/rfc822", sent.message.as_string()),
    )
    assert bounces(given=given) == "1 about our emails, 0 not\n"
    assert first_email().reason == reason
    assert set(db.session.scalars(select(Suppression.bounce))) <= {reason}


def test_malformed_reports_are_skipped(
    sent: Arrived, bounces: Bounces, caplog: pytest.LogCaptureFixture
) -> None:
    whole = report(sent.message)
    many = [("message/delivery-status", status_of())] * 60
    for given in (
        whole + b"x" * bounce_reports.MAX_BYTES,
        parts(*many, ("message/rfc822", sent.message.as_string())),
        whole.replace(b"\n", b"\r").replace(
            b"Sorry.", b"".join(b"--B\rContent-Type: multipart/mixed\r" for _ in range(3_000))
        ),
        whole.replace(b"Status: 5.1.1", b"Status: \xff\x00").replace(b"550 5.1.1", b"550"),
        whole.replace(b"message/delivery-status", b"message/delivery-status; charset=\xff\x00x"),
        b"",
        b"\x00" * 100,
        b"Content-Type: multipart/report\n\n",
    ):
        output = bounces(given=given)
        assert output in {"0 about our emails, 1 not\n", "1 about our emails, 0 not\n"}
    assert caplog.text == ""


def test_a_message_that_fails_delays_no_later_one_and_is_logged_without_personal_data(
    app: Flask, sent: Arrived, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = mailbox.Maildir(tmp_path / "maildir")
    folder.add(report(sent.message))
    for number in range(3):  # it was there when the folder was listed, and cannot be opened
        (tmp_path / "maildir" / "new" / f"{number}.anna").symlink_to(tmp_path / "nowhere")
    result = app.test_cli_runner().invoke(args=["bounces", str(tmp_path / "maildir")])
    assert "1 about our emails, 3 not\n" in result.output
    assert result.exit_code == 1, "or a mail server would take it for done"
    assert first_email().state == EmailState.REFUSED
    assert caplog.text.count("a message could not be read or acted on: FileNotFoundError") == 3
    assert "anna" not in caplog.text
