"""The figures of a petition add up to its count, and tell how far people get."""

import csv
import random
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from petition.database.base import db
from petition.database.transactions import transaction
from petition.mail import bounces, refusals
from petition.mail.bounces import Bounce
from petition.models import Email, Organiser, Signature, Tally
from petition.models.enums import EmailState, Role
from petition.organisers.overview import figures
from petition.organisers.overview.figures import Figures
from petition.outbox import delivery
from petition.petitions import lifecycle, queries, visits
from petition.signatures import removal, self_service
from tests.browsing import Client, confirmed, deliver, enter, invite, signed, text_of
from tests.campaign import Campaign
from tests.factories import TODAY, make_petition
from tests.post_office import PostOffice
from tests.signatures import confirm, sign, signature_of


def read(slug: str = "free-them", at: datetime = TODAY) -> Figures:
    """Return the figures of a petition as stored now."""
    db.session.rollback()
    return figures.get_figures(queries.get_id(slug), now=at)


@pytest.mark.parametrize("seed", range(2))
def test_every_table_adds_up_to_the_count_whatever_happens(app: Flask, seed: int) -> None:
    campaign = Campaign(seed)
    for number in range(80):
        campaign.step()
        if number % 8:
            continue
        for slug in ("first", "second"):
            found = read(slug, TODAY + timedelta(days=2, hours=12))
            of_petition = Signature.petition_id == queries.get_id(slug)
            tally = select(Tally.counted).where(Tally.petition_id == queries.get_id(slug))
            assert found.confirmed == db.session.scalar(tally)
            days = [number for _, number in found.per_day]
            by_key = (found.countries, found.languages, found.channels)
            for numbers in (days, *([number for _, number in rows] for rows in by_key)):
                assert sum(numbers) == found.confirmed
            assert sum(number for _, number in found.days) == found.confirmed
            assert [total for _, total in found.totals[-1:]] == [found.confirmed][: bool(days)]
            signatures = db.session.scalars(select(Signature).where(of_petition)).all()
            assert found.pending == sum(one.confirmed_at is None for one in signatures)
            without = sum(one.counted and not one.channel for one in signatures)
            assert dict(found.channels).get("", 0) == without


def test_hours_are_those_of_the_confirmations_and_the_last_48(app: Flask, petition: str) -> None:
    times = [
        TODAY,
        TODAY.replace(minute=59),
        TODAY - timedelta(hours=47),
        TODAY - timedelta(hours=48),
    ]
    for number, at in enumerate(times):
        confirm(signature_of(sign(f"{number}@example.org", at=at)).id, at=at)
    found = read(at=TODAY + timedelta(minutes=59))
    assert len(found.hours) == 48
    assert found.hours[0] == (TODAY - timedelta(hours=47), 1)
    assert found.hours[-1] == (datetime(2016, 5, 26, 12, tzinfo=UTC), 2)
    assert sum(number for _, number in found.hours) == 3


def test_the_chart_of_the_total_ends_with_the_count_today(app: Flask, petition: str) -> None:
    for number, days in enumerate((0, 1, 200)):
        at = TODAY + timedelta(days=days)
        confirm(signature_of(sign(f"{number}@example.org", at=at)).id, at=at)
    totals = read(at=TODAY + timedelta(days=300)).totals
    assert totals[-1] == (date(2017, 3, 22), 3)
    assert len(totals) <= figures.POINTS
    assert [total for _, total in totals] == sorted(total for _, total in totals)
    assert read(make_petition("other")).totals == []


def test_a_withdrawn_signature_is_kept_as_a_number(app: Flask, petition: str) -> None:
    for number in range(3):
        email_id = sign(f"{number}@example.org")
        if number:
            confirm(signature_of(email_id).id)
    self_service.withdraw(1, now=TODAY)  # was never counted
    self_service.withdraw(2, now=TODAY)
    with transaction() as connection:
        removal.erase_signature(connection, 2, now=TODAY)  # once more
    found = read()
    assert (found.confirmed, found.pending, found.withdrawn) == (1, 0, 1)
    lifecycle.recount(petition, now=TODAY)
    assert read().withdrawn == 1


def test_forms_emails_and_confirmations_are_counted_by_day(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    client.get(f"/p/{petition}")
    confirmed(client, post_office, petition)
    signed(client, post_office, petition, email="second@example.org")
    signed(client, post_office, petition)  # again: “already signed”
    client.post(f"/p/{petition}/sign", data={"name": "Without an address"})
    deliver(app)
    app.extensions["visits"].save()
    app.extensions["visits"].save()
    today = datetime.now(UTC)
    steps = read(at=today).steps
    assert (steps.visits, steps.forms, steps.emails, steps.confirmed) == (1, 3, 3, 1)
    assert steps.since == today.date()


def test_a_day_that_was_not_counted_whole_is_no_part_of_the_steps(
    app: Flask, petition: str
) -> None:
    for number, days in enumerate((0, 1, 2)):
        at = TODAY + timedelta(days=days)
        confirm(signature_of(sign(f"{number}@example.org", at=at)).id, at=at)
    for days in (1, 2):
        visits.add_visits({}, {(petition, (TODAY + timedelta(days=days)).date()): 1})
    steps = read(at=TODAY + timedelta(days=2)).steps
    assert (steps.since, steps.forms, steps.confirmed) == (date(2016, 5, 28), 1, 1)


def test_refused_emails_count_once_and_no_longer_when_they_are_tried_again(
    app: Flask, petition: str
) -> None:
    tokens = app.extensions["tokens"]
    ids = [sign(f"{number}@example.org") for number in range(3)]

    def counted() -> tuple[int, int]:
        found = read()
        return found.steps.emails, found.refused

    visits.add_visits({}, {(petition, TODAY.date()): 3})
    with transaction() as connection:
        delivery.settle(connection, ids[:2], EmailState.SENT, now=TODAY)
        delivery.settle(connection, ids[:2], EmailState.SENT, now=TODAY)
        bounces.refuse(connection, ids[2], "550 5.1.1", EmailState.DUE, tokens=tokens, now=TODAY)
    assert counted() == (2, 1)
    for _ in range(2):
        bounces.record_bounce(Bounce(ids[0], True, "5.2.2"), tokens=tokens, now=TODAY)
    assert counted() == (1, 2)
    refusals.retry(refused=True, now=TODAY)
    assert counted() == (1, 0)
    with transaction() as connection:
        late = TODAY + timedelta(days=6)
        delivery.defer(connection, ids[2], "451", now=late)
        delivery.defer(connection, ids[2], "451", now=late)
    assert counted() == (1, 1)


def test_a_suppressed_email_is_in_no_figure(app: Flask, petition: str) -> None:
    email_id = sign("anna@example.org")
    with transaction() as connection:
        connection.execute(update(Email).where(Email.id == email_id).values(suppressed=True))
        delivery.settle(connection, [email_id], EmailState.SENT, now=TODAY)
    visits.add_visits({}, {(petition, TODAY.date()): 1})
    assert read().steps.emails == 0


@pytest.mark.parametrize("number", [0, 1, 30])
def test_the_page_shows_charts_with_their_tables(app: Flask, petition: str, number: int) -> None:
    chance = random.Random(number)  # noqa: S311 (no secret)
    at = datetime.now(UTC)
    for one in range(number):
        ago = timedelta(hours=chance.randint(0, 40 * 24))
        confirm(signature_of(sign(f"{one}@{one}.example.org", at=at - ago)).id, at=at - ago)
    invite(Role.VIEWER)
    page = enter(app).get(f"/organisers/p/{petition}")
    assert page.status_code == 200
    assert f"Confirmed {number} Not confirmed yet 0" in text_of(page)
    assert ("<svg" in page.text) == bool(number)
    assert ("These numbers as tables" in page.text) == bool(number)
    assert ("Nobody has confirmed" in page.text) == (not number)
    assert page.text.count('role="img"') == (3 if number else 0)
    assert "style=" not in page.text


def test_the_sums_are_a_file_for_spreadsheets(app: Flask, petition: str) -> None:
    for number, channel in enumerate(("", "wa", "wa")):
        email_id = sign(f"{number}@example.org")
        with transaction() as connection:
            connection.execute(
                update(Signature).where(Signature.number.is_(None)).values(channel=channel)
            )
        confirm(signature_of(email_id).id)
    invite(Role.VIEWER)
    inside = enter(app)
    file = inside.get(f"/organisers/p/{petition}/figures.csv")
    assert file.mimetype == "text/csv"
    assert re.fullmatch(
        r'attachment; filename="free-them-figures-\d{4}-\d\d-\d\d.csv"',
        file.headers["Content-Disposition"],
    )
    head, *lines = csv.reader(file.text.removeprefix("\ufeff").splitlines())
    assert file.text.startswith("\ufeff")
    assert head == ["kind", "key", "number"]
    assert {("signatures", "confirmed", "3"), ("day", "2016-05-26", "3")} <= {*map(tuple, lines)}
    for kind in ("day", "country", "language", "channel", "text"):
        assert sum(int(number) for one, _, number in lines if one == kind) == 3
    assert ["channel", "wa", "2"] in lines
    with transaction() as connection:
        connection.execute(update(Organiser).values(csv_separator="semicolon"))
    assert "country;SE;3" in inside.get(f"/organisers/p/{petition}/figures.csv").text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_visits_are_added_up_from_an_index_in_its_order(app: Flask, petition: str) -> None:
    executed: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, sql: str, binds: Any, *_: object) -> None:
        executed.append((sql, binds))

    event.listen(db.engine, "before_cursor_execute", listen)
    visits.count_by_channel(1, since=TODAY.date())
    event.remove(db.engine, "before_cursor_execute", listen)
    ((sql, binds),) = executed
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", binds).all()
    assert [step[3] for step in plan] == [
        "SEARCH visit USING COVERING INDEX ix_visit_petition_id_channel (petition_id=?)"
    ]
