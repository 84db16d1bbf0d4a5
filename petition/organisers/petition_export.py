"""A petition as a file that can be imported again: `petition_file.parse` reads it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from petition.core.toml_writer import write_tables
from petition.database.base import db
from petition.petitions.editing import content

# After the fields without a table.
_TABLES = ("regime", "facts", "plan", "questions", "victory", "text")


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
    stored = content.read(db.session.connection(), slug)
    petition = content.to_content(stored)
    picture = stored.portrait.content if stored.portrait else None
    file = write_tables(_tables(petition))
    return ExportedPetition(file, picture, petition.get("face", ""))


def _tables(petition: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables of the file with their headers, the first without one."""
    yield "", {name: value for name, value in petition.items() if name not in _TABLES}
    if regime := petition.get("regime"):
        yield "[regime]", regime
    for fact in petition.get("facts", ()):
        yield "[[facts]]", fact
    for step in petition.get("plan", ()):
        yield "[[plan]]", {name: value for name, value in step.items() if name != "text"}
        yield "[plan.text]", _in_lines(step["text"])
    for question in petition.get("questions", ()):
        yield "[[questions]]", question
    for language, words in petition.get("victory", {}).items():
        yield f"[victory.{language}]", _in_lines(words)
    for language, text in petition["text"].items():
        yield f"[text.{language}]", _in_lines(text)


def _in_lines(texts: Mapping[str, Any]) -> dict[str, Any]:
    """Return texts of several lines with a line break at the end, which the import takes off."""
    return {
        name: f"{text}\n" if isinstance(text, str) and "\n" in text else text
        for name, text in texts.items()
    }
