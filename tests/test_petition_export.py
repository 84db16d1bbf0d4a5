"""A petition's file: what is imported, exported and imported again is the same petition."""

import tomllib
from datetime import date
from itertools import count
from operator import itemgetter
from pathlib import Path
from typing import Any

from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import func, select

from petition.core.toml_writer import write_tables
from petition.database.base import db
from petition.models import PetitionText
from petition.organisers.petition_export import export_petition
from petition.petitions import lifecycle
from petition.petitions.editing import petition_file
from petition.petitions.editing.petition_file import PetitionFile
from petition.petitions.editing.toml_lines import find_lines
from tests.browsing import trail
from tests.commands import SAMPLE, refused, run, write_file
from tests.factories import TODAY

NUMBERS = count(1)
# HTML and other control characters are refused.
CHARACTERS = st.sampled_from("\"\\'\n\r\t=#{}[].,") | st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="<!"
)
TEXTS = st.text(CHARACTERS, min_size=1, max_size=40).filter(str.strip)
MOMENTS = st.sampled_from(["", "2016-05"]) | st.dates(min_value=date(1000, 1, 1))
LANGUAGES = ("en", "ru", "kk")


def by_language(texts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return what each language has, the source language among them."""
    return st.fixed_dictionaries({"en": texts}, optional=dict.fromkeys(LANGUAGES[1:], texts))


def table(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a table with these fields."""
    return st.fixed_dictionaries(fields)


TEXT = table(
    **dict.fromkeys(("title", "target", "lede", "letter", "story", "organiser"), TEXTS),
    share=st.sampled_from(['Sign "this":', "Подпишите\\"]),
    demands=st.lists(st.text(CHARACTERS, max_size=20), max_size=3),
)
VICTORY = st.fixed_dictionaries({"sentence": TEXTS}, optional={"won": TEXTS, "next": TEXTS})
IDS = st.from_regex(r"[a-z][a-z0-9]{0,19}", fullmatch=True)
OPTIONS = st.lists(
    table(id=IDS, text=by_language(TEXTS)), min_size=2, max_size=10, unique_by=itemgetter("id")
)
ASKED: dict[str, Any] = {"id": IDS, "required": st.booleans(), "text": by_language(TEXTS)}
QUESTION = table(kind=st.just("choice"), options=OPTIONS, **ASKED) | table(
    kind=st.sampled_from(["text", "tick"]), **ASKED
)
PETITIONS = table(
    state=st.sampled_from(["draft", "open"]),
    organiser=TEXTS,
    asks_postcode=st.booleans(),
    asks_organisation=st.booleans(),
    asks_comment=st.booleans(),
    refuses_disposable=st.booleans(),
    goal=st.just("ladder") | st.integers(1, 1_000_000_000),
    as_of=MOMENTS,
    facts=st.lists(by_language(table(value=TEXTS, label=TEXTS)), max_size=3),
    plan=st.lists(table(date=MOMENTS, text=by_language(TEXTS)), max_size=3),
    questions=st.lists(QUESTION, max_size=5, unique_by=itemgetter("id")),
    victory=st.just({}) | by_language(VICTORY),
    regime=table(
        country=st.sampled_from(["", "KZ"]),
        languages=st.lists(st.sampled_from(LANGUAGES), unique=True),
    ),
    text=by_language(TEXT),
)


def parse_again(slug: str, folder: Path | None = None) -> PetitionFile:
    """Return the exported petition as an import reads it."""
    return petition_file.parse(tomllib.loads(export_petition(slug).file), folder)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=PETITIONS)
def test_what_is_imported_exported_and_imported_again_is_equal(
    app: Flask, fields: dict[str, Any]
) -> None:
    slug = f"petition-{next(NUMBERS)}"
    fields = fields | {"slug": slug, "source_language": "en", "contact": "c@example.org"}
    parsed = petition_file.parse(fields)
    lifecycle.create(parsed, now=TODAY)
    assert parse_again(slug) == parsed
    find_lines(export_petition(slug).file)


@given(text=st.text(CHARACTERS | st.characters(categories=["Cc"])))
@example(text='"""""\n"')
@example(text="\n\r\n\\")
def test_every_text_is_written_so_that_it_is_read_the_same(text: str) -> None:
    values = {"text": text, "list": [text], "table": {"inner": text}}
    tables = [("", values), ("[inner.en]", values), ("[[items]]", values)]
    read = tomllib.loads(write_tables(tables))
    assert read == values | {"inner": {"en": values}, "items": [values]}


def test_the_sample_comes_back_as_it_was(app: Flask, tmp_path: Path) -> None:
    run(app, "petition", "import", str(SAMPLE))
    exported = run(app, "petition", "export", "kuramshin")
    original = petition_file.parse(tomllib.loads(SAMPLE.read_text(encoding="utf-8")))
    assert petition_file.parse(tomllib.loads(exported)) == original
    assert 'letter = """\nTo the Government of Kazakhstan\n\nWe write for **Vadim' in exported
    assert 'as_of = "2016-05"' in exported
    again = tmp_path / "again.toml"
    again.write_text(exported, encoding="utf-8")
    run(app, "petition", "import", "--replace", str(again))
    assert trail()[-1][3] == "no text", "no text has changed"


def test_the_picture_is_beside_the_file_and_stays_the_same(app: Flask, tmp_path: Path) -> None:
    Image.new("RGB", (900, 700), "teal").save(tmp_path / "face.jpg")
    face = ('face = "face.jpg"', 'face_credit = "Anna Berg"')
    run(app, "petition", "import", write_file(tmp_path, *face, face="A man", face_caption="Him"))
    folder = tmp_path / "exported" / "here"
    said = run(app, "petition", "export", "water", str(folder))
    assert said.split() == [str(folder / "water.toml"), str(folder / "water.webp")]
    with Image.open(folder / "water.webp") as picture:
        assert picture.size == (480, 373)
    run(app, "petition", "import", "--replace", str(folder / "water.toml"))
    assert trail()[-1][3] == "no text", "the picture is not encoded again"
    result = app.test_cli_runner().invoke(args=["petition", "export", "water"])
    assert 'face = "water.webp"' in result.stdout
    assert "name a directory to get water.webp, too" in result.stderr
    assert refused(app, "petition", "export", "water", str(folder)).endswith("is there already")
    assert "cannot be written" in refused(app, "petition", "export", "water", "/proc/no")


def test_the_newest_texts_are_exported_and_a_closed_petition_stays_closed(
    app: Flask, tmp_path: Path
) -> None:
    run(app, "petition", "import", write_file(tmp_path, languages="en ru"))
    changed = write_file(tmp_path, languages="en ru", title="Changed")
    run(app, "petition", "import", "--replace", changed)
    run(app, "petition", "close", "water")
    exported = tomllib.loads(run(app, "petition", "export", "water"))
    assert {text["title"] for text in exported["text"].values()} == {"Changed"}
    assert "state" not in exported
    (tmp_path / "again.toml").write_text(export_petition("water").file, encoding="utf-8")
    said = run(app, "petition", "import", "--replace", str(tmp_path / "again.toml"))
    assert said.startswith("closed ")
    assert db.session.scalar(select(func.count()).select_from(PetitionText)) == 4


def test_a_petition_that_is_not_there_is_not_exported(app: Flask) -> None:
    assert refused(app, "petition", "export", "x") == "Error: there is no such petition: x"
