"""What a petition's page tells beside the text: facts, plan, victory and the date of the case."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from petition.core.errors import FieldProblem
from petition.petitions.editing.file_fields import NO_LINES, FieldReader, FileField

MAX_FACTS, MAX_STEPS = 3, 12
_MONTH = r"|(?:19|20)\d\d-(?:0[1-9]|1[0-2])"
WHEN = FileField((date, _MONTH), 'a date, as 2016-05-26, or a month, as "2016-05"', "")
FACT = {"value": FileField(40), "label": FileField(120)}
STEP = {"date": WHEN, "text": FileField(Mapping, "at least one language")}
VICTORY = {
    "sentence": FileField(500),
    "won": FileField(5_000, default=""),
    "next": FileField(5_000, default=""),
}


def read(reader: FieldReader, petition: dict[str, Any]) -> None:
    """Check facts, plan, victory and the date of the case; replace them by what is stored."""
    source = petition["source_language"]
    facts: list[dict[str, Any]] = []
    plan: list[dict[str, Any]] = []

    def require_source(path: str, words: Mapping[str, Any]) -> None:
        if source and source not in words:
            reason = "this in the source language"
            reader.refuse(f"{path}{source}", reason, FieldProblem.MISSING)

    for name, most in (("facts", MAX_FACTS), ("plan", MAX_STEPS)):
        if len(petition[name] or ()) > most:
            reader.refuse(f"{name} {most + 1}", f"one too many: at most {most}")
    for number, table in enumerate(petition["facts"] or (), start=1):
        facts.append(reader.read_by_language(table, FACT, f"facts {number}."))
        require_source(f"facts {number}.", table)
    for number, table in enumerate(petition["plan"] or (), start=1):
        step = reader.read(table, STEP, f"plan {number}.")
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
    victory = reader.read_by_language(tables, VICTORY, "victory.")
    for language, words in victory.items():
        for name in ("won", "next"):
            reader.refuse_markup(f"victory.{language}.{name}", words[name] or "")
    return victory
