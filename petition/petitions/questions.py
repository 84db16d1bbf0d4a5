"""Questions of a petition's own: what signers are asked besides name, address and country.

A stored question has `id`, `kind`, `required`, `text` by language and, for a choice, `options`:
tables with `id` and `text`, too. docs/petition-file.md describes them. An entry has
its answers as JSON by the question's id: a text, the id of an option, or `yes` for a tick.
"""

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

MAX_QUESTIONS, MIN_OPTIONS, MAX_OPTIONS = 5, 2, 10
MAX_ANSWER = 200  # characters of a text
TICKED = "yes"


class QuestionKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    CHOICE = "choice"
    TICK = "tick"


class Question(NamedTuple):
    """A question in one language, `language`, with its options by id, in order."""

    id: str
    kind: QuestionKind
    required: bool
    language: str
    text: str
    options: dict[str, str]

    @property
    def field(self) -> str:
        """The name of its field in forms."""
        return f"answer_{self.id}"

    def in_words(self, answer: str) -> str:
        """Return an answer as people read it: an option in its words."""
        return self.options.get(answer, "") if self.kind == QuestionKind.CHOICE else answer


class Asked(NamedTuple):
    """What a petition asks of its signers besides the fields that every petition has."""

    postcode: bool = False  # required if it is asked
    organisation: bool = True
    comment: bool = True
    questions: tuple[Question, ...] = ()

    @property
    def left_out(self) -> list[str]:
        """The usual fields, by name, that its form does not have."""
        organisation = [] if self.organisation else ["organisation", "role"]
        return organisation + ([] if self.comment else ["comment"])


ASKED_BY_DEFAULT = Asked()


def asked_by(petition: Any, language: str) -> Asked:
    """Return what a petition (its row) asks, with the questions in `language`, else in its own."""
    questions = in_language(petition.questions, language, petition.source_language)
    return Asked(
        postcode=bool(petition.asks_postcode),
        organisation=bool(petition.asks_organisation),
        comment=bool(petition.asks_comment),
        questions=tuple(questions),
    )


def in_language(
    stored: Iterable[Mapping[str, Any]], language: str, source_language: str
) -> list[Question]:
    """Return questions in `language`; one that is not there, or not whole, in its own."""
    questions = []
    for question in stored:
        options = question.get("options", [])
        words = [question["text"], *(option["text"] for option in options)]
        code = language if all(language in one for one in words) else source_language
        questions.append(
            Question(
                id=question["id"],
                kind=QuestionKind(question["kind"]),
                required=question["required"],
                language=code,
                text=question["text"][code],
                options={option["id"]: option["text"][code] for option in options},
            )
        )
    return questions


def lacks(stored: Iterable[Mapping[str, Any]], language: str) -> bool:
    """Return whether the words of a question or option are missing in a language."""
    return any(
        language not in asked["text"]
        for question in stored
        for asked in (question, *question.get("options", []))
    )


def encode(answers: Mapping[str, str]) -> str:
    """Return answers as they are stored; what is empty is left out, and no answers are empty."""
    given = {name: answers[name] for name in sorted(answers) if answers[name]}
    return json.dumps(given, ensure_ascii=False) if given else ""


def decode(answers: str) -> dict[str, str]:
    """Return stored answers by the id of their question."""
    given: dict[str, str] = json.loads(answers) if answers else {}
    return given


def to_fields(answers: str) -> dict[str, str]:
    """Return stored answers by the names of their fields in forms."""
    return {f"answer_{name}": answer for name, answer in decode(answers).items()}


def in_words(answers: str, questions: Iterable[Question]) -> list[tuple[Question, str]]:
    """Return the questions that were answered, in their order, each with its answer in words."""
    given = decode(answers)
    pairs = [(one, one.in_words(given[one.id])) for one in questions if one.id in given]
    return [pair for pair in pairs if pair[1]]
