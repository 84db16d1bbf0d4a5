"""The forms of a petition's settings. A field has the path in the petition's file as its name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from petition.core.field_errors import FieldError, FieldProblem
from petition.petitions.editing.settings import Settings
from petition.web.organisers.editing.text_form import say
from petition.web.organisers.forms import OrganiserForm

Groups = list[tuple[Any, list[str]]]  # heading and names of fields
_MOMENT = _("Write a day as 2016-05-26, or a month as 2016-05.")
_WRONG = {
    "goal": _("Write a number from 1, or leave this empty."),
    "contact": _("Write an email address, such as name@example.org."),
    "as_of": _MOMENT,
    "date": _MOMENT,
}


def name_of(path: str) -> str:
    """Return the name of the field for a path in a petition's file."""
    return re.sub(r"[ .]", "_", path)


class SeenField(HiddenField):
    """What tells which settings a form showed; empty if it was not sent."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read it. It never falls back to what is stored: then the form would overwrite that."""
        self.data = valuelist[0] if valuelist else ""


class SettingsForm(OrganiserForm):
    """A form of some of a petition's settings: `names` of its file.

    `seen`, its last field, tells which settings the form showed.
    """

    names: ClassVar[tuple[str, ...]] = ()
    numbers: dict[str, list[int]]  # of the rows that were filled in, by their list
    groups: Groups

    @classmethod
    def make(cls, settings: Settings) -> "SettingsForm":
        """Return the form with what is stored, or with what was sent."""
        fields, groups = cls.build(settings)
        data = cls.data_of(settings.values) | {"seen": settings.seen}
        form: SettingsForm = type(cls.__name__, (cls,), fields | {"seen": SeenField()})(data=data)
        form.groups, form.numbers = groups, {}
        return form

    @classmethod
    def build(cls, settings: Settings) -> tuple[dict[str, Any], Groups]:
        """Return the fields, and in which groups they are folded."""
        raise NotImplementedError

    @classmethod
    def data_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is stored, by the names of the fields."""
        return dict(flatten({name: values.get(name) for name in cls.names}))

    def read(self, settings: Settings) -> dict[str, Any]:
        """Return what was typed as the petition's file has it."""
        raise NotImplementedError

    def text(self, path: str) -> str:
        """Return what was typed for a path."""
        return str(self[name_of(path)].data or "")

    def refuse_all(self, errors: Iterable[FieldError]) -> None:
        """Add the errors of a petition to the fields of their paths; others to the first one."""
        first = next(field.name for field in self)
        for error in errors:
            path = re.sub(r"^(facts|plan|questions) (\d+)", self._renumber, error.path)
            name, last = name_of(path), path.rpartition(".")[2]
            wrong = _WRONG.get(last)
            other = wrong if wrong and error.problem == FieldProblem.OTHER else say(error)
            found = [one for one in (name, f"{name}_value") if one in self]
            self.refuse(found[0] if found else first, other if found else f"{path}: {other}")

    def _renumber(self, match: re.Match[str]) -> str:
        numbers = self.numbers.get(match[1], [])
        at = int(match[2]) - 1
        return f"{match[1]} {numbers[at] if at < len(numbers) else match[2]}"


def flatten(value: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    """Yield what a table of a petition's file has, by the names of fields."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flatten(inner, f"{path}_{name}" if path else str(name))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from flatten(inner, f"{path}_{number}")
    else:
        yield path, str(value) if isinstance(value, date) else value


def read_moment(written: str) -> date | str:
    """Return a day as a date of TOML; whatever else was typed stays a text."""
    try:
        return date.fromisoformat(written) if len(written) == 10 else written
    except ValueError:
        return written
