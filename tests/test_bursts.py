"""Burst detection: a flood from one source is held, the people around it are not, and what proves
plausible is let go.
"""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from petition.abuse import burst_detection, bursts, rate_limits
from petition.abuse.rate_limits import FormSender
from petition.core.clock import now
from petition.core.errors import BurstNotFound, SignatureGone
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import AuditEntry, Burst, Email, Signature
from petition.models.enums import BurstState, EmailKind, EmailState, PetitionState
from petition.organisers import burst_review
from petition.petitions import counts
from petition.signatures import reminders, verification
from tests.browsing import Client, deliver, filled, sign_in, text_of
from tests.factories import FLOOD, TODAY, make_petition, parse_address
from tests.post_office import PostOffice
from tests.signatures import ENTRY, confirm, in_threads, sign, signature_of

MINUTE = timedelta(minutes=1)


def flood(number: int, domain: str = "flood.xyz", *, first: int = 0) -> list[int]:
    """Sign often from one domain within a minute and return the emails."""
    return [sign(f"robot{n}@{domain}", at=TODAY) for n in range(first, first + number)]


def states() -> dict[str, int]:
    """Return how many emails there are in each state."""
    db.session.rollback()
    return dict(db.session.execute(select(Email.state, func.count()).group_by(Email.state)).all())


def sent(emails: list[int]) -> None:
    """Let emails have left."""
    with transaction() as connection:
        connection.execute(
            update(Email).where(Email.id.in_(emails)).values(state="sent", sent_at=TODAY)
        )


def test_a_flood_from_one_domain_is_held_and_others_are_not(app: Flask, petition: str) -> None:
    sign("anna@example.org", at=TODAY)
    flood(60)
    assert burst_detection.detect(now=TODAY + MINUTE)
    assert states() == {EmailState.HELD: 60, EmailState.DUE: 1}
    (burst,) = burst_review.list_bursts()
    assert (burst.kind, burst.source, burst.seen, burst.held) == ("domain", "flood.xyz", 60, 60)
    flood(1, first=60)
    assert states()[EmailState.HELD] == 61, "what comes later is held at once"
    sign("berta@example.org", at=TODAY)
    assert states()[EmailState.DUE] == 2


@pytest.mark.parametrize("domain", ["gmail.com", "mail.ru", "example.org"])
def test_where_people_are_is_no_flood(app: Flask, petition: str, domain: str) -> None:
    flood(60, domain)
    assert burst_detection.detect(now=TODAY + MINUTE) == []


def test_a_petition_with_a_past_is_measured_by_it(app: Flask, petition: str) -> None:
    flood(120, "school.edu")
    with transaction() as connection:
        connection.execute(update(Signature).values(signed_at=TODAY - timedelta(days=3)))
    flood(30, "school.edu", first=200)
    assert burst_detection.detect(now=TODAY + MINUTE) == [], "as usual"
    flood(30, "flood.xyz")
    assert len(burst_detection.detect(now=TODAY + MINUTE)) == 1


def from_everywhere(number: int, *, first: int = 0, at: datetime = TODAY) -> None:
    """Sign from as many mail domains as there are signatures."""
    for n in range(first, first + number):
        sign(f"someone@place{n}.net", at=at)


def test_a_busy_minute_is_noted_and_holds_throw_away_addresses_alone(
    app: Flask, petition: str
) -> None:
    from_everywhere(48)
    for domain in ("mailinator.com", "yopmail.com"):
        sign(f"robot@{domain}", at=TODAY)
    assert burst_detection.detect(now=TODAY + MINUTE)
    (burst,) = burst_review.list_bursts()
    assert (burst.kind, burst.seen, burst.usual, burst.held) == ("minute", 50, 0, 2)
    assert states() == {EmailState.HELD: 2, EmailState.DUE: 48}
    from_everywhere(20, first=100)
    assert states()[EmailState.DUE] == 68, "a petition that takes off is held up for nobody"
    held = [state_of(sign(f"robot{n}@mailinator.com", at=TODAY)) for n in range(30)]
    assert 20 <= held.count(EmailState.HELD) <= 28, "and what comes later but for one in five"
    orders = {held.index(EmailState.DUE, start) % 5 for start in range(15)}
    assert len(orders) > 1, "in no order that would tell of mailboxes that signed before"


def test_disposable_addresses_of_a_minute_are_released_with_the_others(
    app: Flask, petition: str
) -> None:
    from_everywhere(60)
    for domain in ("mailinator.com", "yopmail.com"):
        sign(f"someone@{domain}", at=TODAY)
    burst_detection.detect(now=TODAY + MINUTE)
    assert states()[EmailState.HELD] == 2
    crowd = db.session.scalars(select(Signature.id).where(Signature.disposable.is_(False))).all()
    for signature_id in crowd[:30]:
        confirm(signature_id)
    burst_detection.detect(now=TODAY + 2 * MINUTE)
    assert EmailState.HELD not in states()
    assert burst_review.list_bursts()[0].state == BurstState.PLAUSIBLE


def test_nothing_at_all_is_no_burst_however_strict_the_measure(app: Flask, petition: str) -> None:
    assert burst_detection.detect(now=TODAY, thresholds=burst_detection.Thresholds(0, 0)) == []


def test_as_many_spread_over_ten_minutes_are_no_busy_minute(app: Flask, petition: str) -> None:
    for minute in range(10):
        from_everywhere(40, first=minute * 40, at=TODAY + minute * MINUTE)
    assert burst_detection.detect(now=TODAY + 9 * MINUTE) == []


def test_a_minute_is_measured_by_the_busiest_one_of_the_past(app: Flask, petition: str) -> None:
    from_everywhere(120, at=TODAY - timedelta(days=2))
    from_everywhere(500, first=200)
    assert burst_detection.detect(now=TODAY + MINUTE) == [], "less than five times as many"
    from_everywhere(100, first=800)
    assert len(burst_detection.detect(now=TODAY + MINUTE)) == 1
    assert (burst_review.list_bursts()[0].seen, burst_review.list_bursts()[0].usual) == (600, 120)


def test_a_plausible_burst_is_released(app: Flask, petition: str) -> None:
    early = flood(20, "school.edu")
    sent(early)
    flood(40, "school.edu", first=100)
    burst_detection.detect(now=TODAY + MINUTE)
    assert states()[EmailState.HELD] == 40
    for email in early[:10]:
        confirm(signature_of(email).id)
    burst_detection.detect(now=TODAY + 2 * MINUTE)
    assert EmailState.HELD not in states()
    assert burst_review.list_bursts()[0].state == BurstState.PLAUSIBLE
    burst_detection.detect(now=TODAY + 3 * MINUTE)
    assert EmailState.HELD not in states(), "and stays so"


@pytest.mark.parametrize(
    ("decision", "becomes"),
    [(BurstState.RELEASED, EmailState.DUE), (BurstState.DISCARDED, EmailState.WITHHELD)],
)
def test_an_email_enqueued_while_its_burst_is_decided_is_not_held_forever(
    app: Flask, petition: str, decision: BurstState, becomes: EmailState
) -> None:
    flood(60)
    (burst_id,) = burst_detection.detect(now=TODAY + MINUTE)
    burst_review.decide_burst(1, burst_id, decision, organiser_id=1, now=TODAY + MINUTE)
    late = flood(1, first=100)
    with transaction() as connection:  # as by who looked before and wrote after
        connection.execute(
            update(Email).where(Email.id.in_(late)).values(state="held", burst_id=burst_id)
        )
    burst_detection.detect(now=TODAY + 2 * MINUTE)
    assert state_of(late[0]) == becomes


def test_a_burst_is_erased_while_its_senders_correct_their_addresses(
    app: Flask, petition: str
) -> None:
    emails = flood(60)
    (burst_id,) = burst_detection.detect(now=TODAY + MINUTE)

    def one(number: int) -> int:
        if number == 0:
            burst_review.decide_burst(
                1, burst_id, BurstState.DISCARDED, organiser_id=1, now=TODAY + MINUTE
            )
            return number
        for at in range(number, 60, 7):  # to one that was there before
            there = parse_address(f"robot{(at * 31) % 60}@flood.xyz")
            with suppress(SignatureGone):
                verification.correct_address(
                    emails[at], there, sender=FormSender(), now=TODAY + MINUTE
                )
        return number

    assert in_threads(app, 8, one) == [*range(8)], "nobody meets a deadlock"


@pytest.mark.usefixtures("stopped_clock")  # for "1 minute ago"
def test_a_page_shows_the_same_before_and_after_its_burst_is_released(
    app: Flask, client: Client, petition: str
) -> None:
    page = client.post(f"/p/{petition}/sign", data=filled(email="one@flood.xyz")).location
    with transaction() as connection:
        burst_id = bursts.record(connection, 1, FLOOD, now=now())
        earlier = {"state": "held", "burst_id": burst_id, "created_at": now() - MINUTE}
        connection.execute(update(Email).values(earlier))
    assert burst_id is not None
    held = text_of(client.get(page))
    assert "It is sent." in held
    burst_review.decide_burst(1, burst_id, BurstState.RELEASED, organiser_id=1, now=now())
    assert text_of(client.get(page)) == held
    deliver(app)
    assert text_of(client.get(page)) == held


def test_a_reminder_is_about_an_entry_that_was_mailed(app: Flask, petition: str) -> None:
    sign(at=TODAY, sender=FormSender(filled_honeypot=True))
    sent([sign(entry=replace(ENTRY, name="Another"), at=TODAY)])
    assert remind(hours=25) == 0


def test_an_organiser_releases_or_discards(app: Flask, petition: str) -> None:
    flood(60)
    (burst_id,) = burst_detection.detect(now=TODAY + MINUTE)
    make_petition("another")
    with pytest.raises(BurstNotFound):
        burst_review.decide_burst(2, burst_id, BurstState.RELEASED, organiser_id=1, now=TODAY)
    burst_review.decide_burst(1, burst_id, BurstState.RELEASED, organiser_id=1, now=TODAY)
    assert states() == {EmailState.DUE: 60}
    burst_review.decide_burst(1, burst_id, BurstState.DISCARDED, organiser_id=1, now=TODAY)
    assert states() == {EmailState.DUE: 60}, "what is decided stays as it is"
    assert db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()[2:] == [
        "burst.released"
    ]


def test_erasing_a_burst_leaves_what_others_entered_before(app: Flask, petition: str) -> None:
    sign("robot3@flood.xyz", entry=replace(ENTRY, name="A Person"), at=TODAY - timedelta(days=1))
    sent([1])
    flood(60)
    (burst_id,) = burst_detection.detect(now=TODAY + MINUTE)
    burst_review.decide_burst(1, burst_id, BurstState.DISCARDED, organiser_id=1, now=TODAY)
    db.session.rollback()
    assert db.session.scalars(select(Signature.name)).all() == ["A Person"]
    assert EmailState.HELD not in states()


def test_a_flood_from_one_network_is_held(app: Flask, petition: str) -> None:
    spending = rate_limits.RateLimit("sign:1", "abc", 1_000, None)
    sender = FormSender((spending,), network="abc")
    for number in range(50):
        sign(f"robot{number}@example.org", at=TODAY, sender=sender)
    burst_detection.detect(now=TODAY + MINUTE)
    sign("another@example.org", at=TODAY + MINUTE, sender=sender)
    sign("anna@example.org", at=TODAY + MINUTE)
    assert states() == {EmailState.DUE: 51, EmailState.HELD: 1}


def test_a_paused_petition_is_not_watched(app: Flask, petition: str) -> None:
    from petition.petitions import lifecycle

    flood(60)
    lifecycle.change_state(petition, PetitionState.PAUSED, now=TODAY)
    assert burst_detection.detect(now=TODAY + MINUTE) == []


def test_the_source_of_an_entry_is_its_mail_domain() -> None:
    assert parse_address("a@Googlemail.com").domain == "gmail.com"


def test_an_old_burst_holds_nothing(app: Flask, petition: str) -> None:
    flood(60)
    burst_detection.detect(now=TODAY + MINUTE)
    later = sign("late@flood.xyz", at=TODAY + timedelta(hours=2))
    email = db.session.get(Email, later)
    assert email is not None
    assert email.state == EmailState.DUE
    assert db.session.scalar(select(func.count()).select_from(Burst)) == 1


def test_the_page_of_comments_shows_a_burst_and_lets_it_go(
    app: Flask, client: Client, petition: str
) -> None:
    flood(60)
    burst_detection.detect(now=TODAY + MINUTE)
    inside = sign_in(app)
    overview, comments = f"/organisers/p/{petition}", f"/organisers/p/{petition}/comments"
    assert "flood.xyz" not in inside.get(overview).text
    assert f'href="{comments}#bursts"' in inside.get(overview).text, "it leads to the decision"
    page = inside.get(comments)
    assert "flood.xyz" in page.text
    assert 'id="bursts"' in page.text
    assert "flood.xyz" not in inside.get(f"{comments}?state=refused").text
    csrf = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    path = f"/organisers/p/{petition}/bursts/1"
    assert inside.post(path, data={"state": "released"}).status_code == 403, "not without CSRF"
    for nonsense in ({}, {"state": "open"}, {"state": "x"}):
        assert inside.post(path, data={"csrf_token": csrf, **nonsense}).status_code == 400
    answer = inside.post(path, data={"state": "released", "csrf_token": csrf})
    assert (answer.status_code, answer.location) == (303, comments)
    assert states()[EmailState.DUE] == 61, "and the organiser's own sign-in link"
    page = inside.get(comments)
    assert "flood.xyz" in page.text.partition("Earlier bursts")[2], (
        "what was decided stays to be read"
    )
    assert f'action="{path}"' not in page.text


def test_the_report_prints_what_was_seen(app: Flask, petition: str) -> None:
    for number in range(60):
        sign(f"robot{number}@mailinator.com", at=now())
    burst_detection.detect(now=now())
    said = app.test_cli_runner().invoke(args=["abuse", "report"]).output
    assert "domain mailinator.com\topen\tseen 60, usual 0, held 60" in said
    assert "60 entries, 0 confirmed" in said
    assert "pace\tfree-them\t60 entries" in said
    assert "robot1@" not in said, "nobody's address"


# --- the reminder, which looks at time as well


def remind(**after: float) -> int:
    return reminders.enqueue_reminders(within=timedelta(days=7), now=TODAY + timedelta(**after))


def test_one_reminder_after_a_day_and_never_a_second(app: Flask, petition: str) -> None:
    sent([sign()])
    assert remind(hours=23) == 0
    assert remind(hours=24, seconds=1) == 1
    assert remind(hours=24, seconds=2) == 0
    assert remind(days=5) == 0
    kinds = db.session.scalars(select(Email.kind).order_by(Email.id)).all()
    assert kinds == [EmailKind.CONFIRM, EmailKind.REMINDER]


def test_no_reminder_to_who_confirmed_or_never_got_the_email_or_signed_long_ago(
    app: Flask, petition: str
) -> None:
    emails = [sign("a@example.org"), sign("c@example.org")]
    sign("never-left@example.org")
    sent(emails)
    confirm(signature_of(emails[0]).id)
    sent([email for email in range(1, 9) if email != 3])
    assert remind(days=8) == 0
    assert remind(days=2) == 1


def test_no_reminder_once_the_petition_is_closed(app: Flask, petition: str) -> None:
    from petition.petitions import lifecycle

    sent([sign()])
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    assert remind(days=2) == 0


def test_a_discarded_flood_that_comes_again_is_held_again(app: Flask, petition: str) -> None:
    flood(60)
    (burst_id,) = burst_detection.detect(now=TODAY + MINUTE)
    burst_review.decide_burst(1, burst_id, BurstState.DISCARDED, organiser_id=1, now=TODAY + MINUTE)
    flood(60, first=100)
    assert burst_detection.detect(now=TODAY + 2 * MINUTE) == [burst_id + 1]
    assert states()[EmailState.HELD] == 60


def test_a_filled_honeypot_is_held_however_often_it_was_decided(app: Flask, petition: str) -> None:
    for number, decision in enumerate((BurstState.RELEASED, BurstState.DISCARDED, BurstState.OPEN)):
        sign(f"robot{number}@example.org", at=TODAY, sender=FormSender(filled_honeypot=True))
        assert states()[EmailState.HELD] == 1
        if decision != BurstState.OPEN:
            newest = burst_review.list_bursts()[0].id
            burst_review.decide_burst(1, newest, decision, organiser_id=1, now=TODAY)


def test_erasing_a_burst_erases_nobody_who_has_confirmed(app: Flask, petition: str) -> None:
    first = sign("anna@flood.xyz", at=TODAY)
    sent([first])
    verification.resend(first, sender=FormSender(), now=TODAY + 3 * MINUTE)
    flood(60)
    (burst_id,) = burst_detection.detect(now=TODAY + 4 * MINUTE)
    confirm(signature_of(first).id)
    burst_review.decide_burst(
        1, burst_id, BurstState.DISCARDED, organiser_id=1, now=TODAY + 5 * MINUTE
    )
    db.session.rollback()
    assert db.session.scalars(select(Signature.email)).all() == ["anna@flood.xyz"]
    assert counts.get_count(petition).count == 1


def test_a_busy_network_proves_itself_by_those_who_got_their_mail(
    app: Flask, petition: str
) -> None:
    sender = FormSender((rate_limits.RateLimit("sign:1", "abc", 1_000, None),), network="abc")
    for number in range(50):
        sign(f"early{number}@example.org", at=TODAY, sender=sender)
    burst_detection.detect(now=TODAY + MINUTE)
    late = [
        sign(f"late{number}@example.org", at=TODAY + MINUTE, sender=sender) for number in range(60)
    ]
    held = states()[EmailState.HELD]
    assert 40 <= held <= 50, "one in five gets its mail"
    let_go = [email for email in late if state_of(email) == EmailState.DUE]
    sent(let_go)
    for email in let_go[:10]:
        confirm(signature_of(email).id)
    burst_detection.detect(now=TODAY + 2 * MINUTE)
    assert EmailState.HELD not in states()
    assert burst_review.list_bursts()[0].state == BurstState.PLAUSIBLE


def test_a_network_that_was_as_busy_before_is_no_flood(app: Flask, petition: str) -> None:
    def busy(name: str, number: int, at: datetime) -> None:
        sender = FormSender((rate_limits.RateLimit("sign:1", name, 1_000, None),), network=name)
        for one in range(number):
            sign(f"{name}{one}@example.org", at=at, sender=sender)

    busy("yesterday", 30, TODAY - timedelta(hours=20))
    busy("today", 60, TODAY)
    assert burst_detection.detect(now=TODAY + MINUTE) == [], "less than five times as many"


@pytest.mark.usefixtures("stopped_clock")
def test_what_is_held_looks_like_any_other_to_its_sender(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    post_office.answers["slow@example.org"] = "451 4.7.1 come back later"
    for email in ("slow@example.org", "early@example.org"):
        client.post(f"/p/{petition}/sign", data=filled(email=email))
    held = client.post(f"/p/{petition}/sign", data=filled(further="x")).location
    other = client.post(f"/p/{petition}/sign", data=filled(email="berta@example.org")).location

    def said(page: str) -> str:
        return text_of(client.get(page)).partition("Anna")[0]

    with transaction() as connection:
        connection.execute(update(Email).values(created_at=now() - MINUTE))
    for page in (held, other):
        assert "We are busy" in said(page), "email is slow, for everybody"
    deliver(client.application)
    shown = [text_of(client.get(page)) for page in (held, other)]
    assert all("It is sent." in page for page in shown)
    at = [re.findall(r"We sent it ([^.]+)", page) for page in shown]
    assert at[0] == ["just now"]
    assert at[0] == at[1], "and at the same time"
    with transaction() as connection:  # what is tried again changes nothing of that
        connection.execute(update(Email).where(Email.state == "due").values(due_at=now()))
    assert text_of(client.get(held)) == shown[0]
    assert len(post_office.arrived) == 2


def test_mail_domains_that_are_named_are_no_flood(app: Flask, petition: str) -> None:
    flood(60, "union.example-domain.kz")
    thresholds = burst_detection.Thresholds(20, 5, frozenset({"union.example-domain.kz"}))
    assert burst_detection.detect(now=TODAY + MINUTE, thresholds=thresholds) == []


def state_of(email_id: int) -> EmailState:
    """Return how far a email is."""
    db.session.rollback()
    return EmailState(db.session.scalars(select(Email.state).where(Email.id == email_id)).one())
