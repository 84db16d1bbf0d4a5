"""A petition as a file that can be imported again: `petition_file.parse` reads it."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select

from petition.core.errors import PetitionNotFound
from petition.core.toml_writer import write_tables
from petition.database.base import db
from petition.models import Petition, PetitionText, Picture
from petition.models.enums import PetitionState

_IN_FILES = (PetitionState.DRAFT, PetitionState.OPEN)  # the states that a file may name
_TEXT = ("title", "target", "lede", "share", "portrait_alt", "portrait_caption")
_FILE_NAMES = {"portrait_alt": "face", "portrait_caption": "face_caption"}


class ExportedPetition(NamedTuple):
    """A petition's file, and the picture that it names, if there is one."""

    file: str
    picture: bytes | None
    picture_name: str


def export_petition(slug: str) -> ExportedPetition:
    """Return a petition as docs/petition-file.md describes it, with the newest texts.

    A state that no file may name is left out: an import keeps that of an existing petition, and
    makes a draft of a new one. Raises: PetitionNotFound.
    """
    petition = db.session.scalar(select(Petition).where(Petition.slug == slug))
    if petition is None:
        raise PetitionNotFound(slug)
    of_petition = select(PetitionText).where(PetitionText.petition_id == petition.id)
    texts = db.session.scalars(of_petition.order_by(PetitionText.version, PetitionText.id))
    newest = {text.language: text for text in texts}
    picture = None
    if petition.portrait_digest:
        is_portrait = (Picture.petition_id == petition.id, Picture.name == "face")
        picture = db.session.scalar(select(Picture.content).where(*is_portrait))
    picture_name = f"{slug}.webp" if picture else ""
    file = write_tables(_tables(petition, newest, picture_name))
    return ExportedPetition(file, picture, picture_name)


def _tables(
    petition: Petition, texts: Mapping[str, PetitionText], picture_name: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables of the file with their headers, the first without one."""
    organiser = texts[petition.source_language].organiser
    values = {
        "slug": petition.slug,
        "state": petition.state if petition.state in _IN_FILES else "",
        "source_language": petition.source_language,
        "organiser": organiser,
        "contact": petition.contact,
        "asks_postcode": petition.asks_postcode,
        "refuses_disposable": petition.refuses_disposable,
        "goal": petition.goal or "ladder",
        "face": picture_name,
        "face_credit": petition.portrait_credit if picture_name else "",
        "as_of": _moment(petition.as_of),
    }
    yield "", _without_empty(values)
    if petition.regime_country or petition.regime_languages:
        languages = [code for code in petition.regime_languages.split(",") if code]
        yield "[regime]", {"country": petition.regime_country, "languages": languages}
    for fact in petition.facts:
        yield "[[facts]]", fact
    for step in petition.plan:
        yield "[[plan]]", _without_empty({"date": _moment(step["date"])})
        yield "[plan.text]", _in_lines(step["text"])
    for language, words in petition.victory.items():
        yield f"[victory.{language}]", _in_lines(_without_empty(words))
    for language, text in texts.items():
        table = {_FILE_NAMES.get(name, name): getattr(text, name) for name in _TEXT}
        table["organiser"] = "" if text.organiser == organiser else text.organiser
        table["demands"] = text.demands.split("\n") if text.demands else []
        table |= {"letter": text.letter, "story": text.story}
        yield f"[text.{language}]", _in_lines(_without_empty(table))


def _without_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", [])}


def _in_lines(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return texts of several lines with a line break at the end, which the import takes off."""
    return {
        name: f"{text}\n" if isinstance(text, str) and "\n" in text else text
        for name, text in texts.items()
    }


def _moment(written: str) -> date | str:
    """Return a day as a date of TOML; a month, or nothing, stays a text."""
    return date.fromisoformat(written) if len(written) == 10 else written
