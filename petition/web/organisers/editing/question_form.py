"""The form of a petition's own questions, in each language of the petition."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, SelectField

from petition.core import i18n
from petition.core.errors import PetitionFileInvalid
from petition.core.field_errors import FieldError
from petition.models.enums import PetitionState
from petition.petitions.editing import own_questions
from petition.petitions.editing import settings as editing
from petition.petitions.editing.settings import Settings
from petition.petitions.questions import MAX_OPTIONS, MAX_QUESTIONS, MIN_OPTIONS, QuestionKind
from petition.web.organisers.editing.settings_form_base import Groups, SettingsForm
from petition.web.organisers.forms import TidyField, TidyTextArea, to_choices

_OPTION_PATH = re.compile(r"^(questions \d+)\.options \d+\.text\.")
KINDS = {
    "": _("Choose"),
    QuestionKind.TEXT: _("A line of text"),
    QuestionKind.CHOICE: _("One of several options"),
    QuestionKind.TICK: _("A box to tick"),
}


class QuestionsForm(SettingsForm):
    """Up to five questions. An empty one is not asked, and its answers are erased.

    An option that only changes its words keeps its id: in its line, while their number stays.
    """

    names = editing.QUESTIONS

    @classmethod
    def build(cls, settings: Settings) -> tuple[dict[str, Any], Groups]:
        """Return the fields, and in which groups they are folded."""
        fields: dict[str, Any] = {}
        groups: Groups = []
        kinds = to_choices(KINDS)
        for number in range(1, MAX_QUESTIONS + 1):
            path = f"questions_{number}"
            texts, options = {}, {}
            for code in settings.languages:
                name = i18n.language_name(code)
                texts[f"{path}_text_{code}"] = TidyField(
                    _("Question (%(language)s)", language=name)
                )
                options[f"{path}_options_{code}"] = TidyTextArea(
                    _("Options, one in each line (%(language)s)", language=name)
                )
            kind = SelectField(_("Kind of answer"), choices=kinds, validate_choice=False)
            required = BooleanField(_("Signers must answer it"))
            row = {**texts, f"{path}_kind": kind, **options, f"{path}_required": required}
            fields |= {**row, f"{path}_id": HiddenField()}
            groups.append((_("Question %(number)d", number=number), [*row]))
        fields["erase"] = BooleanField(_("Erase the answers to what I take away"))
        return fields, [*groups, (None, ["erase"])]

    @classmethod
    def data_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is stored, by the names of the fields; new ones get ids."""
        stored = values.get("questions", [])
        data: dict[str, Any] = {}
        for number in range(1, MAX_QUESTIONS + 1):
            path = f"questions_{number}"
            data[f"{path}_id"] = _new_id("q", f"{stored} {number}", ())
            if number > len(stored):
                continue
            question = stored[number - 1]
            data |= {f"{path}_{name}": question[name] for name in ("id", "kind", "required")}
            data |= {f"{path}_text_{code}": text for code, text in question["text"].items()}
            options = [option["text"] for option in question.get("options", [])]
            for code in {code for texts in options for code in texts}:
                lines = "\n".join(texts.get(code, "") for texts in options)
                data[f"{path}_options_{code}"] = lines
        return data

    def read(self, settings: Settings) -> dict[str, Any]:
        """Return what was typed as the petition's file has it.

        Raises: PetitionFileInvalid, when fields have errors already.
        """
        stored = settings.values.get("questions", [])
        by_id = {question["id"]: question for question in stored}
        typed: list[dict[str, Any]] = []
        self.numbers["questions"] = []
        for number in range(1, MAX_QUESTIONS + 1):
            question = self._read_one(number, settings.languages, by_id)
            if question:
                typed.append(question)
                self.numbers["questions"].append(number)
        is_asked = settings.state != PetitionState.DRAFT
        if is_asked and own_questions.removed(stored, typed) and not self["erase"].data:
            message = _(
                "You take away a question or option. Its answers are erased: tick this to go on."
            )
            self.refuse("erase", message)
        if self.wrong_fields:
            raise PetitionFileInvalid("questions")
        return {"questions": typed}

    def _read_one(
        self, number: int, languages: list[str], stored: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """Return a question, or None if it is empty."""
        path = f"questions_{number}"
        text = {code: self.text(f"{path}_text_{code}") for code in languages}
        lines = {code: self.text(f"{path}_options_{code}").split("\n") for code in languages}
        if not any(text.values()) and not any(map(any, lines.values())):
            return None
        kind = self.text(f"{path}_kind")
        question: dict[str, Any] = {
            "id": self.text(f"{path}_id"),
            "kind": kind,
            "required": bool(self[f"{path}_required"].data),
            "text": {code: words for code, words in text.items() if words},
        }
        if kind not in set(QuestionKind):
            self.refuse(f"{path}_kind", _("Choose one of the answers."))
        elif kind == QuestionKind.CHOICE:
            before = stored.get(question["id"], {}).get("options", [])
            question["options"] = _read_options(lines, languages[0], before)
            if not MIN_OPTIONS <= len(question["options"]) <= MAX_OPTIONS:
                message = _(
                    "Write %(least)d to %(most)d options, one in each line.",
                    least=MIN_OPTIONS,
                    most=MAX_OPTIONS,
                )
                self.refuse(f"{path}_options_{languages[0]}", message)
            elif any(len(lines[code]) > len(question["options"]) for code in languages):
                self._refuse_more_lines(path, lines, len(question["options"]))
        return question

    def _refuse_more_lines(self, path: str, lines: Mapping[str, list[str]], most: int) -> None:
        for code, those in lines.items():
            if len(those) > most:
                message = _("There are more lines than options in the original.")
                self.refuse(f"{path}_options_{code}", message)

    def refuse_all(self, errors: Iterable[FieldError]) -> None:
        """Add the errors of a petition to the fields of their paths."""
        super().refuse_all(
            error._replace(path=_OPTION_PATH.sub(r"\1.options.", error.path)) for error in errors
        )


def _read_options(
    lines: Mapping[str, list[str]], source: str, before: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return the options of a choice, a line of the source language each."""
    ids = {option["text"][source]: option["id"] for option in before}
    used = {ids[line] for line in lines[source] if line in ids}
    options: list[dict[str, Any]] = []
    for row, line in enumerate(lines[source]):
        option_id = ids.get(line, "")
        if not option_id and len(before) == len(lines[source]):
            option_id = before[row]["id"] if before[row]["id"] not in used else ""
        known = {*ids.values(), *(option["id"] for option in options)}
        texts = {code: those[row] for code, those in lines.items() if row < len(those)}
        options.append(
            {
                "id": option_id or _new_id("o", line, known),
                "text": {code: words for code, words in texts.items() if words},
            }
        )
    return options


def _new_id(letter: str, seed: str, known: Iterable[str]) -> str:
    """Return an id made of a seed that is not known yet; the same one for the same seed."""
    number, taken = 0, set(known)
    while True:
        found = letter + hashlib.sha256(f"{number} {seed}".encode()).hexdigest()[:6]
        if found not in taken:
            return found
        number += 1
