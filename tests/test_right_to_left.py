"""A made-up right-to-left language on every page and in every email.

Nothing is mirrored by hand or left untranslated, and names keep their own direction. How it looks
is in browser/test_right_to_left.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from petition.core import tokens
from petition.core.clock import now
from petition.petitions import queries, updates
from petition.petitions.editing import petition_file
from petition.web.support.assets import SOURCE
from tests.browsing import (
    Client,
    browser,
    confirmed,
    deliver,
    filled,
    path_of,
    public_pages,
    text_of,
    token_for,
)
from tests.factories import MakeApp, make_petition
from tests.made_up_language import ALIF, LANGUAGE, TEXT, WORDS, write_catalogue
from tests.post_office import PostOffice

NEWS: dict[str, Any] = {
    "update": [{"day": date(2016, 5, 26), "text": {LANGUAGE: {"title": WORDS, "body": WORDS}}}],
    "target": [
        {"country": "CA", "checked": 2016, "office": {LANGUAGE: WORDS}, "postal": f"150 {ALIF * 9}"}
    ],
}
NAME, EMAIL = f"{ALIF * 4} {ALIF * 6}", "committee@example.org"


@pytest.fixture
def app(make_app: MakeApp, tmp_path: Path) -> Iterator[Flask]:
    """Return the application with the made-up language from its own instance folder, its context
    pushed.
    """
    write_catalogue(tmp_path)
    app = make_app(LANGUAGES=[LANGUAGE, "en"])
    with app.app_context():
        slug = make_petition(text={LANGUAGE: TEXT}, source_language=LANGUAGE, organiser=WORDS)
        updates.import_updates(slug, petition_file.parse_updates(NEWS), now=now())
        yield app


def untranslated(text: str) -> set[str]:
    """Return the words of a page or mail in Latin letters, but for addresses and names."""
    text = re.sub(r"<(script|style|svg|textarea)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"<li>\s*<a[^>]*lang=.*?</li>|<option.*?</option>", "", text, flags=re.DOTALL)
    text = re.sub(r"\S+\.example\.org\S*", " ", re.sub(r"<[^>]+>", " ", text))
    return set(re.findall(r"[A-Za-z]{4,}", text)) - NAMES


def test_every_public_page_runs_from_right_to_left(app: Flask, post_office: PostOffice) -> None:
    client = browser(app)
    full = filled(name=NAME, email=EMAIL, display="full", language=LANGUAGE)
    thanks = confirmed(client, post_office, "free-them", **full)
    (piece,) = updates.list_updates(queries.get_id("free-them"), LANGUAGE, now=now())
    paths = [
        *public_pages(client, "free-them"),
        f"/p/free-them/updates/{piece.id}",
        thanks,
        f"/my/{token_for(app, tokens.SELF_SERVICE, 1)}",
        "/my",
    ]
    for path in paths:
        runs_from_right_to_left(client.get(path), path)
    assert NAME in client.get("/p/free-them/signatures").text
    assert WORDS in client.get("/p/free-them/updates").text


def runs_from_right_to_left(page: TestResponse, path: str) -> None:
    """Fail for a page that does not, or that says something in another language."""
    assert page.status_code == 200, path
    assert f'<html lang="{LANGUAGE}" dir="rtl">' in page.text, path
    assert untranslated(page.text) == set(), path


def test_the_letter_and_pages_with_a_token_run_from_right_to_left(
    app: Flask, post_office: PostOffice
) -> None:
    client = browser(app)
    (office,) = updates.list_offices(queries.get_id("free-them"))
    fields = {"office": str(office.id), "letter": LANGUAGE, "name": NAME}
    letter = client.post("/p/free-them/write", data=fields)
    runs_from_right_to_left(letter, "the letter")
    assert f"<bdi>{NAME}</bdi>" in letter.text
    written = letter.text.partition('id="letter"')[2].partition("</article>")[0]
    assert written.count(WORDS) == 5, "office, title, letter, two demands"
    form = filled(name=NAME, email=EMAIL, language=LANGUAGE)
    pending = client.post("/p/free-them/sign", data=form).location
    runs_from_right_to_left(client.get(pending), "pending")
    deliver(app)
    (mail,) = post_office.wait_for(1)
    for link in (mail.link, mail.link_to("not-me")):
        runs_from_right_to_left(client.get(path_of(link)), link)


def test_emails_run_from_right_to_left(app: Flask, post_office: PostOffice) -> None:
    client = browser(app)
    form = filled(name=NAME, email=EMAIL, language=LANGUAGE)
    thanks = confirmed(client, post_office, "free-them", **form)
    assert client.get(thanks).status_code == 200
    client.post("/my", data={"email": EMAIL, "language": LANGUAGE})
    deliver(app)
    own = token_for(app, tokens.SELF_SERVICE, 1)
    client.post(f"/my/{own}", data={"action": "withdraw"})
    deliver(app)
    mails = post_office.wait_for(4)
    assert len({mail.message["Subject"] for mail in mails}) == 4, "four kinds of letters"
    for mail in mails:
        email_text = f"{mail.message['Subject']}\n{mail.text}\n{mail.html}"
        assert untranslated(email_text) == set(), mail.text
        assert f'<html lang="{LANGUAGE}" dir="rtl">' in mail.html


# What is the same in every language: names of networks and formats, and addresses.
NAMES = {
    "WhatsApp",
    "Telegram",
    "Facebook",
    "Bluesky",
    "Threads",
    "Mastodon",
    "LinkedIn",
    "Reddit",
    "English",
    "committee",
    "example",
    "petition",
    "Atom",
    "WCAG",
    "JavaScript",
    "Kazakh",
}


def test_a_name_keeps_its_own_direction(app: Flask) -> None:
    client: Client = browser(app)
    response = client.post("/p/free-them/sign", data=filled(name="Anna (Lund)", consent=None))
    assert "<bdi data-signature>Anna (Lund)</bdi>" in response.text
    assert ALIF in text_of(response)


def test_the_style_sheet_uses_logical_properties_only() -> None:
    sheet = (SOURCE / "site.css").read_text(encoding="utf-8")
    physical = re.findall(
        r"[\s{;-](?:(?:margin|padding|border)-(?:left|right)|left|right)\s*:|: *(?:left|right);",
        sheet,
    )
    assert physical == []
