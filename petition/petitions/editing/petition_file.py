"""Read and check petitions and their updates as files or the command line give them.

docs/petition-file.md describes every field.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from petition.core.config import LOCAL_SITE
from petition.core.field_errors import FieldProblem
from petition.core.i18n import countries
from petition.petitions import pictures, sharing
from petition.petitions.editing import own_questions, story
from petition.petitions.editing.file_fields import (
    FILE_NAME,
    LANGUAGE,
    NO_LINES,
    FieldReader,
    FileField,
)
from petition.petitions.pictures import WebPicture

# What people sign. A change of anything else is no new version of a text.
SIGNED_FIELDS = ("title", "target", "organiser", "demands", "letter")
# What an unfinished draft may lack; `face` is the alternative text of its picture.
LATER_FIELDS = ("contact", "organiser", "target", "lede", "letter", "story", "share", "face")
DRAWN_FIELDS = ("title", "target", "demands", "organiser")  # shown in pictures and PDFs
_EMAIL = r"(?=.{3,254}$)\s*[^@\s<>(),;:]+@[^@\s<>(),;:]+\.[^@\s<>(),;:.]+\s*"
SLUG = r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?"
_COUNTRY = "|".join(("", *countries("en")))


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
    "slug": FileField(SLUG, "lower-case letters, digits and hyphens only"),
    "state": FileField("draft|open", "draft or open", ""),
    "unfinished": FileField(bool, "true or false", False),
    "source_language": FileField(10),
    "contact": FileField(_EMAIL, "an email address, such as name@example.org"),
    "asks_postcode": FileField(bool, "true or false", False),
    "asks_organisation": FileField(bool, "true or false", True),
    "asks_comment": FileField(bool, "true or false", True),
    "refuses_disposable": FileField(bool, "true or false", False),
    "goal": FileField(
        (range(1, 1_000_000_001), "ladder"), 'a number from 1, or "ladder"', "ladder"
    ),
    "face": FileField(FILE_NAME, "the name of a picture in the same folder", ""),
    "face_credit": FileField(200, default=""),
    "as_of": story.WHEN,
    "facts": FileField([Mapping], "tables, each under [[facts]]", []),
    "plan": FileField([Mapping], "tables, each under [[plan]]", []),
    "questions": FileField([Mapping], "tables, each under [[questions]]", []),
    "victory": FileField(Mapping, "a table for each language", {}),
    "regime": FileField(Mapping, "a table with country and languages", {}),
    "organiser": FileField(200),
    "text": FileField(Mapping, "a table for each language", {}),
}
_REGIME = {
    "country": FileField(_COUNTRY, "the code of a country, as KZ, or nothing", ""),
    "languages": FileField([LANGUAGE], "a list of language codes", []),
}
TEXT_FIELDS = {
    "title": FileField(200),
    "target": FileField(200),
    "lede": FileField(2_000),
    "letter": FileField(20_000),
    "demands": FileField([str], "a list of texts", []),
    "story": FileField(50_000),
    "share": FileField(256),  # and as the networks take it, see `sharing`
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
    portrait: WebPicture | None = None,
) -> PetitionFile:
    """Check a petition and read its picture from `folder`. `site` is the address of the site.

    `lines` are those of its fields; `portrait` is the picture, if it is known without a folder.
    Raises: PetitionFileInvalid with everything that is wrong.
    """
    reader = FieldReader(folder, lines)
    is_unfinished = content.get("unfinished") is True
    petition = reader.read(content, _PETITION | (_optional(_PETITION) if is_unfinished else {}))
    if petition.pop("unfinished") and petition["state"] == "open":
        reader.refuse("unfinished", "only a draft can be unfinished")
    regime = reader.read(petition.pop("regime") or {}, _REGIME, "regime.")
    petition["regime_country"] = regime["country"]
    petition["regime_languages"] = ",".join(regime["languages"] or ())
    petition["goal"] = None if petition["goal"] == "ladder" else petition["goal"]
    story.read(reader, petition)
    own_questions.read(reader, petition)
    fields = TEXT_FIELDS | {"organiser": FileField(200, default=petition.pop("organiser") or "")}
    if face := petition.pop("face"):
        portrait = portrait or reader.read_picture("face", face, pictures.make_portrait)
        fields |= {"face": FileField(300), "face_caption": FileField(300, default="")}
    elif petition["face_credit"]:
        reader.refuse("face_credit", "there is no picture: name it in `face`")
    portrait = portrait if face else None
    petition["face"] = portrait.digest if portrait else ""
    fields |= _optional(fields) if is_unfinished else {}
    texts = reader.read_texts(petition.pop("text"), fields, "text.")
    for text in texts:
        _tidy_text(reader, text, f"{site}/p/{petition['slug']}")
    source = petition["source_language"]
    if source and source not in {text["language"] for text in texts}:
        reader.refuse(f"text.{source}", "the text in the source language")
    reader.finish()
    return PetitionFile(petition, texts, portrait)


def _optional(fields: Mapping[str, FileField]) -> dict[str, FileField]:
    """Return the fields that an unfinished draft may lack, as optional ones."""
    later = {name: fields[name] for name in LATER_FIELDS if name in fields}
    return {name: field._replace(default=field.default or "") for name, field in later.items()}


def _tidy_text(reader: FieldReader, text: dict[str, Any], url: str) -> None:
    """Check what a text has beside its lengths, and replace it by what is stored."""
    path = f"text.{text['language']}"
    text["demands"] = "\n".join(" ".join(one.split()) for one in text["demands"] or ())
    text |= {"face": "", "face_caption": ""} | text
    for name in ("letter", "story"):
        reader.refuse_markup(f"{path}.{name}", text[name] or "")
    if excess := sharing.excess(text["share"] or "", url):
        reason = f"shorter by {excess}, so that X and Bluesky take it with the link"
        reader.refuse(f"{path}.share", reason, FieldProblem.LONG_SHARE, str(excess))


def find_missing(text: Mapping[str, Any], *, has_portrait: bool) -> list[str]:
    """Return the fields, by column name, that a text lacks and that an open petition needs."""
    needed = [name for name in (*TEXT_FIELDS, "organiser") if name != "demands"]
    return [name for name in (*needed, *(["face"] if has_portrait else [])) if not text[name]]


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
