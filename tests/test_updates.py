"""News: pages, feed, languages, re-encoded pictures; the letter to the embassy."""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree as ET

import pytest
from babel.dates import format_date
from flask import Flask
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from petition.core.clock import now
from petition.core.errors import PetitionFileInvalid, PictureInvalid
from petition.petitions import lifecycle, pictures, queries, updates
from petition.petitions.editing import petition_file
from petition.web.support.markdown import excerpt, to_plain_text
from tests.browsing import Client, text_of
from tests.factories import NEWS, TODAY, make_petition, photo

EVIL = """<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)>

![pixel](https://evil.example/pixel.png) ![gone](gone.jpg)

[good](https://example.org)"""
MINISTRY = {
    "checked": 2014,
    "office": {"en": "Ministry", "ru": "Министерство"},
    "postal": "Astana",
    "email": "ministry@example.org",
}  # of no country: for readers in all others


def keep(slug: str, written: Mapping[str, Any], folder: Path | None = None) -> None:
    updates.import_updates(slug, petition_file.parse_updates(written, folder), now=now())


@pytest.fixture
def news(petition: str) -> str:
    """Return the slug of a petition with two pieces of news and one embassy."""
    keep(petition, NEWS)
    return petition


def test_news_is_listed_newest_first_in_the_readers_language(client: Client, news: str) -> None:
    page_text = text_of(client.get(f"/ru/p/{news}/updates"))
    assert page_text.index("Письма") < page_text.index("Arrested"), (
        "what is not translated is still there"
    )
    assert "26 мая 2016" in page_text
    piece = updates.list_updates(queries.get_id(news), "ru", now=now())[0]
    page = client.get(f"/ru/p/{news}/updates/{piece.id}")
    assert "У шести посольств." in page.text
    assert "Anna of the committee" in page.text
    assert "not in your language yet" not in page.text
    other = updates.list_updates(queries.get_id(news), "ru", now=now())[1]
    assert 'lang="en"' in client.get(f"/ru/p/{news}/updates/{other.id}").text
    assert client.get(f"/p/{news}/updates/999").status_code == 404
    assert "Письма" in client.get(f"/ru/p/{news}").text, "and on the petition's page"


def test_news_is_paginated(client: Client, petition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updates, "PAGE_SIZE", 2)
    one = {"day": date(2016, 5, 20), "text": {"en": {"title": "", "body": "So it was."}}}
    titles = ["First", "Second", "Third", "Fourth", "Fifth"]
    keep(petition, {"update": [one | {"text": {"en": {"title": t, "body": "x"}}} for t in titles]})
    path, seen = f"/en/p/{petition}/updates", []
    while path:
        page = client.get(path).text
        seen.append(re.findall(r'/updates/\d+">(\w+)</a>', page))
        further = re.search(r'href="(/en/p/[^"]+before=\d+)"', page)
        path = further[1] if further else ""
    assert seen == [["Fifth", "Fourth"], ["Third", "Second"], ["First"]]
    petition_id = queries.get_id(petition)
    monkeypatch.setattr(
        updates, "list_updates", None
    )  # a piece is found by its number, however old
    oldest = updates.published_ids(petition_id, now=now())[-1]
    assert updates.get_update(petition_id, oldest, "en", now=now()).title == "First"


def test_a_piece_of_another_petition_is_not_found(client: Client, news: str) -> None:
    other = make_petition("another")
    piece = updates.list_updates(queries.get_id(news), "en", now=now())[0]
    assert client.get(f"/p/{other}/updates/{piece.id}").status_code == 404


def test_the_feed_is_atom(client: Client, news: str) -> None:
    response = client.get(f"/ru/p/{news}/updates.atom")
    assert response.mimetype == "application/atom+xml"
    names = {"a": "http://www.w3.org/2005/Atom"}
    feed = ET.fromstring(response.data)
    for wanted in ("id", "title", "updated", "author/a:name"):
        found = feed.find(f"a:{wanted}", names)
        assert found is not None
        assert found.text
    entries = feed.findall("a:entry", names)
    assert [entry.findtext("a:title", namespaces=names) for entry in entries] == [
        "Письма",
        "Arrested",
    ]
    content = entries[1].findtext("a:content", namespaces=names)
    assert content is not None
    assert content.strip() == "<p>They were <strong>taken</strong> away.</p>"
    ids = {entry.findtext("a:id", namespaces=names) for entry in entries}
    english = ET.fromstring(client.get(f"/en/p/{news}/updates.atom").data)
    assert ids == {
        entry.findtext("a:id", namespaces=names) for entry in english.findall("a:entry", names)
    }, "a piece is the same piece in every language"


def test_a_file_read_twice_changes_nothing_and_a_corrected_one_corrects(news: str) -> None:
    petition_id = queries.get_id(news)
    before = [piece.id for piece in updates.list_updates(petition_id, "en", now=now())]
    keep(news, NEWS)
    assert [piece.id for piece in updates.list_updates(petition_id, "en", now=now())] == before
    first = NEWS["update"][0]
    corrected = first | {"text": {"en": {"title": "Arrested", "body": "Corrected."}}}
    keep(news, {"update": [corrected]})
    assert updates.list_updates(petition_id, "en", now=now())[1].body == "Corrected."
    assert len(updates.list_offices(petition_id)) == 1, "a file without targets leaves them be"


def test_news_cannot_contain_scripts_or_foreign_images(client: Client, petition: str) -> None:
    keep(petition, {"update": [{"day": TODAY, "text": {"en": {"title": "<b>", "body": EVIL}}}]})
    page = client.get(f"/p/{petition}/updates").text
    for evil in ("<script>alert", 'href="javascript:', "evil.example", "<img", "<b>"):
        assert evil not in page
    assert "pixel" in page, "the words of a picture that is not ours are kept"
    assert '<a href="https://example.org" rel="noopener noreferrer">good</a>' in page


def test_a_picture_shows_with_its_size_and_comes_from_here(
    client: Client, petition: str, tmp_path: Path
) -> None:
    (tmp_path / "queue.jpg").write_bytes(photo())
    keep(petition, NEWS | {"pictures": ["queue.jpg"]}, tmp_path)
    page = client.get(f"/p/{petition}/updates").text
    seen = updates.list_pictures(queries.get_id(petition))["queue.jpg"]
    address = f"/p/{petition}/pictures/{seen.digest}.webp"
    assert f'<img src="{address}" alt="A queue" width="60" height="40" loading="lazy">' in page
    response = client.get(address)
    assert response.mimetype == "image/webp"
    assert "immutable" in response.headers["Cache-Control"]
    assert client.get(f"/p/{petition}/pictures/{'0' * 24}.webp").status_code == 404


@pytest.mark.parametrize("kind", pictures.FORMATS)
def test_every_kind_of_picture_is_encoded_again(kind: str) -> None:
    made = pictures.make_picture(photo(kind))
    with Image.open(BytesIO(made.content)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (60, 40))


def test_picture_metadata_is_removed() -> None:
    exif = Image.Exif()
    exif[Base.Make] = "SECRETCAMERA"
    exif[Base.Orientation] = 6  # lying on its side
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitudeRef] = "N"
    handed_in = photo(exif=exif, comment=b"SECRETCOMMENT")
    assert b"SECRETCAMERA" in handed_in
    made = pictures.make_picture(handed_in)
    assert b"SECRET" not in made.content
    with Image.open(BytesIO(made.content)) as picture:
        assert not picture.getexif()
        assert picture.size == (40, 60), "it stands upright"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no JPEG"),
        (b"GIF89a" + bytes(100), "is no JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "is no JPEG"),
        (photo()[:200], "is no JPEG"),
        (b"", "is no JPEG"),
        (bytes(pictures.MAX_BYTES + 1), "is larger than 5 MB"),
    ],
    ids=["svg", "gif", "eps", "cut off", "empty", "large"],
)
def test_a_file_that_is_no_picture_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(PictureInvalid, match=why):
        pictures.make_picture(content)


def test_a_decompression_bomb_is_refused() -> None:
    for size in ((10_000, 6_000), (20_000, 12_000)):
        file = BytesIO()
        Image.new("1", size).save(file, "PNG")
        assert len(file.getvalue()) < 100_000
        with pytest.raises(PictureInvalid):
            pictures.make_picture(file.getvalue())


def test_the_picture_of_a_petition_is_scaled_down(client: Client, tmp_path: Path) -> None:
    (tmp_path / "face.png").write_bytes(photo("PNG", (1_200, 900)))
    text = {
        **dict.fromkeys(("title", "target", "lede", "letter", "story", "share"), "words"),
        "face": "A face <looking> at you",
    }
    written = {
        "slug": "faced",
        "state": "open",
        "source_language": "en",
        "face": "face.png",
        "organiser": "o",
        "contact": "c@example.org",
        "text": {"en": text},
    }
    kept = petition_file.parse(written, tmp_path)
    assert kept.portrait is not None
    assert len(kept.portrait.content) <= pictures.PORTRAIT_MAX_BYTES
    lifecycle.create(kept, now=TODAY)
    page = client.get("/p/faced").text
    assert 'alt="A face &lt;looking&gt; at you" width="480" height="360"' in page


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"update": {}}, "update: tables"),
        ({"update": [{"text": {}}]}, "update 1.day"),
        ({"update": [{"day": TODAY, "text": {}}]}, "update 1.text"),
        ({"update": [{"day": TODAY, "text": {"en": {"title": "t"}}}]}, "update 1.text.en.body"),
        ({"update": [{"day": TODAY, "text": {"EN!": {}}}]}, "update 1.text.EN!"),
        ({"target": [{"country": "Canada"}]}, "target 1.country"),
        ({"target": [{"country": "UK"}]}, "target 1.country: the code of a country, as CA"),
        ({"target": [{"country": "CA", "office": {}}]}, "target 1.office"),
        ({"target": [{"country": "CA", "office": {"en": "x"}}]}, "target 1.checked"),
        ({"target": [MINISTRY, MINISTRY]}, "target 2.country: only one"),
        ({"pictures": "one.jpg"}, "pictures: a list"),
        ({"pictures": ["../secret"]}, "the name of a picture"),
        ({"pictures": ["none.jpg"]}, "there is no such file"),
    ],
)
def test_an_invalid_file_is_refused_with_its_first_fault(
    written: dict[str, object], why: str, tmp_path: Path
) -> None:
    with pytest.raises(PetitionFileInvalid, match=why):
        petition_file.parse_updates(written, tmp_path)


def test_the_letter_has_office_language_and_name_and_nothing_is_kept(
    app: Flask, client: Client, news: str
) -> None:
    (office,) = updates.list_offices(queries.get_id(news))
    page = client.get(f"/p/{news}/write")
    assert "Canada: Embassy in Ottawa" in text_of(page)
    options = page.text.partition('name="office"')[2].partition("</select>")[0]
    assert "selected" not in options, "nobody writes to an embassy by not looking"
    form = {"office": str(office.id), "letter": "ru", "name": "Anna Berg"}
    response = client.post(f"/en/p/{news}/write", data=form)
    assert response.headers["Cache-Control"] == "no-store"
    page_text = text_of(response)
    for piece in ("Посольство в Оттаве", "150 Metcalfe Street", "Свободу им", "Anna Berg"):
        assert piece in page_text
    assert "Its address was right in 2016" in page_text
    link = response.text.partition('href="mailto:')[2].partition('"')[0].replace("&amp;", "&")
    mail = parse_qs(urlsplit(f"mailto:{link}").query)
    assert mail["subject"] == ["Свободу им"]
    assert mail["body"][0].endswith(
        "We ask you to free them.\r\n\r\nЧего мы требуем\r\n\r\n"
        "1. Free them.\r\n2. Let others speak.\r\n\r\nAnna Berg"
    )


def test_the_letter_is_in_the_language_chosen_for_it(client: Client) -> None:
    names = ("title", "target", "lede", "letter", "story", "share")
    text = dict.fromkeys(names, "Only English words") | {"demands": ["Free them."]}
    swedish = dict.fromkeys(names, "Frige **dem** alla") | {"demands": ["Frige dem."]}
    slug = make_petition(text={"en": text, "sv": swedish})
    embassy = {"en": "Embassy", "sv": "Ambassaden"}
    keep(slug, {"target": [NEWS["target"][0] | {"office": embassy}]})
    (office,) = updates.list_offices(queries.get_id(slug))
    form = {"office": str(office.id), "letter": "sv", "name": "Anna Berg"}
    page = client.post(f"/en/p/{slug}/write", data=form).text
    letter = re.search(r'<article[^>]* lang="sv" dir="ltr".*?</article>', page, re.DOTALL)
    assert letter is not None
    words = set(re.findall(r"\w+", re.sub(r"<[^>]+>", " ", letter[0])))
    day = format_date(now(), "long", locale="sv")
    theirs = f"Ambassaden 150 Metcalfe Street Ottawa {day} Frige dem alla Vad vi kräver Anna Berg"
    assert words == set(theirs.split())


def test_without_an_embassy_the_letter_has_no_address(client: Client, news: str) -> None:
    assert "My country is not here" in client.get(f"/en/p/{news}/write").text
    page = client.post(f"/en/p/{news}/write", data={"office": "0", "name": "Anna Berg"}).text
    assert "<address></address>" in page
    assert 'href="mailto:?subject=Free%20them&amp;body=' in page
    assert "with room for an address" in page
    assert "was right in" not in page


def test_without_an_embassy_the_letter_goes_to_the_office_without_a_country(
    client: Client, news: str
) -> None:
    keep(news, {"target": [*NEWS["target"], MINISTRY]})
    options = client.get(f"/en/p/{news}/write").text.partition("</select>")[0]
    assert "Ministry" not in options, "it is not an embassy to choose"
    response = client.post(f"/en/p/{news}/write", data={"office": "0", "letter": "ru"})
    page = text_of(response)
    assert "We know of no embassy for your country. This letter goes to: Ministry." in page
    assert "Its address was right in 2014" in page
    letter = response.text.partition("<address>")[2].partition("</address>")[0]
    assert "Министерство" in letter
    assert "Astana" in letter
    assert 'href="mailto:ministry@example.org?subject=' in response.text


def test_markdown_becomes_plain_text() -> None:
    written = (
        "To *you*\n\nWe **write** [here](https://a.example)\nand <https://b.example>  \nagain.\n\n"
        "- one\n- two\n\n1. first\n2. second\n\n> 5 * 3 ![a *face*](face.jpg)"
    )
    assert to_plain_text(written).split("\n\n") == [
        "To you",
        "We write here (https://a.example) and https://b.example\nagain.",
        *("- one", "- two", "1. first", "2. second"),
        "5 * 3 a face",
    ]
    assert excerpt(written, max_length=12) == "To you We…"
    assert excerpt("Short.") == "Short."


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"office": "999", "letter": "xx", "name": "x" * 5_000},
        {"office": "-1", "letter": "\0", "name": "\u202e"},
        {"office": "9" * 40},
    ],
)
def test_an_invalid_choice_shows_the_form_again(
    client: Client, news: str, form: dict[str, str]
) -> None:
    response = client.post(f"/p/{news}/write", data=form)
    assert response.status_code == 200
    assert 'id="letter"' not in response.text


def test_the_sample_petition_comes_with_news_in_all_six_languages() -> None:
    folder = Path(queries.__file__).parent / "samples"
    read = petition_file.parse_updates(
        tomllib.loads((folder / "kuramshin-news.toml").read_text("utf-8"))
    )
    assert len(read.updates) == 4
    for written in read.updates:
        assert {text["language"] for text in written["texts"]} == {
            "en",
            "kk",
            "ru",
            "de",
            "sv",
            "fr",
        }
    assert [office["country"] for office in read.offices] == ["CA", "GB", "DE", ""]
    for office in read.offices:
        assert set(office["office"]) == {"en", "kk", "ru", "de", "sv", "fr"}
