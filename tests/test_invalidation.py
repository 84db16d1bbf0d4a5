"""A signature that an organiser takes out of the count counts nowhere, until it is restored."""

import re
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select

from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import UndoTooLate
from petition.database.base import db
from petition.models import Invalidation, Signature
from petition.models.enums import InvalidReason, PetitionState
from petition.operations import retention
from petition.organisers.overview import figures
from petition.organisers.review import invalidation
from petition.petitions import lifecycle, supporters
from petition.signatures import self_service
from tests.browsing import (
    CHANGED,
    Client,
    browser,
    confirmed,
    count_of,
    deliver,
    enter,
    invite,
    my_page,
    path_of,
    signed,
    text_of,
    trail,
)
from tests.factories import TODAY, make_petition
from tests.post_office import PostOffice
from tests.signatures import (
    confirm,
    counted,
    in_threads,
    recounted_sums,
    sign,
    signature_of,
    stored_sums,
)

ANNA = {"email": "anna@example.org", "consent": "yes"}
SHOWN = {"display": "full", "organisation": "Lund Union", "handover": "yes"}
DUPLICATE = InvalidReason.DUPLICATE


def number_of(signature_id: int) -> int | None:
    """Return the number of a signature if it counts."""
    db.session.rollback()
    query = select(Signature.number).where(Signature.id == signature_id, Signature.counted)
    return db.session.scalar(query)


def many(number: int) -> list[int]:
    """Confirm so many signatures; return their ids."""
    ids = [signature_of(sign(f"{n}@example.org")).id for n in range(number)]
    for signature_id in ids:
        confirm(signature_id)
    return ids


def test_it_leaves_the_count_the_sums_the_pages_and_the_files(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for name in ("Anna Berg", "Bo Ek"):
        email = f"{name[:2]}@example.org"
        confirmed(client, post_office, petition, name=name, email=email, **SHOWN)
    before = stored_sums()
    organiser_id = invite()
    invalidation.invalidate(1, 1, DUPLICATE, "seen twice", organiser_id=organiser_id, now=TODAY)
    app.extensions["page_cache"].clear()
    assert count_of(client, petition) == counted() == 1
    assert stored_sums() == recounted_sums()
    assert stored_sums()[1, "invalidated", "duplicate"] == 1
    for page in (f"/p/{petition}", f"/p/{petition}/signatures"):
        words = client.get(page).text
        assert "Bo Ek" in words
        assert "Anna Berg" not in words
    public = text_of(client.get(f"/p/{petition}"))
    assert "taken 1 signature out of the count. The reason: The same person twice: 1" in public
    assert "seen twice" not in public
    inside = enter(app)
    for file in ("signatures.csv", "signatures.csv?profile=handover", "signatures.jsonl"):
        text = inside.get(f"/organisers/p/{petition}/{file}").text
        assert "Bo Ek" in text
        assert "Anna Berg" not in text
        assert "withheld for their safety" not in text, "it is not counted as withheld"
    found = figures.get_figures(1, now=TODAY)
    assert (found.confirmed, found.pending, found.invalidated, found.withdrawn) == (1, 0, 1, 0)
    action = ("signature.invalidate", organiser_id, 1, "signature 1, duplicate")
    assert action in trail()
    invalidation.restore(1, 1, now=TODAY + timedelta(days=30))
    assert stored_sums() == before
    assert [number_of(1), number_of(2)] == [1, 2], "it has its number again"
    assert supporters.get_totals(1).removed == []


def test_nothing_is_said_of_removals_where_there_are_none(
    app: Flask, client: Client, petition: str
) -> None:
    assert "Removed signatures" not in client.get(f"/p/{petition}").text


def test_both_are_done_once_however_often_and_at_once(app: Flask, petition: str) -> None:
    many(3)
    do = partial(invalidation.invalidate, 1, 2, DUPLICATE, now=TODAY)
    assert len({*in_threads(app, 4, lambda _: do())}) == 1
    assert counted() == 2
    assert db.session.scalar(select(Invalidation.signatures)) == 1
    in_threads(app, 4, lambda _: invalidation.restore(1, 2, now=TODAY))
    assert counted() == 3
    assert stored_sums() == recounted_sums()
    assert [action for action, *_ in trail()].count("signature.restore") == 1


def test_taking_out_and_withdrawing_at_once_count_right(app: Flask, petition: str) -> None:
    ids = many(6)

    def do(number: int) -> None:
        for signature_id in ids:
            try:
                if number:
                    self_service.withdraw(signature_id, now=TODAY)
                else:
                    invalidation.invalidate(1, signature_id, DUPLICATE, now=TODAY)
            except ItemNotFound:
                continue

    in_threads(app, 2, do)
    assert counted() == 0
    assert stored_sums() == recounted_sums()
    assert not stored_sums()


def test_only_a_confirmed_signature_of_the_petition_is_taken_out(app: Flask, petition: str) -> None:
    make_petition("another")
    sign("waiting@example.org")
    (confirmed_id,) = many(1)
    for petition_id, signature_id in ((1, 1), (2, confirmed_id), (1, 99)):
        with pytest.raises(ItemNotFound):
            invalidation.invalidate(petition_id, signature_id, DUPLICATE, now=TODAY)
    assert number_of(confirmed_id) == 1


def test_after_thirty_days_it_stays_out(app: Flask, petition: str) -> None:
    (signature_id,) = many(1)
    invalidation.invalidate(1, signature_id, DUPLICATE, now=TODAY)
    late = TODAY + timedelta(days=30, seconds=1)
    with pytest.raises(UndoTooLate):
        invalidation.restore(1, signature_id, now=late)
    assert counted() == 0


def test_a_recount_and_the_retention_leave_it_out(app: Flask, petition: str) -> None:
    ids = many(3)
    invalidation.invalidate(1, ids[0], DUPLICATE, now=TODAY)
    assert lifecycle.recount(petition, now=TODAY) == (2, 2)
    assert stored_sums() == recounted_sums()
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    report = retention.run(purge_days=14, anonymise_days=180, now=TODAY + timedelta(days=181))
    assert report.anonymised == 3
    assert counted() == 2
    assert stored_sums() == recounted_sums()


def test_the_signer_reads_that_it_does_not_count_and_whom_to_ask(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    page = my_page(client, petition, post_office, display="full")
    invalidation.invalidate(1, 1, DUPLICATE, "a note", now=TODAY)
    words = text_of(client.get(page))
    assert "Your signature does not count" in words
    assert "committee@example.org" in words
    assert "a note" not in words
    answer = client.post(page, data={**CHANGED, "consent": "yes"})
    assert answer.status_code == 303
    assert number_of(1) is None
    assert stored_sums() == recounted_sums()
    data = client.get(f"{page}/data.json").json
    assert data is not None
    assert data["signature"]["invalidated_reason"] == "duplicate"
    invalidation.restore(1, 1, now=TODAY)
    assert counted() == 1
    assert stored_sums()[1, "country", "DE"] == 1, "it counts as it was corrected"


def test_who_confirms_again_is_told_that_it_does_not_count(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    thanks = client.post(link).location
    invalidation.invalidate(1, 1, DUPLICATE, now=TODAY)
    for answer in (
        client.get(link),
        client.post(link, data={"entry": "1"}),
        client.get(f"{link}/entry", follow_redirects=True),
        client.get(thanks),
    ):
        assert answer.status_code == 410
        assert "Your signature does not count" in answer.text
        assert "committee@example.org" in answer.text
    assert counted() == 0


def test_who_signs_again_with_the_mailbox_gets_an_email_that_says_so(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    deliver(app)
    invalidation.invalidate(1, 1, DUPLICATE, now=TODAY)
    pending = client.post(f"/p/{petition}/sign", data={**CHANGED, **ANNA}).location
    assert "does not count" not in client.get(pending).text, "the page tells strangers nothing"
    deliver(app)
    email = post_office.arrived[-1]
    assert email.message["Subject"] == "About your email address"
    assert "taken it out of the count" in email.text
    assert "/confirm/" not in email.text
    assert not re.search(r"\b\d{3}\xa0\d{3}\b", email.text), "no code"
    assert counted() == 0


def test_who_withdraws_or_never_signed_is_forgotten(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    page = my_page(client, petition, post_office)
    invalidation.invalidate(1, 1, DUPLICATE, now=TODAY)
    assert client.post(page, data={"action": "withdraw"}).status_code == 200
    assert counted() == 0
    assert not stored_sums()
    confirmed(client, post_office, petition)
    assert counted() == 1, "nothing is kept of an erased signature"
    deliver(app)
    invalidation.invalidate(1, 2, DUPLICATE, now=TODAY)
    not_me = path_of(post_office.arrived[-1].link_to("not-me"))
    assert browser(app).post(not_me).status_code == 200
    assert db.session.scalar(select(Signature.id)) is None
    assert not stored_sums()
