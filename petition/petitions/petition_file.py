"""Read and check petitions and their updates as files or the command line give them.

docs/petition-file.md describes every field.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

from petition.core.config import LOCAL_SITE
from petition.core.errors import PetitionFileInvalid, PictureInvalid
from petition.petitions import pictures, sharing
from petition.petitions.pictures import WebPicture

DRAWN_FIELDS = ("title", "target", "demands", "organiser")  # shown in pictures and PDFs
_SLUG = r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?"
_FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}"
_LANGUAGE = r"[a-z]{2,3}"


class PetitionFile(NamedTuple):
    """A valid petition: `petition` and each of `texts` by column name."""

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
    "state": _Field("draft|open", "draft or open", "draft"),
    "source_language": _Field(10),
    "contact": _Field(254),
    "asks_postcode": _Field(bool, "true or false", False),
    "refuses_disposable": _Field(bool, "true or false", False),
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
    pattern, a number in a range, a list of one kind, or an instance of a class.
    """
    match kind:
        case int():
            return isinstance(value, str) and bool(value.strip()) and len(value) <= kind
        case str():
            return isinstance(value, str) and bool(re.fullmatch(kind, value))
        case range():
            return isinstance(value, int) and value in kind
        case [item]:
            return isinstance(value, list) and all(_is_valid(one, item) for one in value)
    return isinstance(value, kind)


def _read(table: Mapping[str, Any], fields: Mapping[str, _Field], path: str = "") -> dict[str, Any]:
    """Return the fields of a table, texts without white space around them.

    Raises: PetitionFileInvalid naming a field by the table's `path` and its own name.
    """
    values: dict[str, Any] = {}
    for name, (kind, expected, default) in fields.items():
        value = table.get(name, default)
        is_missing = default is None and not value
        if is_missing or (name in table and not _is_valid(value, kind)):
            expected = expected or f"a text of 1 to {kind} characters"
            raise PetitionFileInvalid(f"{path}{name}: {expected}")
        values[name] = value.strip() if isinstance(value, str) else value
    return values


def _read_texts(
    tables: Mapping[str, Any], fields: Mapping[str, _Field], path: str
) -> list[dict[str, Any]]:
    """Return the tables that are named by language codes, each with its `language`."""
    for name, table in tables.items():
        if not (re.fullmatch(_LANGUAGE, name) and isinstance(table, Mapping)):
            raise PetitionFileInvalid(f"{path}{name}: a table named by a language code")
    return [{"language": name} | _read(tables[name], fields, f"{path}{name}.") for name in tables]


def parse(
    content: Mapping[str, Any], folder: Path | None = None, *, site: str = LOCAL_SITE
) -> PetitionFile:
    """Check a petition and read its picture from `folder`. `site` is the address of the site.

    Raises: PetitionFileInvalid naming the first field that is missing or wrong.
    """
    petition = _read(content, _PETITION)
    regime = _read(petition.pop("regime"), _REGIME, "regime.")
    petition["regime_country"] = regime["country"]
    petition["regime_languages"] = ",".join(regime["languages"])
    fields = _TEXT | {"organiser": _Field(200, default=petition.pop("organiser"))}
    portrait = None
    if "face" in content:
        portrait = _read_picture(content["face"], folder, pictures.make_portrait)
        petition["face"] = portrait.digest
        fields["face"] = _Field(300)
    texts = _read_texts(petition.pop("text"), fields, "text.")
    for text in texts:
        text["demands"] = "\n".join(" ".join(demand.split()) for demand in text["demands"])
        _check_share(text, f"{site}/p/{petition['slug']}")
    source = petition["source_language"]
    if source not in {text["language"] for text in texts}:
        raise PetitionFileInvalid(f"text.{source}: the text in the source language")
    return PetitionFile(petition, texts, portrait)


def _check_share(text: Mapping[str, Any], url: str) -> None:
    """Raise PetitionFileInvalid for a text that some network does not take with the link."""
    excess = sharing.excess(text["share"], url)
    if excess:
        field = f"text.{text['language']}.share"
        raise PetitionFileInvalid(
            f"{field}: shorter by {excess}, so that X and Bluesky take it with the link"
        )


def parse_updates(content: Mapping[str, Any], folder: Path | None = None) -> UpdatesFile:
    """Check updates and offices, and read their pictures from `folder`.

    Raises: PetitionFileInvalid naming the first field that is missing or wrong.
    """
    file = _read(content, _UPDATES)
    updates, offices = [], []
    for number, table in enumerate(file["update"], start=1):
        update = _read(table, _UPDATE, f"update {number}.")
        update["texts"] = _read_texts(update.pop("text"), _UPDATE_TEXT, f"update {number}.text.")
        update["published_at"] = datetime.combine(update.pop("day"), time(12, tzinfo=UTC))
        updates.append(update)
    for number, table in enumerate(file["target"], start=1):
        office = _read(table, _OFFICE, f"target {number}.")
        names = dict.fromkeys(office["office"], _Field(200))
        office["office"] = _read(office["office"], names, f"target {number}.office.")
        offices.append(office)
    make = pictures.make_picture
    images = {str(name): _read_picture(name, folder, make) for name in file["pictures"]}
    return UpdatesFile(updates, images, offices)


def _read_picture(
    name: object, folder: Path | None, make: Callable[[bytes], WebPicture]
) -> WebPicture:
    """Re-encode a picture from the folder of the file that names it, and from nowhere else."""
    if folder is None or not _is_valid(name, _FILE_NAME):
        raise PetitionFileInvalid(f"{name}: the name of a picture in the same folder")
    try:
        return make((folder / str(name)).read_bytes())
    except FileNotFoundError:
        raise PetitionFileInvalid(f"{name}: there is no such file in the same folder") from None
    except PictureInvalid as error:
        raise PetitionFileInvalid(f"{name}: {error}") from error
