"""A petition as somebody wrote it, in a file or at the command line: read and checked.

docs/petition-file.md says what each piece is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from petition.errors import ImportRefused

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
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


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A petition ready to be kept: `petition` and each of `texts` by the names of their columns."""

    slug: str
    petition: dict[str, Any]
    texts: list[dict[str, Any]]


def read(written: Mapping[str, Any]) -> Manuscript:
    """Read a petition. Raises ImportRefused naming the first piece that is missing or wrong."""
    slug = _piece(written, "slug", 60)
    if not _SLUG.fullmatch(slug):
        raise ImportRefused("slug: lower-case letters, digits and hyphens only")
    state = written.get("state", "draft")
    if state not in {"draft", "open"}:
        raise ImportRefused("state: draft or open")
    asks_postcode = written.get("asks_postcode", False)
    if not isinstance(asks_postcode, bool):
        raise ImportRefused("asks_postcode: true or false")
    source = _piece(written, "source_language", 10)
    texts = written.get("text")
    if not isinstance(texts, Mapping) or source not in texts:
        raise ImportRefused(f"text.{source}: the text in the source language")
    refuses_disposable = written.get("refuses_disposable", False)
    if not isinstance(refuses_disposable, bool):
        raise ImportRefused("refuses_disposable: true or false")
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
    return Manuscript(slug, petition, rows)


def _regime(written: object) -> dict[str, str]:
    """Read where signing may be dangerous: a country, and the languages in which to warn there."""
    if not isinstance(written, Mapping):
        raise ImportRefused("regime: a table with country and languages")
    country, languages = written.get("country", ""), written.get("languages", [])
    if not isinstance(country, str) or not re.fullmatch(r"|[A-Z]{2}", country):
        raise ImportRefused("regime.country: two capital letters, as KZ")
    if not isinstance(languages, list) or not all(
        isinstance(language, str) and _LANGUAGE.fullmatch(language) for language in languages
    ):
        raise ImportRefused("regime.languages: a list of language codes")
    return {"regime_country": country, "regime_languages": ",".join(languages)}


def _text(language: str, text: object, organiser: str) -> dict[str, Any]:
    where = f"text.{language}"
    if not _LANGUAGE.fullmatch(language) or not isinstance(text, Mapping):
        raise ImportRefused(f"{where}: a table named by a language code")
    demands = text.get("demands", [])
    if not isinstance(demands, list) or not all(isinstance(demand, str) for demand in demands):
        raise ImportRefused(f"{where}.demands: a list of texts")
    text = {"organiser": organiser, **text}
    pieces = {name: _piece(text, name, most, f"{where}.") for name, most in _MOST.items()}
    one_line_each = (" ".join(demand.split()) for demand in demands)
    return {"language": language, "demands": "\n".join(one_line_each), **pieces}


def _piece(written: Mapping[str, Any], name: str, most: int, where: str = "") -> str:
    value = written.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise ImportRefused(f"{where}{name}: a text of 1 to {most} characters")
    return value.strip()
