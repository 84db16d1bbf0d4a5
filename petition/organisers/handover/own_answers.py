"""The columns of a petition's own questions in the organisers' files."""

from collections.abc import Iterable, Sequence
from typing import Any

from petition.database.base import db
from petition.models import Petition
from petition.petitions.questions import Question, asked_by, decode


def get_questions(petition_id: int) -> list[Question]:
    """Return a petition's own questions in its own language."""
    petition = db.session.get_one(Petition, petition_id)
    return list(asked_by(petition, petition.source_language).questions)


def headings(questions: Iterable[Question], columns: Iterable[str]) -> list[str]:
    """Return the texts of questions, each different from the others and from other columns."""
    taken = list(columns)
    found: list[str] = []
    for question in questions:
        heading, number = question.text, 2
        while heading in taken:
            heading, number = f"{question.text} ({number})", number + 1
        found.append(heading)
        taken.append(heading)
    return found


def split(rows: list[Sequence[Any]], questions: Sequence[Question]) -> list[Sequence[Any]]:
    """Return rows with a cell for each question instead of the stored answers at their end."""
    return [(*row[:-1], *_cells(row[-1], questions)) for row in rows] if questions else rows


def _cells(answers: str, questions: Iterable[Question]) -> list[str]:
    given = decode(answers)
    return [question.in_words(given.get(question.id, "")) for question in questions]
