"""Read and check petitions and their updates as files or the command line give them.

docs/petition-file.md describes every field.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from petition.core.config import LOCAL_SITE
from petition.core.i18n import countries
from petition.petitions import pictures, sharing
from petition.petitions.file_fields import FILE_NAME, LANGUAGE, NO_LINES, FieldReader, FileField
from petition.petitions.pictures import WebPicture

DRAWN_FIELDS = ("title", "target", "demands", "organiser")  # shown in pictures and PDFs
MAX_FACTS, MAX_STEPS = 3, 12
_EMAIL = r"(?=.{3,254}$)\s*[^@\s<>(),;:]+@[^@\s<>(),;:]+\.[^@\s<>(),;:.]+\s*"
_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?"
_MONTH = r"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])"
_COUNTRY = "|".join(("", *countries("en")))
_WHEN = FileField((date, _MONTH), 'a date, as 2016-05-26, or a month, as "2016-05"', "")


class PetitionFile(NamedTuple):
    """A valid petition: `petition` and each of `texts` by column name.

    A file that names no state has an empty one.
    """

    petition: dict[str, Any]
    texts: list[dict[str, Any]]
    portrait: WebPicture | None


class UpdatesFile(NamedTuple):
    """Valid updates and offices by column name, and pictures by file name.

    An update has its `texts`, the one in its own language first.
    """

    updates: list[dict[str, Any]]
    pictures: dict[str, WebPicture]
    offices: list[dict[str, Any]]


_PETITION = {
    "slug": FileField(_SLUG, "lower-case letters, digits and hyphens only"),
    "state": FileField("draft|open", "draft or open", ""),
    "source_language": FileField(10),
    "contact": FileField(_EMAIL, "an email address, such as name@example.org"),
    "asks_postcode": FileField(bool, "true or false", False),
    "refuses_disposable": FileField(bool, "true or false", False),
    "goal": FileField(
        (range(1, 1_000_000_001), "ladder"), 'a number from 1, or "ladder"', "ladder"
    ),
    "face": FileField(FILE_NAME, "the name of a picture in the same folder", ""),
    "face_credit": FileField(200, default=""),
    "as_of": _WHEN,
    "facts": FileField([Mapping], "tables, each under [[facts]]", []),
    "plan": FileField([Mapping], "tables, each under [[plan]]", []),
    "victory": FileField(Mapping, "a table for each language", {}),
    "regime": FileField(Mapping, "a table with country and languages", {}),
    "organiser": FileField(200),
    "text": FileField(Mapping, "a table for each language", {}),
}
_REGIME = {
    "country": FileField(_COUNTRY, "the code of a country, as KZ, or nothing", ""),
    "languages": FileField([LANGUAGE], "a list of language codes", []),
}
_TEXT = {
    "title": FileField(200),
    "target": FileField(200),
    "lede": FileField(2_000),
    "letter": FileField(20_000),
    "demands": FileField([str], "a list of texts", []),
    "story": FileField(50_000),
    "share": FileField(256),  # and as the networks take it, see `sharing`
}
_FACT = {"value": FileField(40), "label": FileField(120)}
_STEP = {"date": _WHEN, "text": FileField(Mapping, "at least one language")}
_VICTORY = {
    "sentence": FileField(500),
    "won": FileField(5_000, default=""),
    "next": FileField(5_000, default=""),
}
_UPDATES = {
    "update": FileField([Mapping], "tables, each under [[update]]", []),
    "target": FileField([Mapping], "tables, each under [[target]]", []),
    "pictures": FileField(list, "a list of file names", []),
}
_UPDATE = {
    "day": FileField(date, "a date, as 2016-05-26"),
    "author": FileField(200, default=""),
    "text": FileField(Mapping, "at least one language"),
}
_UPDATE_TEXT = {"title": FileField(200), "body": FileField(50_000)}
_OFFICE = {
    "country": FileField(_COUNTRY, "the code of a country, as CA, or nothing", ""),
    "office": FileField(Mapping, "its name in at least one language"),
    "checked": FileField(range(1990, 2201), "the year the address was checked"),
    "email": FileField(f"|{_EMAIL}", "an email address, or nothing", ""),
    "postal": FileField(1_000),
}


def parse(
    content: Mapping[str, Any],
    folder: Path | None = None,
    lines: Mapping[str, int] = NO_LINES,
    *,
    site: str = LOCAL_SITE,
) -> PetitionFile:
    """Check a petition and read its picture from `folder`. `site` is the address of the site.

    `lines` are those of its fields. Raises: PetitionFileInvalid with everything that is wrong.
    """
    reader = FieldReader(folder, lines)
    petition = reader.read(content, _PETITION)
    regime = reader.read(petition.pop("regime") or {}, _REGIME, "regime.")
    petition["regime_country"] = regime["country"]
    petition["regime_languages"] = ",".join(regime["languages"] or ())
    petition["goal"] = None if petition["goal"] == "ladder" else petition["goal"]
    _read_story(reader, petition)
    fields = _TEXT | {"organiser": FileField(200, default=petition.pop("organiser") or "")}
    portrait = None
    if face := petition.pop("face"):
        portrait = reader.read_picture("face", face, pictures.make_portrait)
        fields |= {"face": FileField(300), "face_caption": FileField(300, default="")}
    elif petition["face_credit"]:
        reader.refuse("face_credit", "there is no picture: name it in `face`")
    petition["face"] = portrait.digest if portrait else ""
    texts = reader.read_texts(petition.pop("text"), fields, "text.")
    for text in texts:
        text["demands"] = "\n".join(" ".join(one.split()) for one in text["demands"] or ())
        text |= {"face": "", "face_caption": ""} | text
        for name in ("letter", "story"):
            reader.refuse_markup(f"text.{text['language']}.{name}", text[name] or "")
        excess = sharing.excess(text["share"] or "", f"{site}/p/{petition['slug']}")
        if excess:
            reason = f"shorter by {excess}, so that X and Bluesky take it with the link"
            reader.refuse(f"text.{text['language']}.share", reason)
    source = petition["source_language"]
    if source and source not in {text["language"] for text in texts}:
        reader.refuse(f"text.{source}", "the text in the source language")
    reader.finish()
    return PetitionFile(petition, texts, portrait)


def _read_story(reader: FieldReader, petition: dict[str, Any]) -> None:
    """Check facts, plan, victory and the date of the case; replace them by what is stored."""
    source = petition["source_language"]
    facts: list[dict[str, Any]] = []
    plan: list[dict[str, Any]] = []

    def require_source(path: str, words: Mapping[str, Any]) -> None:
        if source and source not in words:
            reader.refuse(f"{path}{source}", "this in the source language")

    for name, most in (("facts", MAX_FACTS), ("plan", MAX_STEPS)):
        if len(petition[name] or ()) > most:
            reader.refuse(f"{name} {most + 1}", f"one too many: at most {most}")
    for number, table in enumerate(petition["facts"] or (), start=1):
        facts.append(reader.read_by_language(table, _FACT, f"facts {number}."))
        require_source(f"facts {number}.", table)
    for number, table in enumerate(petition["plan"] or (), start=1):
        step = reader.read(table, _STEP, f"plan {number}.")
        text = reader.read_words(step["text"] or {}, 500, f"plan {number}.text.")
        if step["text"]:
            require_source(f"plan {number}.text.", text)
        plan.append({"date": str(step["date"] or "")[:10], "text": text})
    victory = _read_victory(reader, petition["victory"])
    if petition["victory"]:
        require_source("victory.", petition["victory"])
    as_of = str(petition["as_of"] or "")[:10]
    petition |= {"as_of": as_of, "facts": facts, "plan": plan, "victory": victory}


def parse_victory(
    content: Mapping[str, Any], lines: Mapping[str, int] = NO_LINES
) -> dict[str, dict[str, str]]:
    """Check the words of a victory, by language; other fields of the file are not read.

    Raises: PetitionFileInvalid, also if there are none.
    """
    reader = FieldReader(None, lines)
    only = {name: value for name, value in content.items() if name == "victory"}
    table = reader.read(only, {"victory": FileField(Mapping, "a table for each language")})
    victory = _read_victory(reader, table["victory"])
    reader.finish()
    return victory


def _read_victory(
    reader: FieldReader, tables: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """Return the words of a victory, by language."""
    victory = reader.read_by_language(tables, _VICTORY, "victory.")
    for language, words in victory.items():
        for name in ("won", "next"):
            reader.refuse_markup(f"victory.{language}.{name}", words[name] or "")
    return victory


def parse_updates(
    content: Mapping[str, Any], folder: Path | None = None, lines: Mapping[str, int] = NO_LINES
) -> UpdatesFile:
    """Check updates and offices, and read their pictures from `folder`.

    `lines` are those of its fields. Raises: PetitionFileInvalid with everything that is wrong.
    """
    reader = FieldReader(folder, lines)
    file = reader.read(content, _UPDATES)
    updates: list[dict[str, Any]] = []
    offices: list[dict[str, Any]] = []
    for number, table in enumerate(file["update"] or (), start=1):
        update = reader.read(table, _UPDATE, f"update {number}.")
        texts = update.pop("text")
        update["texts"] = reader.read_texts(texts, _UPDATE_TEXT, f"update {number}.text.")
        if day := update.pop("day"):
            update["published_at"] = datetime.combine(day, time(12, tzinfo=UTC))
        updates.append(update)
    for number, table in enumerate(file["target"] or (), start=1):
        office = reader.read(table, _OFFICE, f"target {number}.")
        office["office"] = reader.read_words(
            office["office"] or {}, 200, f"target {number}.office."
        )
        if office["country"] == "" and any(one["country"] == "" for one in offices):
            reader.refuse(f"target {number}.country", "only one target may be without a country")
        offices.append(office)
    make = pictures.make_picture
    names = file["pictures"] or ()
    images = {str(name): reader.read_picture("pictures", name, make) for name in names}
    reader.finish()
    return UpdatesFile(updates, {name: one for name, one in images.items() if one}, offices)
