"""Kept sums are what a count of the signatures would be, whatever happened to them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import select, update

from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Petition, Signature, SignatureSum, Tally
from petition.petitions import counts, lifecycle
from petition.signatures import self_service
from tests.campaign import Campaign
from tests.factories import TODAY
from tests.signatures import ENTRY, confirm, recounted_sums, sign, signature_of, stored_sums


@pytest.mark.parametrize("seed", range(3))
def test_sums_are_those_of_the_signatures_whatever_happens(app: Flask, seed: int) -> None:
    campaign, happened = Campaign(seed), []
    for _ in range(120):
        happened.append(campaign.step())
        sums = stored_sums()
        assert sums == recounted_sums(), happened
        assert all(sums.values()), "what reached zero is gone"
        for by in ("country", "text"):
            assert sum(n for (_, kind, _), n in sums.items() if kind == by) == sum(
                db.session.scalars(select(Tally.counted))
            )
        assert_present_texts_are_counted()
    assert len({*happened}) == 10


def assert_present_texts_are_counted() -> None:
    """Check the number of those who agree with the present text against the signatures."""
    for petition in db.session.scalars(select(Petition)).all():
        newest = counts.get_versions(petition.id)
        agree = [
            one
            for one in db.session.scalars(select(Signature).where(Signature.counted))
            if one.petition_id == petition.id
            and (one.confirmed_version or one.text_version) == newest[one.text_language]
        ]
        assert counts.get_count(petition.slug).present_text == len(agree)


def test_a_recount_puts_sums_right(app: Flask, petition: str) -> None:
    for n in range(3):
        confirm(signature_of(sign(f"{n}@example.org")).id)
    right = stored_sums()
    with transaction() as connection:
        connection.execute(update(SignatureSum).values(key="wrong", confirmed=7))
    lifecycle.recount(petition, now=TODAY)
    assert stored_sums() == right


def test_an_organisation_that_nobody_names_any_more_is_erased(app: Flask, petition: str) -> None:
    union = replace(ENTRY, organisation="Lund Union")
    for email in ("anna@example.org", "bo@example.org"):
        confirm(signature_of(sign(email, entry=union)).id)
    assert stored_sums()[1, "organisation", "lund union"] == 2
    self_service.withdraw(1, now=TODAY)
    self_service.correct(2, ENTRY, now=TODAY)
    assert not [key for key in stored_sums() if "organisation" in key]


def test_changes_at_the_same_time_neither_wait_for_each_other_nor_are_lost(
    app: Flask, petition: str
) -> None:
    there = [replace(ENTRY, country="DE", organisation="A"), replace(ENTRY, organisation="B")]
    ids = [signature_of(sign(f"{n}@example.org", entry=there[n % 2])).id for n in range(24)]
    for signature_id in ids[:16]:
        confirm(signature_id)

    def work(task: Callable[[], object]) -> None:
        with app.app_context():
            task()

    tasks: list[Callable[[], object]] = []
    for n, signature_id in enumerate(ids):
        if n >= 16:
            tasks.append(partial(confirm, signature_id))
        elif n % 4 == 3:
            tasks.append(partial(self_service.withdraw, signature_id, now=TODAY))
        else:
            other = there[(n + 1) % 2]
            tasks.append(partial(self_service.correct, signature_id, other, now=TODAY))
    tasks.insert(12, partial(lifecycle.recount, petition, now=TODAY))
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, tasks))
    assert stored_sums() == recounted_sums()
    assert db.session.scalar(select(Tally.counted)) == 20
