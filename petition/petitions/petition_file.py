"""A petition as somebody wrote it, in a file or at the command line: read and checked.

docs/petition-file.md says what each piece is.
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

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MOST = {
    "title": 200,
    "target": 200,
    "organiser": 200,
    "lede": 2_000,
    "letter": 20_000,
    "story": 50_000,
    "share": 280,
}
DRAWN_FIELDS = (
    "title",
    "target",
    "demands",
    "organiser",
)  # pieces of a text in its pictures and papers


@dataclass(frozen=True, slots=True)
class PetitionFile:
    """A petition ready to be kept: `petition` and each of `texts` by the names of their columns."""

    slug: str
    petition: dict[str, Any]
    texts: list[dict[str, Any]]
    face: WebPicture | None


@dataclass(frozen=True, slots=True)
class UpdateInput:
    """A piece of news: `texts` by the names of their columns, the first one its own language."""

    author: str
    published_at: datetime
    texts: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class UpdatesFile:
    """News ready to be kept: with the pictures by the names that the texts call them, and the
    targets by the names of their columns.
    """

    updates: list[UpdateInput]
    pictures: dict[str, WebPicture]
    targets: list[dict[str, Any]]


def parse(written: Mapping[str, Any], folder: Path | None = None) -> PetitionFile:
    """Read a petition, its picture from `folder`. Raises ImportRefused naming the first piece that
    is missing or wrong.
    """
    slug = _piece(written, "slug", 60)
    if not _SLUG.fullmatch(slug):
        raise PetitionFileInvalid("slug: lower-case letters, digits and hyphens only")
    state = written.get("state", "draft")
    if state not in {"draft", "open"}:
        raise PetitionFileInvalid("state: draft or open")
    asks_postcode = written.get("asks_postcode", False)
    if not isinstance(asks_postcode, bool):
        raise PetitionFileInvalid("asks_postcode: true or false")
    source = _piece(written, "source_language", 10)
    texts = written.get("text")
    if not isinstance(texts, Mapping) or source not in texts:
        raise PetitionFileInvalid(f"text.{source}: the text in the source language")
    refuses_disposable = written.get("refuses_disposable", False)
    if not isinstance(refuses_disposable, bool):
        raise PetitionFileInvalid("refuses_disposable: true or false")
    petition = {
        "slug": slug,
        "state": state,
        "source_language": source,
        "contact": _piece(written, "contact", 254),
        "asks_postcode": asks_postcode,
        "refuses_disposable": refuses_disposable,
        **_regime(written.get("regime", {})),
    }
    organiser = _piece(written, "organiser", 200)
    rows = [_text(language, text, organiser) for language, text in texts.items()]
    face = None
    if "face" in written:
        face = _picture(written["face"], folder, pictures.make_portrait)
        petition["face"] = face.digest
        for row in rows:
            row["face"] = _piece(texts[row["language"]], "face", 300, f"text.{row['language']}.")
    return PetitionFile(slug, petition, rows, face)


def parse_updates(written: Mapping[str, Any], folder: Path | None = None) -> UpdatesFile:
    """Read news and targets, the pictures from `folder`. Raises ImportRefused naming the first
    piece that is missing or wrong.
    """
    updates, targets = written.get("update", []), written.get("target", [])
    names = written.get("pictures", [])
    for name, tables in (("update", updates), ("target", targets)):
        if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
            raise PetitionFileInvalid(f"{name}: tables, each under [[{name}]]")
    if not isinstance(names, list):
        raise PetitionFileInvalid("pictures: a list of file names")
    return UpdatesFile(
        [_update(one, f"update {number}") for number, one in enumerate(updates, start=1)],
        {str(name): _picture(name, folder, pictures.make_picture) for name in names},
        [_target(one, f"target {number}") for number, one in enumerate(targets, start=1)],
    )


def _update(written: Mapping[str, Any], where: str) -> UpdateInput:
    day, texts = written.get("day"), written.get("text")
    if not isinstance(day, date):
        raise PetitionFileInvalid(f"{where}.day: a date, as 2016-05-26")
    if not isinstance(texts, Mapping) or not texts:
        raise PetitionFileInvalid(f"{where}.text: at least one language")
    rows = []
    for language, text in texts.items():
        within = f"{where}.text.{language}"
        if not _LANGUAGE.fullmatch(language) or not isinstance(text, Mapping):
            raise PetitionFileInvalid(f"{within}: a table named by a language code")
        title = _piece(text, "title", 200, f"{within}.")
        body = _piece(text, "body", 50_000, f"{within}.")
        rows.append({"language": language, "title": title, "body": body})
    author = _piece(written, "author", 200, f"{where}.") if "author" in written else ""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return UpdateInput(author, noon, rows)


def _target(written: Mapping[str, Any], where: str) -> dict[str, Any]:
    country, office = written.get("country", ""), written.get("office")
    if not isinstance(country, str) or not re.fullmatch(r"[A-Z]{2}", country):
        raise PetitionFileInvalid(f"{where}.country: two capital letters, as CA")
    if not isinstance(office, Mapping) or not office:
        raise PetitionFileInvalid(f"{where}.office: its name in at least one language")
    checked = written.get("checked")
    if not isinstance(checked, int) or not 1990 <= checked <= 2200:
        raise PetitionFileInvalid(f"{where}.checked: the year the address was checked")
    email = written.get("email", "")
    if not isinstance(email, str) or (email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email)):
        raise PetitionFileInvalid(f"{where}.email: an address, or nothing")
    return {
        "country": country,
        "office": {str(code): _piece(office, code, 200, f"{where}.office.") for code in office},
        "postal": _piece(written, "postal", 1_000, f"{where}."),
        "email": email,
        "checked": checked,
    }


def _picture(name: object, folder: Path | None, make: Callable[[bytes], WebPicture]) -> WebPicture:
    """Make a picture anew from a file beside the one that names it, and from nowhere else."""
    if not isinstance(name, str) or not _FILE.fullmatch(name) or folder is None:
        raise PetitionFileInvalid(f"{name}: the name of a picture in the same folder")
    try:
        return make((folder / name).read_bytes())
    except FileNotFoundError:
        raise PetitionFileInvalid(f"{name}: there is no such file in the same folder") from None
    except PictureInvalid as refused:
        raise PetitionFileInvalid(f"{name}: {refused}") from refused


def _regime(written: object) -> dict[str, str]:
    """Read where signing may be dangerous: a country, and the languages in which to warn there."""
    if not isinstance(written, Mapping):
        raise PetitionFileInvalid("regime: a table with country and languages")
    country, languages = written.get("country", ""), written.get("languages", [])
    if not isinstance(country, str) or not re.fullmatch(r"|[A-Z]{2}", country):
        raise PetitionFileInvalid("regime.country: two capital letters, as KZ")
    if not isinstance(languages, list) or not all(
        isinstance(language, str) and _LANGUAGE.fullmatch(language) for language in languages
    ):
        raise PetitionFileInvalid("regime.languages: a list of language codes")
    return {"regime_country": country, "regime_languages": ",".join(languages)}


def _text(language: str, text: object, organiser: str) -> dict[str, Any]:
    where = f"text.{language}"
    if not _LANGUAGE.fullmatch(language) or not isinstance(text, Mapping):
        raise PetitionFileInvalid(f"{where}: a table named by a language code")
    demands = text.get("demands", [])
    if not isinstance(demands, list) or not all(isinstance(demand, str) for demand in demands):
        raise PetitionFileInvalid(f"{where}.demands: a list of texts")
    text = {"organiser": organiser, **text}
    pieces = {name: _piece(text, name, most, f"{where}.") for name, most in _MOST.items()}
    one_line_each = (" ".join(demand.split()) for demand in demands)
    return {"language": language, "demands": "\n".join(one_line_each), **pieces}


def _piece(written: Mapping[str, Any], name: str, most: int, where: str = "") -> str:
    value = written.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise PetitionFileInvalid(f"{where}{name}: a text of 1 to {most} characters")
    return value.strip()
