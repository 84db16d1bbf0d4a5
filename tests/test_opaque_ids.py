"""Nothing that leaves the site has an id to read: the gap between two would tell who has signed."""

import re
from base64 import b32decode, urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, Response, request
from sqlalchemy import select, text

from petition.cli.mail import worker_for
from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import TokenInvalid
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.database.transactions import advisory_lock, transaction
from petition.mail.bounces import parse_report
from petition.models import Email, Signature
from petition.signatures import reminders
from tests.browsing import (
    CHANGED,
    Client,
    browser,
    confirmed,
    deliver,
    filled,
    invite,
    path_of,
    post,
    public_pages,
)
from tests.factories import SITE, MakeApp, make_petition
from tests.post_office import Arrived, PostOffice
from tests.reports import report
from tests.signatures import sign

GAP = 16  # ids that are made one after the other differ by less
DAY = timedelta(days=1)
# Tokens of earlier releases.
CLEAR = re.compile(r"(?:^|[/<+])([0-9a-f]+(?:-[0-9a-f]+)+)[.@]")
FIRST_ID = 1_500_000_000  # in the walk, so that no other number is taken for an id
MADE_BEFORE = datetime(2026, 11, 20, 12, tzinfo=UTC)
CLEAR_CONFIRM = "6b003640-7-2.ISBsaBo6mt2GbyigSJelF3y45Frx48K5_MF_XsODgdU"
CLEAR_MY = "6b003640-7.cSwcVMX-XMCp9hAP8lTFyHYFdof8eGA77ewUZ5Eese4"
CLEAR_MESSAGE = "9-e1772f728d3928c6156c"


def identifiers(mail: Arrived) -> list[str]:
    """Return what may hold an id in an email, in its order."""
    message = mail.message
    links = re.findall(rf"{SITE}/[^\s\"<>]+", mail.text + mail.html)
    return [str(message["Message-ID"]), str(message.get_boundary()), mail.sender, *links]


def on_page(page: str) -> list[str]:
    """Return what may hold an id in a page, in its order."""
    return re.findall(r'\b(?:href|action|value|src|content|id)="([^"]*)"', page)


def readings(identifier: str) -> list[int]:
    """Return the numbers that an attacker reads without a key, by their place."""
    found = [int(number) for number in re.findall(r"(?<=/)\d+(?=[/.?]|$)", identifier)]
    for fields in CLEAR.findall(identifier):
        found += [int(field, 16) for field in fields.split("-")]
    for content in decoded(identifier):
        found += [
            int.from_bytes(content[start : start + 4], order)
            for start in range(len(content) - 3)
            for order in ("big", "little")
        ]
    return found


def decoded(identifier: str) -> Iterable[bytes]:
    """Yield the bytes of each long word, by every usual encoding that it may have."""
    for word in re.findall(r"[\w-]{16,}", identifier):
        yield urlsafe_b64decode(word + "=" * (-len(word) % 4) if len(word) % 4 != 1 else word[1:])
        if re.fullmatch("[a-z2-7]+", word) and len(word) % 8 not in {1, 3, 6}:
            yield b32decode(word.upper() + "=" * (-len(word) % 8))
        if re.fullmatch("(?:[0-9a-f]{2})+", word):
            yield bytes.fromhex(word)


def gaps(before: Iterable[str], after: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs whose difference tells how many ids were made between them."""
    return [
        (one, other)
        for one, other in zip(before, after, strict=True)
        if any(0 < abs(a - b) <= GAP for a, b in zip(readings(one), readings(other), strict=False))
    ]


def test_the_reminders_before_and_after_a_strangers_do_not_tell_whether_they_signed(
    make_app: MakeApp, post_office: PostOffice
) -> None:
    app = make_app(BOUNCE_ADDRESS="bounces@petition.example.org")
    with app.app_context():
        client, slug = browser(app, use_cookies=False), make_petition()
        confirmed(client, post_office, slug, email="signer@example.org")
        deliver(app)
        for victim in ("signer@example.org", "other@example.org"):
            post_office.arrived.clear()
            names = f"a-{victim}", victim, f"b-{victim}"
            before, _, after = (pending_of(client, slug, name) for name in names)
            assert gaps(before, after) == []
            deliver(app)
            assert gaps(*mails(post_office, names[0], names[2])) == []
            post_office.arrived.clear()
            remind(app, now() + DAY)
            assert len(post_office.arrived) == 2 + (victim == "other@example.org")
            assert gaps(*mails(post_office, names[0], names[2])) == []
            links = [path_of(mail_to(post_office, name).link) for name in (names[0], names[2])]
            assert gaps(*([link, *visit(client, link)] for link in links)) == []


def test_all_reminders_that_are_due_go_at_once(app: Flask, petition: str) -> None:
    for number in range(5):
        sign(f"signer{number}@example.org", at=now())
    deliver(app)
    later = now() + DAY
    for expected in (5, 0):
        enqueued = reminders.enqueue_reminders(within=timedelta(days=7), now=later, batch=2)
        assert enqueued == expected


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_reminders_of_busy_mailboxes_keep_back_no_others(app: Flask, petition: str) -> None:
    for number in range(5):
        sign(f"signer{number}@example.org", at=now())
    deliver(app)
    later = now() + DAY
    with db.engine.begin() as connection:
        first = select(Signature.mailbox_hash).order_by(Signature.id).limit(3)
        advisory_lock(connection, *connection.scalars(first))
        enqueued = reminders.enqueue_reminders(within=timedelta(days=7), now=later, batch=2)
        assert enqueued == 2, "each row is read once, also where nothing could be enqueued"
    assert reminders.enqueue_reminders(within=timedelta(days=7), now=later, batch=2) == 3


def remind(app: Flask, at: datetime) -> None:
    """Send the reminders that are due at a time."""
    db.session.rollback()
    reminders.enqueue_reminders(within=timedelta(days=7), now=at)
    replace(worker_for(app), clock=lambda: at).deliver_due()


def pending_of(client: Client, slug: str, email: str) -> list[str]:
    """Sign and return what may hold an id in the answer and in the page that it leads to."""
    answer = client.post(f"/p/{slug}/sign", data=filled(email=email))
    return [str(answer.location), *on_page(client.get(answer.location).text)]


def visit(client: Client, link: str) -> list[str]:
    """Confirm and return what may hold an id on the way."""
    shown = on_page(client.get(link).text)
    thanks = client.post(link).location
    assert "You are number" in client.get(thanks).text
    return [*shown, thanks]


def mails(post_office: PostOffice, *names: str) -> list[list[str]]:
    """Return what may hold an id in the email to each."""
    return [identifiers(mail_to(post_office, name)) for name in names]


def mail_to(post_office: PostOffice, name: str) -> Arrived:
    """Return the one email to a name."""
    (mail,) = [mail for mail in post_office.arrived if mail.recipients == [name]]
    return mail


def test_the_ids_of_earlier_releases_could_be_read() -> None:
    later = "6b003641-9.ISBsaBo6mt2GbyigSJelF3y45Frx48K5_MF_XsODgdU"
    assert gaps([f"{SITE}/my/{CLEAR_MY}"], [f"{SITE}/my/{later}"]), "so the attack is a real one"
    assert gaps([f"<{CLEAR_MESSAGE}@x.org>"], [f"<{CLEAR_MESSAGE.replace('9', 'b', 1)}@x.org>"])


def test_links_and_bounces_of_earlier_releases_still_work() -> None:
    service = Tokens(["key", "new"])  # made with the first
    week, forever = tokens.confirm_purpose(7), tokens.SELF_SERVICE
    assert service.read(week, CLEAR_CONFIRM, now=MADE_BEFORE) == (7, 2)
    assert service.made_at(week, CLEAR_CONFIRM) == MADE_BEFORE
    assert service.read(forever, CLEAR_MY, now=MADE_BEFORE + timedelta(days=3600)) == (7,)
    returned = f"Message-ID: <{CLEAR_MESSAGE}@petition.example.org>\n\nText"
    assert [bounce.email_id for bounce in parse_report(report(returned), service)] == [9]
    for token, purpose in ((CLEAR_CONFIRM, forever), (f"{CLEAR_MY}x", forever), ("1.", forever)):
        with pytest.raises(TokenInvalid):
            service.read(purpose, token, now=MADE_BEFORE)


@pytest.mark.parametrize("changed", ["", "A", "AAAA", "é", "a" * 43, "a" * 400, "\0", "=" * 43])
def test_only_a_whole_token_of_its_purpose_and_key_is_read(changed: str) -> None:
    service, made = Tokens(["old"]), MADE_BEFORE
    token = service.make(tokens.SELF_SERVICE, 7, now=made)
    assert Tokens(["old", "new"]).read(tokens.SELF_SERVICE, token, now=made) == (7,)
    for reader, text_, purpose in (
        (service, changed, tokens.SELF_SERVICE),
        (service, token + changed if changed else token[:-1], tokens.SELF_SERVICE),
        (service, ("A" if token[0] != "A" else "B") + token[1:], tokens.SELF_SERVICE),
        (service, token, tokens.THANKS),
        (Tokens(["new"]), token, tokens.SELF_SERVICE),
    ):
        with pytest.raises(TokenInvalid):
            reader.read(purpose, text_, now=made)


def test_no_page_and_no_email_has_the_id_of_a_signature_entry_or_email(
    make_app: MakeApp, post_office: PostOffice
) -> None:
    app = make_app(BOUNCE_ADDRESS="bounces@petition.example.org", RATELIMIT_ENABLED=True)
    answers = record(app)
    with app.app_context():
        move_ids()
        slug = make_petition()
        walk(app, slug, post_office)
        for table in (Signature, Email):
            ids = db.session.scalars(select(table.id)).all()
            assert min(ids) > FIRST_ID
    sent = [
        f"{mail.sender}\n{mail.message.as_string()}\n{mail.text}\n{mail.html}"
        for mail in post_office.arrived
    ]
    assert len(sent) == 8
    for said in [*answers, *sent]:
        assert ids_in(said) == set(), said


def record(app: Flask) -> list[str]:
    """Keep the headers and the content of each answer that is not for organisers."""
    answers: list[str] = []

    @app.after_request
    def keep(response: Response) -> Response:
        if not request.path.startswith("/organisers/p/"):
            answers.append(f"{response.headers}\n{response.get_data(as_text=True)}")
        return response

    return answers


def move_ids() -> None:
    """Make the next ids of these tables large."""
    with transaction() as connection:
        for table in ("signature", "alternate_entry", "email"):
            name = {"name": table, "sequence": f"{table}_id_seq", "first": FIRST_ID}
            statement = (
                "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :first)"
                if connection.dialect.name == "sqlite"
                else "SELECT setval(:sequence, :first)"
            )
            if connection.dialect.name == "sqlite":
                connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), name)
            connection.execute(text(statement), name)


def ids_in(said: str) -> set[int]:
    """Return the ids of the walk that are in a text: in digits, or in the bytes of a token."""
    near = range(FIRST_ID, FIRST_ID + 100)
    words = {int(word, 16) for word in re.findall("[0-9a-f]{8}", said)}
    numbers = {*words, *map(int, re.findall(r"\d{10}", said))}
    numbers |= {
        int.from_bytes(content[start : start + 4], order)
        for content in decoded(said)
        for start in range(len(content) - 3)
        for order in ("big", "little")
    }
    return numbers & set(near)


def walk(app: Flask, slug: str, post_office: PostOffice) -> None:
    """Go to every page that a signer reaches, with mistakes and with another entry."""
    client = browser(app, use_cookies=False)
    for page in public_pages(client, slug):
        client.get(page)
    for _ in range(2):
        post(client, "ann@example.org")
        deliver(app)
    pending = post(client, "ana@example.org").location
    client.get(pending)
    client.post(pending)
    client.post(f"{pending}/code", data={"code": "000000"})
    pending = client.post(f"{pending}/address", data={"email": "anna@example.org"}).location
    deliver(app)
    link, not_me = (
        path_of(post_office.arrived[-1].link_to(page)) for page in ("confirm", "not-me")
    )
    for path in (link, not_me):
        assert client.get(path).status_code == 200
    thanks = client.post(link).location
    client.get(thanks)
    post(client, "anna@example.org", name="Somebody Else")
    client.post("/my", data={"email": "anna@example.org"})
    invite()
    deliver(app)
    assert client.post(f"{not_me}x").status_code == 404
    other = path_of(post_office.mail_to("ann@example.org").link_to("not-me"))
    client.post(other, data={"never": "yes"})
    mine = path_of(post_office.mail_to("anna@example.org").link_to("my"))
    client.get(mine)
    assert client.get(f"{mine}/data.json").status_code == 200
    assert client.post(mine, data=CHANGED).status_code == 303
    client.post(mine, data={"action": "withdraw"})
    deliver(app)
