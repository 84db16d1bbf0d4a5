"""A made-up language written from right to left runs through every page: nothing is mirrored by
hand, nothing is left untranslated by mistake, and names keep their own direction.
"""

import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from flask import Flask

from petition import i18n
from petition.web.assets import SOURCE
from tests.conftest import Client, MakeApp, browser, filled, make_petition, text_of
from tests.test_sharing import public_pages

LANGUAGE = "ar"  # whose script runs from right to left; the words are made up
ALIF = "\u0627"


def mirrored(text: str) -> str:
    """Return a message with every letter an alif, its placeholders kept."""
    pieces = re.split(r"(%\(\w+\)[sd]|\{\w+\})", text)
    return "".join(
        piece if at % 2 else re.sub(r"[A-Za-z]", ALIF, piece) for at, piece in enumerate(pieces)
    )


@pytest.fixture
def app(make_app: MakeApp, tmp_path: Path) -> Flask:
    """Return the application with the made-up language, from its own instance folder."""
    with (i18n.CATALOGUES / "messages.pot").open("rb") as file:
        template = read_po(file)
    catalogue = Catalog(locale=LANGUAGE)
    for message in template:
        if isinstance(message.id, tuple | list):
            forms = [mirrored(message.id[1])] * catalogue.num_plurals
            catalogue.add(message.id, tuple(forms))
        elif message.id:
            catalogue.add(message.id, mirrored(message.id))
    folder = tmp_path / i18n.OWN_CATALOGUES / LANGUAGE / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.po").open("wb") as written:
        write_po(written, catalogue)
    with (folder / "messages.mo").open("wb") as compiled:
        write_mo(compiled, catalogue)
    app = make_app(LANGUAGES=[LANGUAGE, "en"])
    with app.app_context():
        text = dict.fromkeys(("title", "target", "lede", "letter", "story", "share"), ALIF * 5)
        make_petition(text={LANGUAGE: text}, source_language=LANGUAGE, organiser=ALIF)
    return app


def test_every_public_page_runs_from_right_to_left(app: Flask) -> None:
    client = browser(app)
    for path in public_pages(client, "free-them"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert f'<html lang="{LANGUAGE}" dir="rtl">' in page.text
        said = re.sub(r"<(script|svg|textarea)\b.*?</\1>", "", page.text, flags=re.DOTALL)
        said = re.sub(r"<li>\s*<a[^>]*lang=.*?</li>|<option.*?</option>", "", said, flags=re.DOTALL)
        words = set(re.findall(r"[A-Za-z]{4,}", re.sub(r"<[^>]+>", " ", said)))
        assert words <= NAMES, (path, words - NAMES)


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
    answer = client.post("/p/free-them/sign", data=filled(name="Anna (Lund)", consent=None))
    assert "<bdi data-signature>Anna (Lund)</bdi>" in answer.text
    assert ALIF in text_of(answer)


def test_the_style_sheet_knows_no_left_and_no_right() -> None:
    sheet = (SOURCE / "site.css").read_text(encoding="utf-8")
    physical = re.findall(
        r"[\s{;-](?:(?:margin|padding|border)-(?:left|right)|left|right)\s*:|: *(?:left|right);",
        sheet,
    )
    assert physical == []
