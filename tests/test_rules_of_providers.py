"""Signatures of spellings that a provider's rule makes one mailbox's, before and after it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Organiser, Signature
from petition.outbox import suppression
from tests import databases, upgrades
from tests.browsing import Client, count_of, deliver, filled, path_of
from tests.post_office import PostOffice

SLUG = "free-them"
# Stored by the rules of before: id, address, number if confirmed.
STORED: list[tuple[int, str, int | None]] = [
    (21, "anna.berg@proton.me", 5),
    (22, "annaberg@proton.me", None),
    (23, "bo-b@pm.me", None),
    (24, "b.o.b+x@pm.me", None),
    (25, "cy@proton.me", 6),
    (26, "c.y@proton.me", 7),
    (27, "x@dora.fastmail.com", 8),
    (28, "ed@proton.me", 9),
    (29, "e.d+x@proton.me", 10),
]
_INSERT = (
    "INSERT INTO signature (id, petition_id, name, email, address_key, mailbox_key, country,"
    " postcode, organisation, role, comment, display, handover, updates, language, channel,"
    " text_language, text_version, entry, signed_at, confirmed_at, number, entries, disposable,"
    " comment_state, muted) VALUES ({id}, 1, 'Name', '{email}', '{email}', '{mailbox}', 'SE', '',"
    " '', '', '', 'hidden', false, false, 'en', '', 'en', 1, 1, '2026-11-26 13:46:23',"
    " {confirmed_at}, {number}, 1, false, 'waiting', false)"
)


@pytest.fixture(params=[(kind, "0005") for kind in databases.KINDS], ids="-".join)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    statements = [
        _INSERT.format(
            id=key,
            email=email,
            mailbox=email.replace("+x", ""),
            confirmed_at="'2026-11-26 13:46:24'" if number else "NULL",
            number=number or "NULL",
        )
        for key, email, number in STORED
    ]
    statements += [
        "UPDATE letter SET signature_id = 22 WHERE id = 2",
        "UPDATE letter SET signature_id = 24 WHERE id = 3",
        "UPDATE tally SET counted = 8, last_number = 10 WHERE petition_id = 1",
        "UPDATE organiser SET email = 'ol.ga@proton.me', mailbox_key = 'ol.ga@proton.me'",
    ]
    with upgrades.migrated(request, tmp_path, *statements) as uri:
        yield uri


def test_confirmed_signatures_stay_and_new_spellings_are_no_second_ones(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    rows = db.session.scalars(select(Signature).where(Signature.id > 20).order_by(Signature.id))
    keys = {row.id: row.mailbox_key for row in rows}
    assert keys == {
        21: "annaberg@proton.me",  # confirmed; the unconfirmed 22 is erased
        24: "bob@pm.me",  # the newest of those not confirmed
        25: "cy@proton.me",
        26: "c.y@proton.me",  # confirmed as well: it stays, and no new address has its key
        27: "dora@fastmail.com",
        28: "ed@proton.me",
        29: "e.d@proton.me",
    }
    hash_mailbox = app.extensions["tokens"].hash_mailbox
    email, sent = db.session.get_one(Email, 2), db.session.get_one(Email, 3)
    assert email.signature_id is None
    assert sent.mailbox_hash == hash_mailbox("bob@proton.me"), "for the number of emails"
    assert db.session.scalars(select(Organiser.mailbox_key)).all() == ["olga@proton.me"]
    assert count_of(client, SLUG) == 8
    deliver(app)
    for email_address in ("an-na.berg@proton.me", "c_y@proton.me", "news@dora.fastmail.com"):
        before = len(post_office.arrived)
        client.post(f"/p/{SLUG}/sign", data=filled(email=email_address))
        deliver(app)
        assert "is counted once" in post_office.wait_for(before + 1)[-1].text
    assert count_of(client, SLUG) == 8
    for first, second in (("cy@proton.me", "c.y@proton.me"), ("ed@proton.me", "e.d+x@proton.me")):
        client.post("/my", data={"email": second})
        deliver(app)
        mail = post_office.arrived[-1]
        assert mail.recipients == [second], "its owner finds the second one, too"
        links = re.findall(r"https?://\S+/my/\S+", mail.text)
        pages = [client.get(path_of(link)).text for link in links]
        for email_address in (first, second):
            assert any(email_address in page for page in pages)


def test_a_refusal_of_email_by_the_rules_of_before_still_holds(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    deliver(app)
    before = len(post_office.arrived)
    refused = ("d.ee@pm.me", "x@gus.fastmail.com", "eva@me.com")
    with transaction() as connection:
        for address in refused:
            hashed = app.extensions["tokens"].hash_mailbox(address)
            suppression.suppress(connection, hashed, now=now())
    for address in refused:
        client.post(f"/p/{SLUG}/sign", data=filled(email=address))
    deliver(app)
    assert len(post_office.arrived) == before
