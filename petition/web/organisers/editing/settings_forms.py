"""The forms of a petition's settings: what is asked of signers; the picture; facts and plan."""

from collections.abc import Mapping
from typing import Any

from flask import current_app, g
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice

from petition.core import i18n
from petition.petitions.editing import settings as editing
from petition.petitions.editing.content import without_empty
from petition.petitions.editing.settings import Settings
from petition.petitions.editing.story import MAX_FACTS, MAX_STEPS
from petition.petitions.editing.texts import PORTRAIT_FIELDS
from petition.web.organisers.editing.settings_form_base import (
    Groups,
    SettingsForm,
    flatten,
    name_of,
    read_moment,
)
from petition.web.organisers.editing.text_form import LABELS
from petition.web.organisers.forms import TidyField, TidyTextArea

_BOXES = ("asks_postcode", "asks_organisation", "asks_comment", "refuses_disposable")


class BasicForm(SettingsForm):
    """Goal, contact, what is asked, date of the case, country in which signing is dangerous."""

    names = editing.BASIC

    @classmethod
    def build(cls, settings: Settings) -> tuple[dict[str, Any], Groups]:
        """Return the fields, and in which groups they are folded."""
        names = {"": str(_("None"))} | i18n.countries(g.language)
        choices = [SelectChoice(code, name) for code, name in names.items()]
        fields = {
            "contact": TidyField(_("Contact address")),
            "goal": TidyField(_("Goal")),
            "as_of": TidyField(_("Until when the text is up to date")),
            "asks_postcode": BooleanField(_("Signers must give a postcode")),
            "asks_organisation": BooleanField(_("Signers may name an organisation")),
            "asks_comment": BooleanField(_("Signers may write a comment")),
            "refuses_disposable": BooleanField(_("Refuse throw-away email addresses")),
            "regime_country": SelectField(_("Country"), choices=choices),
        }
        languages = dict.fromkeys([*current_app.config["LANGUAGES"], *settings.languages])
        stored = settings.values.get("regime", {}).get("languages", [])
        warning = {
            f"regime_{code}": BooleanField(i18n.language_name(code))
            for code in dict.fromkeys([*languages, *stored])
        }
        danger = (_("Where signing may be dangerous"), ["regime_country", *warning])
        return fields | warning, [(None, [*fields][:-1]), danger]

    @classmethod
    def data_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is stored, by the names of the fields."""
        regime = values.get("regime", {})
        goal = values["goal"]
        return {
            **{name: values.get(name) for name in ("contact", *_BOXES)},
            "goal": "" if goal == "ladder" else str(goal),
            "as_of": str(values.get("as_of", "")),
            "regime_country": regime.get("country", ""),
            **{f"regime_{code}": True for code in regime.get("languages", [])},
        }

    def read(self, settings: Settings) -> dict[str, Any]:
        """Return what was typed as the petition's file has it."""
        codes = [field.name.removeprefix("regime_") for field in self if field.data is True]
        languages = [code for code in codes if f"regime_{code}" in self]
        stored = settings.values.get("regime", {}).get("languages", [])
        languages.sort(key=lambda code: stored.index(code) if code in stored else len(stored))
        goal = self.text("goal").replace(" ", "")
        return {
            "contact": self.text("contact"),
            "goal": int(goal) if goal.isascii() and goal.isdecimal() else goal or "ladder",
            "as_of": read_moment(self.text("as_of")),
            **{name: bool(self[name].data) for name in _BOXES},
            "regime": without_empty(
                {"country": self.text("regime_country"), "languages": languages}
            ),
        }


class PictureForm(SettingsForm):
    """The picture, its credit, and the words about it in each language."""

    names = editing.PICTURE

    @classmethod
    def build(cls, settings: Settings) -> tuple[dict[str, Any], Groups]:
        """Return the fields, and in which groups they are folded."""
        fields: dict[str, Any] = {
            "upload": FileField(_("Picture: JPEG, PNG, WebP or AVIF, at most 5 MB")),
            "face_credit": TidyField(_("Who made the picture")),
        }
        if "face" in settings.values:
            fields["remove"] = BooleanField(_("Take the picture away"))
        groups: Groups = [(None, [*fields])]
        for code in settings.languages:
            words = {
                name_of(f"text.{code}.{name}"): TidyField(LABELS[name]) for name in PORTRAIT_FIELDS
            }
            fields |= words
            groups.append((i18n.language_name(code), [*words]))
        return fields, groups

    @classmethod
    def data_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is stored, by the names of the fields."""
        words = dict(flatten({"text": values["words"]}))
        return words | {"face_credit": values.get("face_credit")}

    def read(self, settings: Settings) -> dict[str, Any]:
        """Return what was typed as the petition's file has it."""
        removes = "remove" in self and self["remove"].data
        has_upload = bool(self["upload"].data and self["upload"].data.filename)
        has_picture = has_upload or ("face" in settings.values and not removes)
        return {
            "face": f"{settings.values['slug']}.webp" if has_picture else "",
            "face_credit": self.text("face_credit") if has_picture else "",
            "words": {
                code: {name: self.text(f"text.{code}.{name}") for name in PORTRAIT_FIELDS}
                for code in settings.languages
            },
        }


class FactsForm(SettingsForm):
    """Facts, and the steps of the plan, in each language."""

    names = editing.FACTS

    @classmethod
    def build(cls, settings: Settings) -> tuple[dict[str, Any], Groups]:
        """Return the fields, and in which groups they are folded."""
        fields: dict[str, Any] = {}
        groups: Groups = []
        steps = min(MAX_STEPS, len(settings.values.get("plan", [])) + 2)
        for number in range(1, MAX_FACTS + 1):
            row: dict[str, Any] = {}
            for code in settings.languages:
                language = i18n.language_name(code)
                row[f"facts_{number}_{code}_value"] = TidyField(
                    _("Number or date (%(language)s)", language=language)
                )
                row[f"facts_{number}_{code}_label"] = TidyField(
                    _("What it counts (%(language)s)", language=language)
                )
            fields |= row
            groups.append((_("Fact %(number)d", number=number), [*row]))
        for number in range(1, steps + 1):
            row = {f"plan_{number}_date": TidyField(_("Day or month"))}
            for code in settings.languages:
                label = _("What happens then (%(language)s)", language=i18n.language_name(code))
                row[f"plan_{number}_text_{code}"] = TidyTextArea(label)
            fields |= row
            groups.append((_("Step %(number)d", number=number), [*row]))
        return fields, groups

    def read(self, settings: Settings) -> dict[str, Any]:
        """Return what was typed as the petition's file has it."""
        facts: dict[int, Any] = {}
        plan: dict[int, Any] = {}
        for number in range(1, MAX_FACTS + 1):
            words = {
                code: {
                    name: self.text(f"facts.{number}.{code}.{name}") for name in ("value", "label")
                }
                for code in settings.languages
            }
            facts[number] = {code: one for code, one in words.items() if any(one.values())}
        for number in range(1, MAX_STEPS + 1):
            if f"plan_{number}_date" in self:
                codes = settings.languages
                text = {code: self.text(f"plan.{number}.text.{code}") for code in codes}
                moment = read_moment(self.text(f"plan.{number}.date"))
                plan[number] = without_empty({"date": moment, "text": without_empty(text)})
        typed = {"facts": facts, "plan": plan}
        self.numbers = {
            name: [number for number, row in rows.items() if row] for name, rows in typed.items()
        }
        return {name: [row for row in rows.values() if row] for name, rows in typed.items()}
