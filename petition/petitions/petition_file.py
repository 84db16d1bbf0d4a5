"""Read and check petitions and their updates as files or the command line give them.

docs/petition-file.md describes every field.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from petition.core.errors import PetitionFileInvalid, PictureInvalid
from petition.petitions import pictures
from petition.petitions.pictures import WebPicture

_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?"
_FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_LANGUAGE = r"[a-z]{2,3}"
_MAX_LENGTHS = dict.fromkeys(("title", "target", "organiser"), 200) | {
    "lede": 2_000,
    "letter": 20_000,
    "story": 50_000,
    "share": 280,
}
DRAWN_FIELDS = ("title", "target", "demands", "organiser")  # shown in pictures and papers


@dataclass(frozen=True, slots=True)
class PetitionFile:
    """A valid petition: `petition` and each of `texts` by column name."""

    slug: str
    petition: dict[str, Any]
    texts: list[dict[str, Any]]
    face: WebPicture | None


@dataclass(frozen=True, slots=True)
class UpdateInput:
    """A valid update: `texts` by column name, the one in its own language first."""

    author: str
    published_at: datetime
    texts: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class UpdatesFile:
    """Valid updates, their pictures by file name, and targets by column name."""

    updates: list[UpdateInput]
    pictures: dict[str, WebPicture]
    targets: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file. Error messages name a field by the table's `path` and its own name."""

    fields: Mapping[str, Any]
    path: str = ""

    def value(
        self, name: str, is_valid: Callable[[Any], bool], expected: str, default: object = None
    ) -> Any:
        """Return a field. Raises PetitionFileInvalid."""
        value = self.fields.get(name, default)
        if not is_valid(value):
            raise PetitionFileInvalid(f"{self.path}{name}: {expected}")
        return value

    def text(self, name: str, longest: int) -> str:
        """Return a text without white space around it."""

        def fits(value: object) -> bool:
            return isinstance(value, str) and bool(value.strip()) and len(value) <= longest

        return str(self.value(name, fits, f"a text of 1 to {longest} characters")).strip()

    def table(self, name: str, expected: str, default: object = None) -> "_Table":
        """Return a table within this one, which may be empty or left out if there is a default."""

        def is_table(value: object) -> bool:
            return isinstance(value, Mapping) and (len(value) > 0 or default is not None)

        return _Table(self.value(name, is_table, expected, default), f"{self.path}{name}.")

    def tables(self, name: str) -> "list[_Table]":
        """Return a list of tables, empty where it is left out."""
        rows = self.value(name, _is_list(_is(Mapping)), f"tables, each under [[{name}]]", [])
        return [_Table(fields, f"{name} {number}.") for number, fields in enumerate(rows, start=1)]

    def by_language(self) -> "dict[str, _Table]":
        """Return the tables within this one by their names, which are language codes."""
        expected = "a table named by a language code"
        for name in self.fields:
            if not _matches(_LANGUAGE)(name):
                raise PetitionFileInvalid(f"{self.path}{name}: {expected}")
        return {name: self.table(name, expected) for name in self.fields}


def parse(content: Mapping[str, Any], folder: Path | None = None) -> PetitionFile:
    """Check a petition and read its picture from `folder`.

    Raises PetitionFileInvalid naming the first field that is missing or wrong.
    """
    file = _Table(content)
    slug = file.value("slug", _matches(_SLUG), "lower-case letters, digits and hyphens only")
    state = file.value("state", lambda state: state in ("draft", "open"), "draft or open", "draft")
    source = file.text("source_language", 10)
    texts = file.table("text", "a table for each language", {}).by_language()
    if source not in texts:
        raise PetitionFileInvalid(f"text.{source}: the text in the source language")
    petition = {"slug": slug, "state": state, "source_language": source} | {
        "contact": file.text("contact", 254),
        "asks_postcode": file.value("asks_postcode", _is(bool), "true or false", False),
        "refuses_disposable": file.value("refuses_disposable", _is(bool), "true or false", False),
        **_regime(file.table("regime", "a table with country and languages", {})),
    }
    organiser = file.text("organiser", 200)
    rows = [_text_row(language, text, organiser) for language, text in texts.items()]
    face = None
    if "face" in content:
        face = _picture(content["face"], folder, pictures.make_portrait)
        petition["face"] = face.digest
        for row in rows:
            row["face"] = texts[row["language"]].text("face", 300)
    return PetitionFile(slug, petition, rows, face)


def _regime(regime: _Table) -> dict[str, str]:
    """Return where signing may be dangerous, and the languages in which to warn there."""
    country = regime.value("country", _matches(r"|[A-Z]{2}"), "two capital letters, as KZ", "")
    is_languages = _is_list(_matches(_LANGUAGE))
    languages = regime.value("languages", is_languages, "a list of language codes", [])
    return {"regime_country": country, "regime_languages": ",".join(languages)}


def _text_row(language: str, text: _Table, organiser: str) -> dict[str, Any]:
    demands = text.value("demands", _is_list(_is(str)), "a list of texts", [])
    text = _Table({"organiser": organiser, **text.fields}, text.path)
    return {
        "language": language,
        "demands": "\n".join(" ".join(demand.split()) for demand in demands),
        **{name: text.text(name, longest) for name, longest in _MAX_LENGTHS.items()},
    }


def parse_updates(content: Mapping[str, Any], folder: Path | None = None) -> UpdatesFile:
    """Check updates and targets, and read their pictures from `folder`.

    Raises PetitionFileInvalid naming the first field that is missing or wrong.
    """
    file = _Table(content)
    updates, targets = file.tables("update"), file.tables("target")
    names = file.value("pictures", _is(list), "a list of file names", [])
    return UpdatesFile(
        [_update(update) for update in updates],
        {str(name): _picture(name, folder, pictures.make_picture) for name in names},
        [_target(target) for target in targets],
    )


def _update(update: _Table) -> UpdateInput:
    day = update.value("day", _is(date), "a date, as 2016-05-26")
    texts = [
        {"language": language, "title": text.text("title", 200), "body": text.text("body", 50_000)}
        for language, text in update.table("text", "at least one language").by_language().items()
    ]
    author = update.text("author", 200) if "author" in update.fields else ""
    return UpdateInput(author, datetime(day.year, day.month, day.day, 12, tzinfo=UTC), texts)


def _target(target: _Table) -> dict[str, Any]:
    country = target.value("country", _matches(r"[A-Z]{2}"), "two capital letters, as CA", "")
    office = target.table("office", "its name in at least one language")
    return {
        "country": country,
        "office": {language: office.text(language, 200) for language in office.fields},
        "checked": target.value("checked", _is_year, "the year the address was checked"),
        "email": target.value("email", _matches(r"|[^@\s]+@[^@\s]+"), "an address, or nothing", ""),
        "postal": target.text("postal", 1_000),
    }


def _picture(name: object, folder: Path | None, make: Callable[[bytes], WebPicture]) -> WebPicture:
    """Re-encode a picture from the folder of the file that names it, and from nowhere else."""
    if folder is None or not _matches(_FILE_NAME)(name):
        raise PetitionFileInvalid(f"{name}: the name of a picture in the same folder")
    try:
        return make((folder / str(name)).read_bytes())
    except FileNotFoundError:
        raise PetitionFileInvalid(f"{name}: there is no such file in the same folder") from None
    except PictureInvalid as error:
        raise PetitionFileInvalid(f"{name}: {error}") from error


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _is_year(value: object) -> bool:
    return isinstance(value, int) and 1990 <= value <= 2200


def _is_list(is_valid: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(is_valid, value))


def _matches(pattern: str) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and bool(re.fullmatch(pattern, value))
