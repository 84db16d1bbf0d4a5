"""Read and check petitions and their updates as files or the command line give them.

docs/petition-file.md describes every field.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from petition.core.config import LOCAL_SITE
from petition.core.errors import PetitionFileInvalid, PictureInvalid
from petition.petitions import pictures, sharing
from petition.petitions.pictures import WebPicture

DRAWN_FIELDS = ("title", "target", "demands", "organiser")  # shown in pictures and PDFs
_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?"
_FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_LANGUAGE = r"[a-z]{2,3}"
NO_LINES: Mapping[str, int] = MappingProxyType({})


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


class _Field(NamedTuple):
    """A field's kind (see `_is_valid`), in words too. Without a default it may not be empty."""

    kind: Any
    expected: str = ""
    default: Any = None


_PETITION = {
    "slug": _Field(_SLUG, "lower-case letters, digits and hyphens only"),
    "state": _Field("draft|open", "draft or open", ""),
    "source_language": _Field(10),
    "contact": _Field(254),
    "asks_postcode": _Field(bool, "true or false", False),
    "refuses_disposable": _Field(bool, "true or false", False),
    "goal": _Field((range(1, 1_000_000_001), "ladder"), 'a number from 1, or "ladder"', "ladder"),
    "face": _Field(_FILE_NAME, "the name of a picture in the same folder", ""),
    "regime": _Field(Mapping, "a table with country and languages", {}),
    "organiser": _Field(200),
    "text": _Field(Mapping, "a table for each language", {}),
}
_REGIME = {
    "country": _Field("|[A-Z]{2}", "two capital letters, as KZ", ""),
    "languages": _Field([_LANGUAGE], "a list of language codes", []),
}
_TEXT = {
    "title": _Field(200),
    "target": _Field(200),
    "lede": _Field(2_000),
    "letter": _Field(20_000),
    "demands": _Field([str], "a list of texts", []),
    "story": _Field(50_000),
    "share": _Field(256),  # and what `_check_share` asks
}
_UPDATES = {
    "update": _Field([Mapping], "tables, each under [[update]]", []),
    "target": _Field([Mapping], "tables, each under [[target]]", []),
    "pictures": _Field(list, "a list of file names", []),
}
_UPDATE = {
    "day": _Field(date, "a date, as 2016-05-26"),
    "author": _Field(200, default=""),
    "text": _Field(Mapping, "at least one language"),
}
_UPDATE_TEXT = {"title": _Field(200), "body": _Field(50_000)}
_OFFICE = {
    "country": _Field("[A-Z]{2}", "two capital letters, as CA"),
    "office": _Field(Mapping, "its name in at least one language"),
    "checked": _Field(range(1990, 2201), "the year the address was checked"),
    "email": _Field(r"|[^@\s]+@[^@\s]+", "an address, or nothing", ""),
    "postal": _Field(1_000),
}


def _is_valid(value: object, kind: Any) -> bool:
    """Return whether a value is of a kind: a text of at most so many characters or that matches a
    pattern, a number in a range, a list of one kind, one of several kinds, or an instance of a
    class.
    """
    match kind:
        case int():
            return isinstance(value, str) and bool(value.strip()) and len(value) <= kind
        case str():
            return isinstance(value, str) and bool(re.fullmatch(kind, value))
        case range():
            return type(value) is int and value in kind
        case tuple():
            return any(_is_valid(value, one) for one in kind)
        case [item]:
            return isinstance(value, list) and all(_is_valid(one, item) for one in value)
    return isinstance(value, kind)


class _Reader:
    """Reads the tables of a file and collects what is wrong with them."""

    def __init__(self, folder: Path | None, lines: Mapping[str, int]) -> None:
        self._folder, self._lines = folder, lines
        self._errors: list[tuple[int, str]] = []

    def refuse(self, path: str, reason: str) -> None:
        """Note what is wrong with a field, with its line or that of the table that lacks it."""
        known = path
        while known and known not in self._lines:
            known = known.rpartition(".")[0]
        line = self._lines.get(known, 1)
        place = f"line {line}: " if self._lines else ""
        self._errors.append((line, f"{place}{path}: {reason}"))

    def finish(self) -> None:
        """Raise PetitionFileInvalid with all errors in the order of the file, if there are any."""
        if self._errors:
            in_order = sorted(self._errors, key=lambda error: error[0])
            raise PetitionFileInvalid("; ".join(error for _, error in in_order))

    def read(
        self, table: Mapping[str, Any], fields: Mapping[str, _Field], path: str = ""
    ) -> dict[str, Any]:
        """Return the fields of a table, None for a wrong one, texts without white space around.

        `path` is that of the table, with a full stop after it.
        """
        for name in table.keys() - fields.keys():
            self.refuse(f"{path}{name}", "there is no such field")
        values: dict[str, Any] = {}
        for name, (kind, expected, default) in fields.items():
            value = table.get(name, default)
            is_missing = default is None and not value
            if is_missing or (name in table and not _is_valid(value, kind)):
                self.refuse(f"{path}{name}", expected or f"a text of 1 to {kind} characters")
                value = None
            values[name] = value.strip() if isinstance(value, str) else value
        return values

    def read_texts(
        self, tables: Mapping[str, Any] | None, fields: Mapping[str, _Field], path: str
    ) -> list[dict[str, Any]]:
        """Return the tables that are named by language codes, each with its `language`."""
        texts = []
        for name, table in (tables or {}).items():
            if re.fullmatch(_LANGUAGE, name) and isinstance(table, Mapping):
                texts.append({"language": name} | self.read(table, fields, f"{path}{name}."))
            else:
                self.refuse(f"{path}{name}", "a table named by a language code")
        return texts

    def read_picture(
        self, path: str, name: object, make: Callable[[bytes], WebPicture]
    ) -> WebPicture | None:
        """Re-encode a picture from the folder of the file that names it, and from nowhere else."""
        if self._folder is None or not _is_valid(name, _FILE_NAME):
            self.refuse(path, f"{name}: the name of a picture in the same folder")
            return None
        try:
            return make((self._folder / str(name)).read_bytes())
        except FileNotFoundError:
            self.refuse(path, f"{name}: there is no such file in the same folder")
        except PictureInvalid as error:
            self.refuse(path, f"{name}: {error}")
        return None


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
    reader = _Reader(folder, lines)
    petition = reader.read(content, _PETITION)
    regime = reader.read(petition.pop("regime") or {}, _REGIME, "regime.")
    petition["regime_country"] = regime["country"]
    petition["regime_languages"] = ",".join(regime["languages"] or ())
    petition["goal"] = None if petition["goal"] == "ladder" else petition["goal"]
    fields = _TEXT | {"organiser": _Field(200, default=petition.pop("organiser") or "")}
    portrait = None
    if face := petition.pop("face"):
        portrait = reader.read_picture("face", face, pictures.make_portrait)
        fields["face"] = _Field(300)
    petition["face"] = portrait.digest if portrait else ""
    texts = reader.read_texts(petition.pop("text"), fields, "text.")
    for text in texts:
        text["demands"] = "\n".join(" ".join(one.split()) for one in text["demands"] or ())
        text.setdefault("face", "")
        excess = sharing.excess(text["share"] or "", f"{site}/p/{petition['slug']}")
        if excess:
            reason = f"shorter by {excess}, so that X and Bluesky take it with the link"
            reader.refuse(f"text.{text['language']}.share", reason)
    source = petition["source_language"]
    if source and source not in {text["language"] for text in texts}:
        reader.refuse(f"text.{source}", "the text in the source language")
    reader.finish()
    return PetitionFile(petition, texts, portrait)


def parse_updates(
    content: Mapping[str, Any], folder: Path | None = None, lines: Mapping[str, int] = NO_LINES
) -> UpdatesFile:
    """Check updates and offices, and read their pictures from `folder`.

    `lines` are those of its fields. Raises: PetitionFileInvalid with everything that is wrong.
    """
    reader = _Reader(folder, lines)
    file = reader.read(content, _UPDATES)
    updates, offices = [], []
    for number, table in enumerate(file["update"] or (), start=1):
        update = reader.read(table, _UPDATE, f"update {number}.")
        texts = update.pop("text")
        update["texts"] = reader.read_texts(texts, _UPDATE_TEXT, f"update {number}.text.")
        if day := update.pop("day"):
            update["published_at"] = datetime.combine(day, time(12, tzinfo=UTC))
        updates.append(update)
    for number, table in enumerate(file["target"] or (), start=1):
        office = reader.read(table, _OFFICE, f"target {number}.")
        names = office["office"] or {}
        fields = dict.fromkeys(names, _Field(200))
        office["office"] = reader.read(names, fields, f"target {number}.office.")
        offices.append(office)
    make = pictures.make_picture
    names = file["pictures"] or ()
    images = {str(name): reader.read_picture("pictures", name, make) for name in names}
    reader.finish()
    return UpdatesFile(updates, {name: one for name, one in images.items() if one}, offices)
