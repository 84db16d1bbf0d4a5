"""An organiser who wants it gets one email a morning: yesterday's numbers, and one thing to do."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from petition.abuse import bursts
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Email, Organiser
from petition.models.enums import EmailKind, Role
from petition.organisers import access
from petition.organisers.overview import morning
from petition.organisers.overview.attention import AttentionKind
from petition.outbox import pausing
from tests.browsing import deliver, enter, invite, press, text_of
from tests.factories import FLOOD, TODAY, make_petition, parse_address, tasks_of
from tests.post_office import PostOffice
from tests.signatures import confirm, in_threads, sign, signature_of

SEVEN = TODAY.replace(hour=7) + timedelta(days=1)  # the morning after TODAY
LANGUAGES = ("en", "de")


def ask(role: Role = Role.EDITOR, slug: str | None = None) -> int:
    """Invite an organiser who wants the email; return the id."""
    organiser_id = invite(role, slug)
    morning.choose(organiser_id, wanted=True, now=TODAY)
    return organiser_id


def run(at: object = SEVEN) -> int:
    """Do what the worker does at a time; return how many emails were enqueued."""
    db.session.rollback()
    return morning.enqueue_due(LANGUAGES, site_problems=[], now=at)  # type: ignore[arg-type]


def confirm_one(email: str = "anna@example.org", slug: str = "free-them") -> None:
    """Let somebody sign and confirm."""
    confirm(signature_of(sign(email, slug)).id)


def count_emails() -> int:
    """Return how many morning emails there are."""
    db.session.rollback()
    query = select(func.count()).where(Email.kind == EmailKind.MORNING)
    return db.session.scalar(query) or 0


def test_it_comes_once_a_day_from_seven_on(app: Flask, petition: str) -> None:
    confirm_one()
    ask()
    assert run(SEVEN - timedelta(minutes=1)) == 0
    assert run(SEVEN) == 1
    assert run(SEVEN + timedelta(hours=3)) == 0
    assert run(SEVEN + timedelta(days=1)) == 0, "nobody confirmed on that day"
    confirm(signature_of(sign("bo@example.org", at=SEVEN)).id, at=SEVEN + timedelta(days=1))
    assert run(SEVEN + timedelta(days=2, hours=12)) == 1, "the worker was away in the morning"
    assert count_emails() == 2


def test_workers_at_the_same_time_enqueue_one(app: Flask, petition: str) -> None:
    confirm_one()
    ask()
    assert sum(map(int, map(str, in_threads(app, 6, lambda _: run())))) == 1
    assert count_emails() == 1


def test_the_scheduler_does_it(app: Flask, petition: str) -> None:
    confirm_one()
    ask()
    for _ in range(2):  # a worker that has started again
        (task,) = [task for task in tasks_of(app) if task.name == "morning emails"]
        for minutes in range(0, 40, 5):
            task.run_if_due(SEVEN + timedelta(minutes=minutes))
    assert count_emails() == 1


def test_who_did_not_ask_gets_none_and_who_stops_gets_no_more(app: Flask, petition: str) -> None:
    confirm_one()
    organiser_id = invite()
    assert run() == 0
    morning.choose(organiser_id, wanted=True, now=SEVEN)
    assert run(SEVEN + timedelta(hours=1)) == 0, "the first comes tomorrow"
    morning.choose(organiser_id, wanted=False, now=SEVEN)
    assert run(SEVEN + timedelta(days=1)) == 0
    assert count_emails() == 0


def test_choosing_twice_does_not_put_it_off(app: Flask, petition: str) -> None:
    confirm_one()
    organiser_id = ask()
    morning.choose(organiser_id, wanted=True, now=SEVEN)
    assert run(SEVEN) == 1


def test_none_comes_when_nothing_happened_and_nothing_is_to_be_done(
    app: Flask, petition: str
) -> None:
    ask()
    assert run() == 0
    with transaction() as connection:
        bursts.record(connection, 1, FLOOD, now=SEVEN)
    assert run() == 0, "today is decided"
    assert run(SEVEN + timedelta(days=1)) == 1


def test_it_is_about_petitions_within_reach(app: Flask, petition: str) -> None:
    make_petition("another")
    confirm_one(slug="another")
    ask(slug=petition)
    assert run() == 0
    confirm_one()
    report = morning.get_report(
        db.session.scalars(select(Organiser)).one(),
        LANGUAGES,
        site_problems=[AttentionKind.PROXY],
        now=SEVEN,
    )
    assert [(one.slug, one.yesterday, one.total) for one in report.petitions] == [(petition, 1, 1)]
    assert report.found is None, "an editor cannot mend the proxy"


def test_the_most_urgent_thing_of_all_petitions_is_told(app: Flask, petition: str) -> None:
    make_petition("another")
    ask(Role.ADMIN)
    with transaction() as connection:
        bursts.record(connection, 2, FLOOD, now=SEVEN)
    organiser = db.session.scalars(select(Organiser)).one()

    def found(*site_problems: AttentionKind) -> tuple[str, str]:
        db.session.rollback()
        report = morning.get_report(organiser, LANGUAGES, site_problems=site_problems, now=SEVEN)
        return str(report.found and report.found.kind), report.slug

    assert found() == ("burst", "another")
    assert found(AttentionKind.PROXY) == ("proxy", "")
    assert found(AttentionKind.BACKUP, AttentionKind.PROXY) == ("backup", "")
    with transaction() as connection:
        pausing.pause(connection, "550 5.7.1", now=SEVEN)
    assert found(AttentionKind.PROXY) == ("mail_refused", "")


def test_it_arrives_with_numbers_and_a_link(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    yesterday = now() - timedelta(days=1)
    confirm(signature_of(sign("anna@example.org", at=yesterday)).id, at=yesterday)
    with transaction() as connection:
        connection.execute(update(Email).values(state="sent"))
        bursts.record(connection, 1, FLOOD, now=now())
    organiser_id = ask()
    with transaction() as connection:
        connection.execute(update(Email).values(state="sent"))
    assert run(now().replace(hour=23)) == 1
    with transaction() as connection:
        made = {"created_at": now(), "due_at": now()}
        connection.execute(update(Email).where(Email.kind == EmailKind.MORNING).values(made))
    deliver(app)
    (mail,) = post_office.arrived
    assert mail.recipients == ["organiser@example.org"]
    assert mail.message["Subject"] == "1 signature yesterday"
    words = mail.message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Free them\nYesterday: 1. In total: 1. Next goal: 100." in words.replace("\r\n", "\n")
    assert "1 burst waits for your decision." in words
    assert "/organisers/p/free-them/comments#bursts" in words
    assert "/organisers/#emails" in words
    morning.choose(organiser_id, wanted=False, now=now())


@pytest.mark.parametrize("change", ["switched off", "late", "removed"])
def test_one_that_is_no_longer_wanted_is_dropped(
    app: Flask, petition: str, post_office: PostOffice, change: str
) -> None:
    organiser_id = ask()
    with transaction() as connection:
        connection.execute(update(Email).values(state="sent"))
        bursts.record(connection, 1, FLOOD, now=now())
    assert run(now().replace(hour=23)) == 1
    made = {"created_at": now(), "due_at": now()}
    if change == "late":
        made["created_at"] -= timedelta(days=1)
    with transaction() as connection:
        connection.execute(update(Email).where(Email.kind == EmailKind.MORNING).values(made))
    if change == "switched off":
        morning.choose(organiser_id, wanted=False, now=now())
    if change == "removed":
        access.remove(parse_address("organiser@example.org"), now=now())
    deliver(app)
    told = ["You are no longer an organiser"] if change == "removed" else []
    assert [mail.message["Subject"] for mail in post_office.arrived] == told


def test_an_organiser_switches_it_on_and_off(app: Flask, petition: str) -> None:
    invite(Role.VIEWER)
    inside = enter(app)
    assert "checked" not in inside.get("/organisers/").text
    answer = press(inside, "/organisers/", "/organisers/emails", morning="y")
    assert answer.location == "/organisers/"
    page = inside.get("/organisers/")
    assert "You get it from tomorrow on." in text_of(page)
    assert "checked" in page.text
    assert "You get it" not in text_of(inside.get("/organisers/"))
    press(inside, "/organisers/", "/organisers/emails")
    page = inside.get("/organisers/")
    assert "You get no email in the morning." in text_of(page)
    assert "checked" not in page.text
