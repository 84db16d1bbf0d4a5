"""Organisers are told one thing of each petition that needs them, the most urgent first."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from petition.abuse import bursts
from petition.core.clock import now
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Organiser
from petition.models.enums import BurstState, PetitionState, Role
from petition.organisers import burst_review
from petition.organisers.overview import attention
from petition.organisers.overview.attention import Attention, AttentionKind
from petition.outbox import pausing
from petition.petitions import lifecycle, visits
from tests.browsing import enter, invite, text_of
from tests.factories import FLOOD, TODAY, make_petition
from tests.signatures import ENTRY, confirm, show_comment, sign, signature_of

LANGUAGES = ("en", "ru", "de", "fr")
COMMENT = replace(ENTRY, display="full", comment="Because.")


def find(
    role: Role = Role.EDITOR, ids: Collection[int] = (1,), languages: Collection[str] = LANGUAGES
) -> dict[int, Attention]:
    """Return what is found for an organiser with a role."""
    db.session.rollback()
    return attention.find_for_petitions(Organiser(role=role), ids, languages, now=TODAY)


def hold_burst(petition_id: int = 1) -> int:
    """Open a burst and return its id."""
    with transaction() as connection:
        burst_id = bursts.record(connection, petition_id, FLOOD, now=TODAY)
    assert burst_id is not None
    return burst_id


def leave_comment(email: str = "anna@example.org", slug: str = "free-them") -> int:
    """Sign with a comment, confirm, and return the id of the signature."""
    signature_id = signature_of(sign(email, slug, entry=COMMENT)).id
    confirm(signature_id)
    return signature_id


def visit(number: int, language: str, *, days_ago: int = 0, slug: str = "free-them") -> None:
    """Count visits of the petition's page."""
    day = TODAY.date() - timedelta(days=days_ago)
    visits.add_visits({(slug, day, "", language): number})


def test_nothing_needs_anybody_at_first(app: Flask, petition: str) -> None:
    assert find() == {}
    assert find(ids=()) == {}


def test_a_burst_goes_before_comments_and_they_before_a_language(app: Flask, petition: str) -> None:
    visit(100, "de")
    assert find() == {1: Attention(AttentionKind.LANGUAGE, 100, "de")}
    leave_comment()
    second = leave_comment("bo@example.org")
    assert find() == {1: Attention(AttentionKind.COMMENTS, 2)}
    burst_id = hold_burst()
    assert find() == {1: Attention(AttentionKind.BURST, 1)}
    invite()
    decided = BurstState.RELEASED
    burst_review.decide_burst(1, burst_id, decided, organiser_id=1, now=TODAY)
    assert show_comment(1, second, "Because.")
    assert find() == {1: Attention(AttentionKind.COMMENTS, 1)}


def test_each_petition_has_its_own(app: Flask) -> None:
    for slug in ("first", "second", "third", "fourth"):
        make_petition(slug)
    leave_comment(slug="first")
    hold_burst(2)
    visit(200, "fr", slug="fourth")
    assert {key: one.kind for key, one in find(ids=(1, 2, 3, 4)).items()} == {
        1: AttentionKind.COMMENTS,
        2: AttentionKind.BURST,
        4: AttentionKind.LANGUAGE,
    }
    assert find(ids=(3,)) == {}


def test_a_viewer_is_told_nothing_that_only_others_can_do(app: Flask, petition: str) -> None:
    leave_comment()
    hold_burst()
    visit(500, "de")
    assert find(Role.VIEWER) == {}
    assert find(Role.ADMIN) == find(Role.EDITOR)


def test_a_language_is_missing_when_many_read_or_sign_in_it(app: Flask, petition: str) -> None:
    visit(99, "de")
    visit(1_000, "de", days_ago=31)
    visit(1_000, "ru")  # which the petition has
    visit(1_000, "uk")  # which the site lacks
    assert find() == {}
    for number in range(10):
        confirm(signature_of(sign(f"{number}@{number}.org", language="fr")).id)
    assert find() == {1: Attention(AttentionKind.LANGUAGE, 10, "fr")}
    visit(1, "de")
    assert find() == {1: Attention(AttentionKind.LANGUAGE, 100, "de")}
    lifecycle.change_state(petition, PetitionState.PAUSED, now=TODAY)
    assert find() == {}, "nobody can sign"


@pytest.mark.parametrize("role", list(Role))
def test_what_is_wrong_with_the_site_goes_before_all(app: Flask, petition: str, role: Role) -> None:
    organiser = Organiser(role=role)
    proxy = attention.find_for_site(organiser, site_problems=[AttentionKind.PROXY])
    assert proxy == (Attention(AttentionKind.PROXY) if role == Role.ADMIN else None)
    with transaction() as connection:
        pausing.pause(connection, "550 5.7.1 go away", now=TODAY)
    refused = attention.find_for_site(organiser, site_problems=[AttentionKind.PROXY])
    assert refused == Attention(AttentionKind.MAIL_REFUSED)


def test_the_list_and_the_overview_lead_to_where_it_is_dealt_with(app: Flask) -> None:
    for slug in ("first", "second"):
        make_petition(slug)
    leave_comment(slug="first")
    confirm(signature_of(sign("today@example.org", "second", at=now())).id, at=now())
    with transaction() as connection:
        bursts.record(connection, 2, FLOOD, now=now())
    invite()
    inside = enter(app)
    page = inside.get("/organisers/")
    words = text_of(page)
    assert "Open · 1 signature · today (UTC): 0 1 comment waits to be read." in words
    assert "Open · 1 signature · today (UTC): 1 1 burst waits for your decision." in words
    assert 'href="/organisers/p/first/comments"' in page.text
    assert 'href="/organisers/p/second/comments#bursts"' in page.text
    overview = inside.get("/organisers/p/second")
    assert "1 burst waits for your decision." in text_of(overview)
    assert 'id="bursts"' in inside.get("/organisers/p/second/comments").text
    assert inside.get("/organisers/p/first/comments").status_code == 200
    for kind in AttentionKind:
        path = Attention(kind).path("first").partition("#")[0]
        assert inside.get(path).status_code == 200, kind


def test_a_missing_language_is_named(app: Flask, petition: str) -> None:
    visits.add_visits({(petition, now().date(), "", "de"): 300})
    invite()
    words = text_of(enter(app).get("/organisers/"))
    assert "The text is missing in a language of its readers: Deutsch." in words
