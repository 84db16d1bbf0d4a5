"""The organisers' tab “News”: write, preview, publish, schedule, correct, take down."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from petition.core.clock import now
from petition.core.organiser_errors import UpdateChanged
from petition.models.enums import Role
from petition.organisers.news import reading, writing
from petition.organisers.news.reading import NewsState, NewsText
from petition.organisers.news.writing import NewsForm
from petition.petitions import queries, updates
from petition.petitions.editing import petition_file
from tests.browsing import Client, csrf_of, enter, invite, sign_in, text_of, trail
from tests.factories import NEWS, photo

TEXT = {"title_en": "Letters", "body_en": "At **six** embassies."}


@pytest.fixture
def inside(app: Flask, petition: str) -> Client:
    """Return an editor who has signed in."""
    return sign_in(app)


def send(client: Client, path: str, action: str, **fields: Any) -> TestResponse:
    """Send the form of an update, by default with the version that its page has."""
    page = client.get(path)
    found = re.search(r'name="version"[^>]*value="(\d+)"', page.text)
    assert found is not None
    sent = {"csrf_token": csrf_of(page), "version": found[1], "action": action, **fields}
    if "picture" in sent:
        sent["picture"] = FileStorage(*sent["picture"])
    boundary, body = encode_multipart(sent)
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def written(**texts: str) -> NewsForm:
    """Return an update with the same words as title and text in each language."""
    return NewsForm("", [NewsText(code, words, words) for code, words in texts.items()], {})


def publish(slug: str = "free-them", **texts: str) -> int:
    """Publish an update and return its id."""
    form = written(**(texts or {"en": "Letters"}))
    return writing.create(queries.get_id(slug), form, publish_at=now(), now=now())


def press(client: Client, page: str, path: str, **fields: str) -> TestResponse:
    """Press a button of a page."""
    return client.post(path, data={"csrf_token": csrf_of(client.get(page)), **fields})


def test_a_draft_is_for_organisers_alone_until_it_is_published(
    inside: Client, client: Client
) -> None:
    new = "/organisers/p/free-them/news/new"
    assert send(inside, new, "save", **TEXT).status_code == 303
    page = inside.get("/organisers/p/free-them/news")
    assert "Saved." in text_of(page)
    assert "Drafts Letters" in text_of(page)
    assert "Letters" not in client.get("/en/p/free-them/updates").text
    assert client.get("/en/p/free-them/updates/1").status_code == 404
    path = "/organisers/p/free-them/news/1"
    more = TEXT | {"title_ru": "Письма", "body_ru": "У шести посольств.", "author": "Anna"}
    assert send(inside, path, "publish", **more).status_code == 303
    shown = client.get("/ru/p/free-them/updates/1").text
    assert "У шести посольств." in shown
    assert "Anna" in shown
    assert "<strong>six</strong>" in client.get("/en/p/free-them/updates").text
    assert "Letters" in client.get("/en/p/free-them/updates.atom").text
    assert [entry[0] for entry in trail()[-2:]] == ["news.save", "news.publish"]
    assert trail()[-1][3] == "update 1", "no words in the trail"


def test_a_preview_shows_the_text_and_stores_nothing(inside: Client) -> None:
    page = send(inside, "/organisers/p/free-them/news/new", "preview", **TEXT)
    assert page.status_code == 200
    assert "<p>At <strong>six</strong> embassies.</p>" in page.text
    assert "At **six** embassies.</textarea>" in page.text, "the form is kept"
    assert reading.list_news(1, now=now()) == []


def test_news_for_a_later_time_shows_from_then_on(inside: Client, client: Client) -> None:
    at = now() + timedelta(days=1)
    form = TEXT | {"at": f"{at:%Y-%m-%dT%H:%M}"}
    send(inside, "/organisers/p/free-them/news/new", "publish", **form)
    assert "Scheduled Letters" in text_of(inside.get("/organisers/p/free-them/news"))
    for path in ("/en/p/free-them", "/en/p/free-them/updates", "/sitemap.xml"):
        assert "updates/1" not in client.get(path).text
    assert updates.published_ids(1, now=at - timedelta(minutes=1)) == []
    assert updates.published_ids(1, now=at) == [1]
    path = "/organisers/p/free-them/news/1"
    press(inside, path, f"{path}/take-down")
    assert reading.get_news(1, 1, now=at).state == NewsState.DRAFT, "it was never public"


def test_what_is_public_is_corrected_with_a_note_that_readers_see(
    inside: Client, client: Client
) -> None:
    publish(en="Six embassies", ru="Шесть посольств")
    path = "/organisers/p/free-them/news/1"
    fields = {
        "title_en": "Seven embassies",
        "body_en": "Six embassies",
        "title_ru": "Шесть посольств",
        "body_ru": "Шесть посольств",
    }
    refused = send(inside, path, "save", **fields)
    assert refused.status_code == 422
    assert "Say what you corrected" in refused.text
    assert 'value="Seven embassies"' in refused.text
    assert send(inside, path, "save", **fields, note_en="There were seven.").status_code == 303
    for page in ("updates", "updates/1"):
        text = text_of(client.get(f"/en/p/free-them/{page}"))
        assert "Seven embassies" in text
        assert re.search(r"Corrected on \d+ \w+ \d{4}: There were seven.", text)
    assert "There were seven." in client.get("/en/p/free-them/updates.atom").text
    assert trail()[-1][0] == "news.correct"
    assert updates.get_update(1, 1, "en", now=now()).published_at is not None


def test_a_translation_of_what_is_public_needs_no_note(inside: Client) -> None:
    publish(en="Letters")
    form = {"title_en": "Letters", "body_en": "Letters", "title_ru": "Письма", "body_ru": "Да."}
    assert send(inside, "/organisers/p/free-them/news/1", "save", **form).status_code == 303
    assert updates.get_update(1, 1, "ru", now=now()).corrections == []


def test_what_is_taken_down_is_gone_and_can_be_put_back(inside: Client, client: Client) -> None:
    publish()
    path = "/organisers/p/free-them/news/1"
    assert "Letters" in client.get("/en/p/free-them/updates").text
    for _ in range(2):
        assert press(inside, path, f"{path}/take-down").status_code == 303
        assert client.get("/en/p/free-them/updates/1").status_code == 404
    for page in ("updates", "updates.atom", ""):
        assert "Letters" not in client.get(f"/en/p/free-them/{page}".rstrip("/")).text
    assert "Taken down Letters" in text_of(inside.get("/organisers/p/free-them/news"))
    press(inside, path, f"{path}/put-back")
    assert client.get("/en/p/free-them/updates/1").status_code == 200
    assert [entry[0] for entry in trail()[-2:]] == ["news.take_down", "news.put_back"]


def test_a_draft_is_deleted_and_nothing_that_was_public(inside: Client) -> None:
    writing.create(1, written(en="Draft"), publish_at=None, now=now())
    path = "/organisers/p/free-them/news/1"
    press(inside, path, f"{path}/delete")
    assert reading.list_news(1, now=now()) == []
    published = publish()
    path = f"/organisers/p/free-them/news/{published}"
    press(inside, path, f"{path}/delete")
    assert "it is not deleted" in text_of(inside.get("/organisers/p/free-them/news"))
    assert len(reading.list_news(1, now=now())) == 1


def test_the_second_to_save_is_told_who_was_first_and_sees_both(app: Flask, inside: Client) -> None:
    writing.create(1, written(en="Draft"), publish_at=None, now=now())
    path = "/organisers/p/free-them/news/1"
    send(inside, path, "save", title_en="Mine", body_en="First")
    late = send(inside, path, "save", title_en="Yours", body_en="Second", version="1")
    assert late.status_code == 409
    assert "You changed this while you were writing" in text_of(late)
    assert "First" in late.text
    assert "Second</textarea>" in late.text
    with pytest.raises(UpdateChanged):
        writing.save(1, 1, written(en="x"), version=1, publish_at=None, now=now())
    again = dict(re.findall(r'name="(version|csrf_token)"[^>]*value="([^"]+)"', late.text))
    form = again | {"action": "save", "title_en": "Yours", "body_en": "Second"}
    assert inside.post(path, data=form).status_code == 303
    assert reading.get_news(1, 1, now=now()).texts[0].body == "Second"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Write a title and a text."),
        ({"title_en": "Alone"}, "Fill in both, the title and the text."),
        (TEXT | {"title_ru": "Письма"}, "Fill in both, the title and the text."),
        (TEXT | {"title_en": "x" * 201}, "at most 200 characters"),
        (TEXT | {"body_en": "x" * 50_001}, "at most 50000 characters"),
        (TEXT | {"title_en": "a\u202eb"}, "characters that we cannot show"),
        (TEXT | {"at": "tomorrow"}, "Give a day and a time"),
        (TEXT | {"body_en": "![A queue](gone.webp)"}, "There is no picture named gone.webp"),
    ],
)
def test_a_wrong_form_is_422_with_everything_kept(
    inside: Client, fields: dict[str, str], message: str
) -> None:
    page = send(inside, "/organisers/p/free-them/news/new", "publish", author="Anna", **fields)
    assert page.status_code == 422
    assert message in text_of(page)
    assert 'value="Anna"' in page.text
    assert reading.list_news(1, now=now()) == []


def test_a_picture_is_encoded_again_and_put_into_the_text(inside: Client, client: Client) -> None:
    new = "/organisers/p/free-them/news/new"
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    picture = (BytesIO(photo(exif=exif)), "Anna's queue.JPG")
    page = send(inside, new, "picture", **TEXT, picture=picture, alt="A queue")
    assert page.status_code == 200
    snippet = re.search(r"!\[A queue\]\((anna-s-queue-[0-9a-f]{8}\.webp)\)", page.text)
    assert snippet is not None
    assert page.text.count(snippet[0]) == 2, "shown, and in the text"
    assert reading.list_news(1, now=now()) == [], "the text is not stored yet"
    body = f"{TEXT['body_en']}\n\n{snippet[0]}"
    assert send(inside, new, "publish", title_en="Letters", body_en=body).status_code == 303
    shown = client.get("/en/p/free-them/updates/1").text
    address = re.search(r'<img src="([^"]+)" alt="A queue" width="60" height="40"', shown)
    assert address is not None
    content = client.get(address[1]).data
    assert b"SECRET" not in content
    assert content[8:12] == b"WEBP"
    assert trail()[-2][0] == "picture.add"


@pytest.mark.parametrize(
    ("content", "alt", "message"),
    [
        (photo(), "", "Say what the picture shows"),
        (b"<svg/>", "A queue", "This file is no picture"),
        (b"GIF89a" + bytes(100), "A queue", "This file is no picture"),
        (bytes(5 * 1024 * 1024 + 1), "A queue", "larger than 5 MB"),
        (b"", "A queue", "This file is no picture"),
    ],
    ids=["no words", "svg", "gif", "large", "empty"],
)
def test_a_picture_without_words_or_that_is_none_is_refused(
    inside: Client, content: bytes, alt: str, message: str
) -> None:
    new = "/organisers/p/free-them/news/new"
    for action in ("picture", "save"):
        file = (BytesIO(content), "queue.jpg")
        page = send(inside, new, action, **TEXT, picture=file, alt=alt)
        assert page.status_code == 422
        assert message in text_of(page)
        assert TEXT["body_en"] in page.text
    assert updates.list_pictures(1) == {}


def test_a_picture_in_a_text_needs_words_there_too(inside: Client) -> None:
    new = "/organisers/p/free-them/news/new"
    page = send(inside, new, "picture", **TEXT, picture=(BytesIO(photo()), "q.jpg"), alt="A queue")
    (name,) = updates.list_pictures(1)
    assert name in page.text
    page = send(inside, new, "save", title_en="Letters", body_en=f"![]({name})")
    assert page.status_code == 422
    assert "Say in the square brackets" in text_of(page)


def test_news_of_another_petition_and_of_viewers_is_closed(app: Flask, petition: str) -> None:
    publish()
    invite(Role.VIEWER)
    viewer = enter(app)
    for path in ("news", "news/new", "news/1", "news/1/email"):
        assert viewer.get(f"/organisers/p/free-them/{path}").status_code == 403
    assert "/news" not in viewer.get("/organisers/p/free-them").text


def test_an_import_counts_as_a_change(inside: Client) -> None:

    file = petition_file.parse_updates(NEWS)
    updates.import_updates("free-them", file, now=now())
    assert reading.get_news(1, 1, now=now()).version == 1
    updates.import_updates("free-them", file, now=now())
    assert reading.get_news(1, 1, now=now()).version == 2


def test_a_time_before_all_times_is_refused(app: Flask, petition: str) -> None:
    fields = {"title_en": "Letters", "body_en": "x", "at": "0001-01-01T00:00+14:00"}
    invite()
    answer = send(enter(app), "/organisers/p/free-them/news/new", "publish", **fields)
    assert answer.status_code == 422
    assert "Give a day and a time" in text_of(answer)
