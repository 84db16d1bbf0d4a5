"""Admins of the site choose which petition its first page shows."""

import pytest
from flask import Flask

from petition.core.clock import now
from petition.core.errors import PetitionNotFound
from petition.models.enums import PetitionState, Role
from petition.petitions import lifecycle
from tests.browsing import Client, browser, csrf_of, enter, invite, text_of, trail
from tests.factories import MakeApp, make_petition

PATH = "/organisers/featured"


def make(slug: str, **changes: object) -> None:
    """Store a petition whose title has its slug."""
    text = {
        **dict.fromkeys(("target", "lede", "letter", "story", "share"), "Freedom"),
        "title": f"Free the {slug}",
        "demands": ["Free them."],
    }
    make_petition(slug, text={"en": text}, **changes)


def shown(client: Client) -> str:
    """Return what is on the first page, once caches have no say."""
    client.application.extensions["page_cache"].clear()
    return text_of(client.get("/en/"))


def choose(inside: Client, slug: str) -> int:
    """Choose a petition on the dashboard and return the status."""
    token = csrf_of(inside.get("/organisers/"))
    return inside.post(PATH, data={"csrf_token": token, "slug": slug}).status_code


@pytest.fixture
def two(app: Flask) -> Flask:
    """Return a site with two open petitions, so that its first page is the list."""
    make("first")
    make("second")
    return app


def test_the_first_page_shows_what_was_chosen(two: Flask) -> None:
    reader = browser(two)
    assert "Free the second" in shown(reader)
    assert "Your full name" not in shown(reader), "the list"
    invite(Role.ADMIN)
    inside = enter(two)
    assert "First page of the site" in text_of(inside.get("/organisers/"))
    assert choose(inside, "first") == 303
    assert "Your full name" in shown(reader)
    assert "Free the second" not in shown(reader)
    assert '<option selected value="first">' in inside.get("/organisers/").text
    assert choose(inside, "second") == 303
    assert "Free the first" not in shown(reader)
    assert choose(inside, "") == 303
    assert "Your full name" not in shown(reader)
    assert [entry[2] for entry in trail() if entry[0] == "petition.feature"] == [1, 2, None]


def test_the_choice_comes_before_the_setting(make_app: MakeApp) -> None:
    app = make_app(FEATURED="second")
    with app.app_context():
        for name in ("first", "second"):
            make(name)
        reader = browser(app)
        assert "Free the second" in shown(reader)
        lifecycle.feature("first", now=now())
        assert "Free the first" in shown(reader)


def test_choosing_twice_is_recorded_once_and_a_draft_is_refused(two: Flask) -> None:
    make("draft", state=PetitionState.DRAFT)
    for _ in range(2):
        lifecycle.feature("first", now=now())
    assert [entry[0] for entry in trail()].count("petition.feature") == 1
    with pytest.raises(PetitionNotFound):
        lifecycle.feature("draft", now=now())


def test_only_admins_of_the_site_choose(two: Flask) -> None:
    for role, slug in ((Role.EDITOR, None),):
        invite(role, slug)
        inside = enter(two)
        assert "First page of the site" not in text_of(inside.get("/organisers/"))
        assert choose(inside, "first") == 403
