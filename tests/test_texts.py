"""Writing a petition's texts in the browser: languages, versions, corrections, lost races."""

import re
import sys
import tomllib
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from petition.core.errors import PetitionUnfinished
from petition.database.base import db
from petition.models import PetitionText, Signature
from petition.models.enums import PetitionState, Role
from petition.organisers.petition_export import export_petition
from petition.petitions import lifecycle, queries
from petition.petitions.editing import petition_file, texts
from petition.petitions.editing.difference import PieceKind, compare
from petition.web.organisers.forms import MAX_BRACKETS
from petition.web.support.markdown import markdown
from tests.browsing import (
    Client,
    browser,
    confirmed,
    csrf_of,
    enter,
    invite,
    press,
    sign_in,
    text_of,
    trail,
)
from tests.commands import refused, run, write_file
from tests.factories import TODAY, make_petition, photo
from tests.post_office import PostOffice

OFFERED = ("en", "ru", "de")
GERMAN = {
    "title": "Lasst sie frei",
    "target": "die Regierung",
    "lede": "Sie sind in Haft.",
    "letter": "Wir **bitten** Sie.",
    "demands": "Lasst sie frei.\n\nLasst andere reden.",
    "story": "Sie haben gesprochen.",
    "share": "Unterschreibt:",
    "organiser": "Das Komitee",
}


def fields_of(slug: str, language: str) -> dict[str, str]:
    """Return the fields of a form as it shows a text, with its revision."""
    db.session.rollback()
    text = texts.get_text(slug, language, OFFERED)
    return text.fields | {"revision": str(text.revision), "step": "save"}


def save(client: Client, slug: str, language: str, **changes: str) -> TestResponse:
    """Submit the form of a text with changes; a field that is not given is as it is stored."""
    path = f"/organisers/p/{slug}/text/{language}"
    csrf = csrf_of(client.get(path))
    return client.post(path, data=fields_of(slug, language) | {"csrf_token": csrf} | changes)


def versions_of(language: str) -> list[tuple[int, str, str]]:
    """Return version, title and reason of every text in a language."""
    db.session.rollback()
    rows = db.session.execute(
        select(PetitionText.version, PetitionText.title, PetitionText.reason)
        .where(PetitionText.language == language)
        .order_by(PetitionText.version)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def parse_export(slug: str) -> petition_file.PetitionFile:
    """Return the exported petition as an import reads it."""
    db.session.rollback()
    exported = export_petition(slug)
    return petition_file.parse(tomllib.loads(exported.file))


def test_a_language_is_added_in_the_browser_and_the_file_has_it(app: Flask, petition: str) -> None:
    inside = sign_in(app)
    page = text_of(inside.get(f"/organisers/p/{petition}/text"))
    assert "English The original. Complete." in page
    assert "Deutsch Not written yet." in page
    answer = save(inside, petition, "de", **GERMAN)
    assert answer.location == f"/organisers/p/{petition}/text"
    page = text_of(inside.get(answer.location))
    assert "The text is saved." in page
    assert "Deutsch Complete." in page
    shown = browser(app).get(f"/de/p/{petition}")
    assert "<strong>bitten</strong>" in shown.text
    (text,) = [one for one in parse_export(petition).texts if one["language"] == "de"]
    assert text["demands"] == "Lasst sie frei.\nLasst andere reden."
    assert text["organiser"] == "Das Komitee"
    assert trail()[-1][0::3] == ("petition.text", "de 1")


def test_the_form_and_the_file_refuse_the_same(app: Flask, petition: str, tmp_path: Path) -> None:
    inside = sign_in(app)
    before = trail()
    answer = save(
        inside,
        petition,
        "en",
        title="",
        target="x" * 201,
        letter="Dear <b>council</b>",
        story="![A river](river.jpg)",
        share="x" * 400,
    )
    page = text_of(answer)
    assert answer.status_code == 422
    assert "Demand, as a headline : Fill in this field." in page
    assert "To whom : This can be at most 200 characters long." in page
    assert "Letter : HTML and pictures cannot be shown here: &lt;b&gt;" in page
    assert "The case : HTML and pictures cannot be shown here: ![A river](" in page
    assert "This can be at most 256 characters long." in page
    assert "Dear &lt;b&gt;council&lt;/b&gt;" in answer.text, "what was typed is kept"
    answer = save(inside, petition, "en", share="x" * 256)
    assert "Networks take less with the link. Shorten this by 2 characters." in text_of(answer)
    assert trail() == before
    said = refused(app, "petition", "import", write_file(tmp_path, letter="Dear <b>council</b>"))
    assert "text.en.letter: no HTML and no pictures, but <b>" in said


def test_before_anybody_has_signed_a_change_is_made_without_a_reason(
    app: Flask, petition: str
) -> None:
    inside = sign_in(app)
    assert 'name="reason"' not in inside.get(f"/organisers/p/{petition}/text/en").text
    assert save(inside, petition, "en", title="Free them all").status_code == 303
    assert versions_of("en") == [(1, "Free them", ""), (2, "Free them all", "")]
    draft = make_petition("draft", state="draft")
    assert save(inside, draft, "ru", title="Свободу").status_code == 303
    assert queries.get_petition(draft, "ru", drafts=True).text.version == 1


def test_once_somebody_has_signed_a_change_is_a_version_with_a_public_reason(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, email="anna@example.org")
    inside = sign_in(app)
    letter = "We **ask** you to free them today."
    answer = save(inside, petition, "en", letter=letter)
    assert answer.status_code == 422
    assert "People have signed this text. Say why it changes" in text_of(answer)
    assert letter in answer.text
    assert save(inside, petition, "en", letter=letter, reason="Time is short.").status_code == 303
    confirmed(client, post_office, petition, email="berta@example.org")
    assert versions_of("en") == [(1, "Free them", ""), (2, "Free them", "Time is short.")]
    signed = select(Signature.email, PetitionText.letter)
    db.session.rollback()
    rows = db.session.execute(signed.join(PetitionText, Signature.signed_text()))
    assert sorted(map(tuple, rows)) == [
        ("anna@example.org", "We **ask** you to free them."),
        ("berta@example.org", letter),
    ]
    page = text_of(client.get(f"/en/p/{petition}"))
    assert re.search(r"Changed on \d+ \w+ \d{4}: Time is short. What changed in the text", page)
    public = client.get(f"/en/p/{petition}/versions")
    assert "them<ins> today</ins>." in public.text
    assert re.search(r"Version 2, .* Time is short. .* Version 1, 26 May 2016", text_of(public))
    russian = text_of(client.get(f"/ru/p/{petition}/versions"))
    assert "26 мая 2016" in russian
    assert "Time is short." not in russian, "it is the reason of the English text"
    assert client.get(f"/en/p/{make_petition('hidden', state='draft')}/versions").status_code == 404


def test_a_small_correction_is_shown_before_it_is_saved_and_makes_no_version(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    inside = sign_in(app)
    before = parse_export(petition)
    typed = {"letter": "We **ask** you to free then.", "correction": "y"}
    shown = save(inside, petition, "en", **typed)
    assert shown.status_code == 200
    assert "<del>them</del><ins>then</ins>." in shown.text
    assert parse_export(petition) == before, "nothing is saved yet"
    digest = shown.text.partition('name="shown" value="')[2].partition('"')[0]
    other = typed | {"letter": "We ask nothing."}
    again = save(inside, petition, "en", **other, step="confirm", shown=digest)
    assert "nothing</ins>" in again.text, "what is saved is what was shown"
    assert save(inside, petition, "en", **typed, step="confirm", shown=digest).status_code == 303
    assert versions_of("en") == [(1, "Free them", "")]
    assert "free then." in client.get(f"/en/p/{petition}").text
    assert "Changed on" not in client.get(f"/en/p/{petition}").text
    assert trail()[-1][0::3] == ("petition.text", "en 1 corrected")


def test_a_change_beside_what_people_sign_makes_no_version(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition)
    before = client.get(f"/en/p/{petition}").text.split('property="og:image" content="')[1][:99]
    save(sign_in(app), petition, "en", story="They spoke out.", lede="Why now.", share="Sign:")
    assert versions_of("en") == [(1, "Free them", "")]
    page = client.get(f"/en/p/{petition}").text
    assert "They spoke out." in page
    assert page.split('property="og:image" content="')[1][:99] != before, "drawn anew"


def test_a_translation_older_than_its_source_is_marked_until_it_is_compared(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    inside = sign_in(app)
    listed = f"/organisers/p/{petition}/text"
    save(inside, petition, "en", story="More has happened.")
    assert "Русский The original has changed since." in text_of(inside.get(listed))
    page = inside.get(f"{listed}/ru")
    assert "Compare the two." in page.text
    assert "More has happened." in page.text, "the source is beside it"
    assert save(inside, petition, "ru").status_code == 303
    assert "Русский Complete." in text_of(inside.get(listed))
    confirmed(client, post_office, petition)
    typed = {"story": "More has happend.", "correction": "y"}
    shown = save(inside, petition, "en", **typed)
    digest = shown.text.partition('name="shown" value="')[2].partition('"')[0]
    save(inside, petition, "en", **typed, step="confirm", shown=digest)
    assert "Русский Complete." in text_of(inside.get(listed)), "a correction changes no meaning"


def test_whoever_saves_second_is_told_who_changed_what_and_loses_nothing(
    app: Flask, petition: str
) -> None:
    invite(Role.ADMIN)
    first, second = enter(app), enter(app)
    opened = fields_of(petition, "en")
    assert save(first, petition, "en", story="First story.").status_code == 303
    typed = opened | {"story": "Second story.", "lede": "Second lede."}
    answer = save(second, petition, "en", **typed)
    page = text_of(answer)
    assert answer.status_code == 409
    assert "This text was changed meanwhile. Nothing is saved yet. By: You" in page
    assert "<del>First</del><ins>Second</ins>" in answer.text
    assert "Second lede." in answer.text
    assert 'name="revision" value="2"' in answer.text
    assert queries.get_petition(petition, "en").text.story == "First story."
    assert save(second, petition, "en", **(typed | {"revision": "2"})).status_code == 303
    same = save(second, petition, "en", **(typed | {"revision": "1"}))
    assert same.status_code == 303, "sent twice, it is saved once"


def test_a_preview_shows_what_was_typed_and_saves_nothing(app: Flask, petition: str) -> None:
    inside = sign_in(app)
    before = parse_export(petition)
    answer = save(inside, petition, "en", letter="## Dear\n\n*You*", title="T", step="preview")
    assert "<h2>Dear</h2>" in answer.text
    assert "<em>You</em>" in answer.text
    assert 'value="T"' in answer.text
    assert parse_export(petition) == before


def test_what_looks_the_same_stays_as_it_was(app: Flask, petition: str, tmp_path: Path) -> None:
    file = write_file(tmp_path, title="Two  blanks", letter="One\\r\\ntwo")
    run(app, "petition", "import", file)
    before = parse_export("water")
    assert save(sign_in(app), "water", "en").status_code == 303
    assert parse_export("water") == before


def test_a_draft_may_lack_texts_and_opens_with_all_of_them(app: Flask, client: Client) -> None:
    slug = make_petition("draft", state="draft")
    inside = sign_in(app)
    assert save(inside, slug, "de", title="Freiheit").status_code == 303
    page = text_of(inside.get(f"/organisers/p/{slug}/text"))
    assert "Deutsch Still missing: To whom, Who and why now, in one sentence, Letter" in page
    assert inside.get(f"/organisers/p/{slug}/preview").status_code == 200
    assert "unfinished = true" in export_petition(slug).file
    stored = parse_export(slug)
    assert [one["letter"] for one in stored.texts if one["language"] == "de"] == [""]
    with pytest.raises(PetitionUnfinished, match=r"text\.de\.letter"):
        lifecycle.change_state(slug, PetitionState.OPEN, now=TODAY)
    said = refused(app, "petition", "open", slug)
    assert "this lacks: text.de.target, text.de.lede" in said
    save(inside, slug, "de", **GERMAN)
    lifecycle.change_state(slug, PetitionState.OPEN, now=TODAY)
    assert "unfinished" not in export_petition(slug).file
    answer = save(inside, slug, "de", lede="")
    assert answer.status_code == 422, "an open petition is complete"


def test_a_file_that_is_unfinished_says_so(app: Flask, tmp_path: Path) -> None:
    file = Path(write_file(tmp_path, "unfinished = true", state="draft", letter=""))
    written = file.read_text(encoding="utf-8").replace('letter = ""\n', "")
    file.write_text(written.replace("unfinished = true\n", ""), encoding="utf-8")
    assert "text.en.letter" in refused(app, "petition", "import", str(file))
    file.write_text(written, encoding="utf-8")
    run(app, "petition", "import", str(file))
    file.write_text(written.replace('"draft"', '"open"'), encoding="utf-8")
    said = refused(app, "petition", "import", "--replace", str(file))
    assert "unfinished: only a draft can be unfinished" in said


def test_a_file_needs_a_reason_as_well_or_says_that_it_corrects(
    app: Flask, client: Client, post_office: PostOffice, tmp_path: Path
) -> None:
    run(app, "petition", "import", write_file(tmp_path))
    confirmed(client, post_office, "water")
    changed = write_file(tmp_path, letter="Wine")
    said = refused(app, "petition", "import", "--replace", changed)
    assert said.endswith(
        "say why the text changes with --reason, or that the change is a small --correction of: en"
    )
    run(app, "petition", "import", "--replace", "--correction", changed)
    assert versions_of("en") == [(1, "Water", "")]
    changed = write_file(tmp_path, title="Wine")
    run(app, "petition", "import", "--replace", "--reason", "It was wine.", changed)
    assert versions_of("en") == [(1, "Water", ""), (2, "Wine", "It was wine.")]


def test_the_words_about_a_picture_are_asked_for_with_a_picture_alone(
    app: Flask, tmp_path: Path
) -> None:
    (tmp_path / "face.jpg").write_bytes(photo())
    file = write_file(tmp_path, 'face = "face.jpg"', face="A man", face_caption="Him")
    run(app, "petition", "import", file)
    inside = sign_in(app)
    assert 'name="face"' not in inside.get(f"/organisers/p/{make_petition()}/text/en").text
    assert 'name="face"' in inside.get("/organisers/p/water/text/en").text
    assert save(inside, "water", "en", face="").status_code == 422
    assert save(inside, "water", "en", face="A person").status_code == 303
    view = queries.get_petition("water", "en")
    assert (view.text.portrait_alt, view.text.version) == ("A person", 1)
    assert view.portrait is not None


def test_a_language_that_the_site_does_not_offer_is_not_written(app: Flask, petition: str) -> None:
    assert sign_in(app).get(f"/organisers/p/{petition}/text/xx").status_code == 404


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("One two three", "One 2 three", [("same", "One "), ("removed", "two"),
                                          ("added", "2"), ("same", " three")]),
        ("A\n\nB", "A\n\nB\n\nC", [("gap", ""), ("added", "C")]),
        ("A\n\nB", "A\nB", []),
        ("", "New", [("added", "New")]),
    ],
)  # fmt: skip
def test_a_difference_names_words(before: str, after: str, shown: list[Any]) -> None:
    assert [(piece.kind, piece.text) for piece in compare(before, after)] == shown


def test_a_difference_of_long_texts_keeps_every_word() -> None:
    before = " ".join(f"word{number % 50}" for number in range(4_000))
    after = before.replace("word7 ", "WORD7 ")
    pieces = compare(before, after)
    gone = "".join(piece.text for piece in pieces if piece.kind != PieceKind.ADDED)
    come = "".join(piece.text for piece in pieces if piece.kind != PieceKind.REMOVED)
    assert (gone, come) == (before, after)


def test_texts_that_are_slow_to_compare_are_shown_whole() -> None:
    words = [f"w{number}" for number in range(150)]
    before, after = " ".join(words * 50), " ".join(f"{word} -" for word in words * 50)
    assert [(piece.kind, piece.text) for piece in compare(before, after)] == [
        ("removed", before),
        ("added", after),
    ]
    common = compare("a " * 2_000, "a b " * 1_000)
    assert (
        "".join(piece.text for piece in common if piece.kind != PieceKind.REMOVED)
        == ("a b " * 1_000).strip()
    )


@pytest.mark.parametrize("path", ["text/en", "news/new", "state/victory"])
def test_a_text_of_brackets_is_refused_before_it_is_read_as_markdown(
    app: Flask, petition: str, path: str
) -> None:
    brackets = "![" * 25_000
    fields = dict.fromkeys(("letter", "body_en", "en_won"), brackets)
    page = f"/organisers/p/{petition}/{path}"
    read = count_calls(lambda: press(sign_in(app), page, title_en="News", step="save", **fields))
    assert read < 1_000_000, "Markdown makes 1,200 calls for each"
    answer = press(enter(app), page, title_en="News", step="save", action="preview", **fields)
    assert answer.status_code == 422
    assert "too many opening brackets “[”: at most 300" in answer.text
    assert brackets in answer.text, "what was typed is kept"


def test_the_work_for_brackets_grows_with_their_number_at_most() -> None:
    half = count_calls(lambda: markdown("![" * (MAX_BRACKETS // 2)))
    assert count_calls(lambda: markdown("![" * MAX_BRACKETS)) < 3 * half


def count_calls(do: Callable[[], object]) -> int:
    """Return how many functions of Python are called."""
    calls = count()

    def note(_frame: object, event: str, _value: object) -> None:
        if event == "call":
            next(calls)

    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(None)
    return next(calls)
