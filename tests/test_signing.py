"""The rules of signing and counting: one mailbox once, numbers without gaps, whoever comes at the
same time.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from petition.abuse.rate_limits import FormSender
from petition.core.errors import PetitionNotOpen, SignatureGone, TooSoon
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AlternateEntry, Email, Signature, Tally
from petition.models.enums import EmailKind, EmailState, PetitionState
from petition.outbox import enqueue
from petition.petitions import counts, lifecycle, signing_terms
from petition.signatures import confirmation, verification
from tests.factories import TODAY, make_petition
from tests.signatures import ENTRY, confirm, counted, in_threads, sign, signature_of


def test_signing_keeps_the_signature_and_its_email_together(app: Flask, petition: str) -> None:
    email = db.session.get(Email, sign())
    assert email is not None
    assert (email.kind, email.state) == (EmailKind.CONFIRM, EmailState.DUE)
    signature = signature_of(email.id)
    assert (signature.entry, signature.text_version, signature.signed_at) == (1, 1, TODAY)
    assert not signature.counted


def test_a_fault_between_signature_and_email_keeps_neither(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_arguments: object, **_options: object) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(enqueue, "email_signer", full_disk)
    with pytest.raises(OSError, match="no space"):
        sign()
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 0


def test_the_same_mailbox_again_replaces_nothing(app: Flask, petition: str) -> None:
    first = sign("anna.berg@gmail.com")
    second = sign("AnnaBerg+x@googlemail.com", entry=replace(ENTRY, name="Anna B. Berg"))
    assert second > first, "emails grow alike, known address or not"
    signature = signature_of(second)
    assert (signature.name, signature.email) == ("Anna Berg", "anna.berg@gmail.com")
    assert (signature.entry, signature.entries) == (1, 2)
    beside = db.session.scalars(select(AlternateEntry)).one()
    assert (beside.name, beside.email, beside.entry) == (
        "Anna B. Berg",
        "AnnaBerg+x@googlemail.com",
        2,
    )


def test_the_same_mailbox_after_confirming_changes_nothing(app: Flask, petition: str) -> None:
    first = sign()
    confirm(signature_of(first).id)
    again = sign(entry=replace(ENTRY, name="Eve"))
    assert signature_of(again).name == "Anna Berg"
    confirm(signature_of(again).id, 2)
    assert signature_of(again).name == "Anna Berg"
    assert counted() == 1


def test_one_mailbox_may_sign_two_petitions(app: Flask, petition: str) -> None:
    make_petition("another")
    sign()
    sign(slug="another")
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 2


def test_confirming_counts_once_and_numbers_in_order(app: Flask, petition: str) -> None:
    first, second = signature_of(sign("a@example.org")), signature_of(sign("b@example.org"))
    confirm(second.id, 1, at=TODAY)
    confirm(second.id, 1, at=TODAY + timedelta(days=1))
    confirm(first.id, 1, at=TODAY)
    assert counted() == 2
    assert confirmation.get_thanks(second.id)[2] == 1
    assert confirmation.get_thanks(first.id)[2] == 2


def test_the_entry_that_is_confirmed_stands_and_the_other_is_kept_beside(
    app: Flask, petition: str
) -> None:
    sign()
    signature = signature_of(sign(entry=replace(ENTRY, name="Anna B. Berg")))
    confirm(signature.id, 2)
    assert counted() == 1
    assert signature_of(1).name == "Anna B. Berg"
    beside = db.session.scalars(select(AlternateEntry)).one()
    assert (beside.entry, beside.name) == (1, "Anna Berg")


def test_an_entry_that_never_was_cannot_be_confirmed(app: Flask, petition: str) -> None:
    signature = signature_of(sign())
    with pytest.raises(SignatureGone):
        confirm(signature.id, 2)
    assert counted() == 0


def test_what_is_gone_cannot_be_confirmed(app: Flask, petition: str) -> None:
    with pytest.raises(SignatureGone):
        confirm(4711, 1, at=TODAY)


def test_a_signature_made_before_closing_is_confirmed_for_a_day_after(
    app: Flask, petition: str
) -> None:
    early, late = signature_of(sign("a@example.org")), signature_of(sign("b@example.org"))
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    with pytest.raises(PetitionNotOpen):
        signing_terms.get_signing_terms(petition, "en")
    confirm(early.id, 1, at=TODAY + timedelta(hours=23))
    with pytest.raises(PetitionNotOpen):
        confirm(late.id, 1, at=TODAY + timedelta(hours=25))
    confirm(early.id, 1, at=TODAY + timedelta(days=9))


def test_forty_threads_with_the_same_forty_addresses_give_forty_signatures(
    app: Flask, petition: str
) -> None:
    def sign_all(thread: int) -> int:
        for number in range(40):
            shifted = (number + thread) % 40
            dots = "." if thread % 2 else ""
            sign(f"sig{dots}ner{shifted:02}@gmail.com")
        return 40

    assert in_threads(app, 40, sign_all) == [40] * 40
    assert db.session.scalar(select(func.count()).select_from(Signature)) == 40


def test_the_same_link_from_twenty_threads_counts_once(app: Flask, petition: str) -> None:
    signature = signature_of(sign())
    in_threads(app, 20, lambda _: confirm(signature.id))
    assert counted() == 1


def test_numbers_have_no_gap_and_no_duplicate_under_parallel_confirming(
    app: Flask, petition: str
) -> None:
    ids = [signature_of(sign(f"signer{number}@example.org")).id for number in range(30)]
    in_threads(app, 30, lambda number: confirm(ids[number], 1, at=TODAY))
    assert counted() == 30
    db.session.rollback()
    numbers = db.session.scalars(select(Signature.number).order_by(Signature.number)).all()
    assert list(numbers) == list(range(1, 31))


def test_recounting_puts_a_wrong_counter_right(app: Flask, petition: str) -> None:
    confirm(signature_of(sign()).id, 1, at=TODAY)
    with transaction() as connection:
        connection.execute(update(Tally).values(counted=93_000))
    assert lifecycle.recount(petition, now=TODAY) == (93_000, 1)
    assert counted() == 1


@pytest.mark.parametrize(
    ("count", "goal"),
    [(0, 100), (84, 100), (85, 250), (2_124, 2_500), (2_125, 5_000), (500_000, 1_000_000)]
    + [(900_000, 2_000_000)],
)
def test_the_goal_moves_on_at_85_percent(count: int, goal: int) -> None:
    assert counts.goal_for(count) == goal


def test_a_mailbox_gets_five_emails_and_no_more(app: Flask, petition: str) -> None:
    for number in range(8):
        email_id = sign(entry=replace(ENTRY, name=f"Anna {number}"))
        with transaction() as connection:
            connection.execute(
                Email.table()
                .update()
                .where(Email.id == email_id, Email.state == EmailState.DUE)
                .values(state=EmailState.SENT)
            )
    silent = db.session.scalar(select(func.count()).where(Email.suppressed))
    assert silent == 3


@pytest.mark.parametrize(
    ("addresses", "signers"),
    [
        ([f"n{number}@anna.fastmail.com" for number in range(8)], 1),
        (["anna.berg@proton.me", "an-naberg@proton.me", "anna_berg+x@proton.me"] * 3, 1),
        (["anna@proton.me", "anna@protonmail.com", "anna@protonmail.ch", "an.na@pm.me"] * 2, 4),
        (["anna@icloud.com", "anna@me.com", "anna@mac.com"] * 3, 3),
    ],
)
def test_the_addresses_of_one_inbox_share_five_emails(
    app: Flask, petition: str, addresses: list[str], signers: int
) -> None:
    for number, address in enumerate(addresses):
        with transaction() as connection:
            connection.execute(update(Email).values(state=EmailState.SENT))
        sign(address, entry=replace(ENTRY, name=f"Anna {number}"), at=TODAY + timedelta(number))
    sent = db.session.scalar(select(func.count()).where(~Email.suppressed))
    assert sent == enqueue.EMAILS_PER_MAILBOX
    assert db.session.scalar(select(func.count()).select_from(Signature)) == signers


def test_a_second_click_sends_no_second_email(app: Flask, petition: str) -> None:
    sign()
    again = db.session.get(Email, sign())
    assert again is not None
    assert again.suppressed
    assert again.state == EmailState.DUE, "it goes its way like any other"


def test_sending_again_waits_two_minutes(app: Flask, petition: str) -> None:
    email_id = sign()
    with pytest.raises(TooSoon):
        verification.resend(email_id, sender=FormSender(), now=TODAY + timedelta(seconds=119))
    assert db.session.scalar(select(func.count()).select_from(Email)) == 1
    verification.resend(email_id, sender=FormSender(), now=TODAY + timedelta(seconds=121))
    assert db.session.scalar(select(func.count()).select_from(Email)) == 2
