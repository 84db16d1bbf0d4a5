"""What stands beside a petition's text: facts of the case, the plan, the words of a victory."""

from typing import Any, NamedTuple

from petition.models import Petition
from petition.models.enums import PetitionState


class Fact(NamedTuple):
    """A number or date of the case with its label, in `language`."""

    language: str
    value: str
    label: str


class PlanStep(NamedTuple):
    """A step of the organiser's plan. `date` is a day or month (ISO 8601), or empty."""

    language: str
    date: str
    text: str


class VictoryWords(NamedTuple):
    """The organiser's words for a victory: one sentence; what was won and what is next, Markdown.

    The two may be empty.
    """

    language: str
    sentence: str
    won: str
    next: str


def read_story(petition: Petition, language: str) -> dict[str, Any]:
    """Return facts, plan and words of a victory, each in one language.

    That is `language`, or the petition's own where its words are missing.
    """
    won = petition.victory if petition.state == PetitionState.VICTORY else {}

    def pick(words: dict[str, Any]) -> list[str]:
        return [code for code in (language, petition.source_language, *words) if code in words][:1]

    return {
        "facts": [Fact(code, **fact[code]) for fact in petition.facts for code in pick(fact)],
        "plan": [
            PlanStep(code, step["date"], step["text"][code])
            for step in petition.plan
            for code in pick(step["text"])
        ],
        "victory": next((VictoryWords(code, **won[code]) for code in pick(won)), None),
    }
