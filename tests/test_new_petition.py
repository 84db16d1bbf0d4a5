"""A petition's life in the browser: three steps, preview, opening, versions, victory, copies."""

import tomllib

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from petition.core.clock import now
from petition.database.base import db
from petition.models.enums import PetitionState, Role
from petition.organisers import access
from petition.organisers.petition_export import export_petition
from petition.petitions import queries
from petition.petitions.editing import drafts, petition_file, texts
from petition.web.organisers.actions import ACTIONS
from tests.browsing import (
    Client,
    browser,
    confirmed,
    csrf_of,
    enter,
    invite,
    press,
    seen_in,
    sign_in,
    text_of,
    trail,
)
from tests.factories import make_petition, parse_address
from tests.post_office import PostOffice

DEMAND = {
    "language": "en",
    "title": "Free the river",
    "target": "the Council",
    "demands": "Open the gates.\nPlant trees.",
    "lede": "It is dry.",
}
LETTER = {"letter": "Dear council, **please**.", "story": "Once it flowed.", "share": "Sign:"}
WE = {"organiser": "River friends", "contact": "river@example.org", "slug": "river"}


def export(slug: str) -> petition_file.PetitionFile:
    """Return the exported petition as an import reads it."""
    db.session.rollback()
    return petition_file.parse(tomllib.loads(export_petition(slug).file))


def write(inside: Client, slug: str, language: str, **changes: str) -> int:
    """Save a text with changes and return the status."""
    path = f"/organisers/p/{slug}/text/{language}"
    db.session.rollback()
    text = texts.get_text(slug, language, ("en", "de"))
    fields = text.fields | {"revision": str(text.revision), "step": "save"} | changes
    page = inside.get(path)
    answer = inside.post(path, data=fields | {"csrf_token": csrf_of(page)})
    if "shown" in answer.text:
        shown = answer.text.partition('name="shown" value="')[2].partition('"')[0]
        fields |= {"csrf_token": csrf_of(page), "step": "confirm", "shown": shown}
        answer = inside.post(path, data=fields)
    return answer.status_code


def win(inside: Client, seen: str, **words: str) -> TestResponse:
    """Send the words of a victory."""
    return press(inside, "/organisers/p/river/state/victory", seen=seen, **words)


def test_whoever_words_a_victory_second_is_told_who_did_before(app: Flask) -> None:
    path = f"/organisers/p/{make_petition('river')}/state/victory"
    inside = sign_in(app)
    colleague = parse_address("colleague@example.org")
    access.invite(colleague, role=Role.EDITOR, slug="river", language="en", now=now())
    other = enter(app, colleague)
    seen = seen_in(inside, path)
    for _ in range(2):  # a double click
        assert win(other, seen, en_sentence="It flows.").status_code == 303
    answer = win(inside, seen, en_sentence="The river is free.")
    assert answer.status_code == 409
    assert "Nothing is saved yet. By: Organiser 2" in text_of(answer)
    assert "The victory in one sentence (English): It flows." in text_of(answer)
    assert "The river is free.</textarea>" in answer.text
    assert win(inside, "", en_sentence="Another").status_code == 409, "the form does not say"
    again = answer.text.partition('name="seen" value="')[2].partition('"')[0]
    assert win(inside, again, en_sentence="The river is free.").status_code == 303
    assert export("river").petition["victory"]["en"]["sentence"] == "The river is free."


def test_a_petition_lives_from_its_first_words_to_its_victory(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    inside = sign_in(app)
    assert "New petition" in inside.get("/organisers/").text
    step = press(inside, "/organisers/new", **DEMAND)
    assert step.location == "/organisers/p/free-the-river/new/letter"
    step = press(inside, step.location, **LETTER)
    assert step.location == "/organisers/p/free-the-river/new/organiser"
    step = press(inside, step.location, **WE)
    assert step.location == "/organisers/p/river/previews"
    assert "Only organisers see it until you open it." in inside.get(step.location).text
    german = {
        "title": "Befreit den Fluss",
        "letter": "Bitte.",
        "lede": "Trocken.",
        "story": "Einst.",
    }
    words = {"target": "der Rat", "share": "Unterschreibt:", "demands": "", "organiser": "Freunde"}
    assert write(inside, "river", "de", **german, **words) == 303
    shown = inside.get("/organisers/p/river/preview?language=de")
    assert "Befreit den Fluss" in shown.text
    assert 'lang="de"' in shown.text
    assert client.get("/p/river").status_code == 404
    assert press(inside, "/organisers/p/river/state/open").status_code == 303
    confirmed(client, post_office, "river")
    assert write(inside, "river", "en", letter="Dear Council.", correction="y") == 303
    assert write(inside, "river", "en", letter="Dear Council, now.", reason="It is June.") == 303
    page = text_of(client.get("/en/p/river"))
    assert "It is June." in page
    assert "Version 2" in text_of(client.get("/en/p/river/versions"))
    assert press(inside, "/organisers/p/river/state/closed").status_code == 303
    words = {"en_sentence": "It flows.", "de_sentence": "Er fließt."}
    assert (
        win(inside, seen_in(inside, "/organisers/p/river/state/victory"), **words).status_code
        == 303
    )
    assert "Er fließt." in client.get("/de/p/river").text
    file = export("river")
    assert file.petition["victory"]["de"] == {"sentence": "Er fließt.", "won": "", "next": ""}
    assert file.petition["contact"] == "river@example.org"
    made = [entry[0] for entry in trail() if entry[0].startswith("petition.")]
    assert made[0] == "petition.create"
    assert made[-2:] == ["petition.victory", "petition.victory"]


def test_every_step_keeps_what_was_typed_and_says_what_is_wrong(app: Flask) -> None:
    make_petition("river")
    inside = sign_in(app)
    answer = press(inside, "/organisers/new", **(DEMAND | {"title": ""}))
    assert answer.status_code == 422
    assert "Open the gates." in answer.text
    press(inside, "/organisers/new", **DEMAND)
    path = "/organisers/p/free-the-river/new"
    answer = press(inside, f"{path}/letter", **(LETTER | {"letter": "<b>Dear</b>"}))
    assert answer.status_code == 422
    assert "&lt;b&gt;Dear&lt;/b&gt;" in answer.text
    for wrong, said in (
        ({"slug": "river"}, "Another petition has this address."),
        ({"slug": "The River"}, "Use small Latin letters, digits and hyphens only."),
        ({"contact": "nobody"}, "Write an email address, such as name@example.org."),
    ):
        answer = press(inside, f"{path}/organiser", **(WE | {"slug": "free"} | wrong))
        assert answer.status_code == 422
        assert said in text_of(answer)
    draft = queries.get_petition("free-the-river", "en", drafts=True)
    assert (draft.contact, draft.text.organiser) == ("", ""), "all of a step is saved, or nothing"


def test_the_first_step_sent_twice_creates_one_draft(app: Flask) -> None:
    inside = sign_in(app)
    places = {press(inside, "/organisers/new", **DEMAND).location for _ in range(2)}
    assert len(places) == 1
    other = press(inside, "/organisers/new", **(DEMAND | {"lede": "Other."}))
    assert other.location == "/organisers/p/free-the-river-2/new/letter"


def test_a_copy_is_a_draft_with_the_same_content(app: Flask, petition: str) -> None:
    inside = sign_in(app)
    path = f"/organisers/p/{petition}"
    answer = press(inside, f"{path}/settings", f"{path}/duplicate")
    assert answer.location == "/organisers/p/free-them-2/new/organiser"
    assert press(inside, f"{path}/settings", f"{path}/duplicate").location == answer.location
    before, copy = export(petition), export("free-them-2")
    assert copy.texts == before.texts
    assert queries.get_petition("free-them-2", "en", drafts=True).state == PetitionState.DRAFT
    assert inside.get(f"{path}/new/letter").location == f"{path}/settings", "no draft any more"


@pytest.mark.parametrize("role", list(Role))
def test_only_who_reaches_all_petitions_creates_one(app: Flask, petition: str, role: Role) -> None:
    invite(role, slug=None if role == Role.ADMIN else petition)
    inside = enter(app)
    allowed = role == Role.ADMIN
    assert inside.get("/organisers/new").status_code == (200 if allowed else 403)
    assert ("New petition" in inside.get("/organisers/").text) == allowed


def test_the_preview_is_framed_by_its_own_site_alone(app: Flask) -> None:
    slug = make_petition("draft", state="draft")
    inside = sign_in(app)
    page = inside.get(f"/organisers/p/{slug}/previews?language=ru")
    assert page.text.count(f'src="/organisers/p/{slug}/preview?language=ru"') == 2
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    framed = inside.get(f"/organisers/p/{slug}/preview?language=ru")
    assert "frame-ancestors 'self'" in framed.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed.headers
    opened = make_petition("open")
    assert "The form stands here" in inside.get(f"/organisers/p/{opened}/preview").text
    other = inside.get(f"/organisers/p/{slug}/settings")
    assert other.headers["X-Frame-Options"] == "DENY"
    card = inside.get(f"/organisers/p/{slug}/preview/ru.png")
    assert card.mimetype == "image/png"
    assert inside.get(f"/organisers/p/{slug}/preview/xx.png").status_code == 404
    assert browser(app).get(f"/organisers/p/{slug}/preview/ru.png").status_code == 303
    assert "organisers.preview_card" in ACTIONS


@given(title=st.text(max_size=300))
def test_an_address_made_of_any_title_is_one(title: str) -> None:
    slug = drafts.make_slug(title)
    assert len(slug) <= drafts.MAX_SLUG
    assert drafts.make_slug("Free the Élan, now!") == "free-the-elan-now"
    assert drafts.make_slug("Свободу") == "petition"
    assert slug.replace("-", "").isalnum()
    assert slug == slug.lower().strip("-")
