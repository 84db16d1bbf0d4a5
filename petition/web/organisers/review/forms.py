"""Forms of the signatures' pages: filters, search, and the reason to take some out."""

from typing import Any

from flask import current_app, g, request
from flask_babel import lazy_gettext as _
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from petition.core import i18n
from petition.models.enums import InvalidReason
from petition.organisers.review.search import Criteria, Flag, State
from petition.web.organisers.forms import OrganiserForm, TidyField, TidyTextArea, at_most, required
from petition.web.support.template_globals import INVALID_REASONS


def _choices(*options: tuple[str, Any]) -> list[SelectChoice]:
    """Return the choices of a field, each a value with its label."""
    return [SelectChoice(str(value), label) for value, label in options]


_STATES = _choices(
    (State.COUNTED, _("Counted")),
    (State.WAITING, _("Not confirmed yet")),
    (State.INVALIDATED, _("Taken out of the count")),
    (State.HIDDEN, _("Counted, name hidden by you")),
)
_FLAGS = _choices(
    ("", _("Any")),
    (Flag.DISPOSABLE, _("Throw-away addresses")),
    (Flag.TAGGED, _("Addresses with a + tag")),
)
_DAY = _("Enter a day, such as 2016-05-26.")


class Day(DateField):
    """A day, or none."""

    def process_formdata(self, valuelist: Any) -> None:
        """Read the day as a field of the type date sends it."""
        try:
            super().process_formdata(valuelist)
        except ValueError as error:
            raise ValueError(str(_DAY)) from error


class FilterForm(OrganiserForm):
    """Which signatures a list has. Sent with GET, so it has nothing personal."""

    state = SelectField(_("State"), choices=_STATES, default=State.COUNTED)
    country = SelectField(_("Country"), default="")
    language = SelectField(_("Language"), default="")
    since = Day(_("From this day"), validators=[Optional()])
    until = Day(_("Until this day"), validators=[Optional()])
    domain = TidyField(_("Email domain"), validators=[at_most(254)])
    organisation = TidyField(_("Organisation, exactly"), validators=[at_most(200)])
    flag = SelectField(_("Kind of address"), choices=_FLAGS, default="")
    version = TidyField(_("Version of the text"))

    def __init__(self, formdata: Any = None) -> None:
        super().__init__(formdata)
        anything = ("", _("Any"))
        self.country.choices = _choices(anything, *i18n.countries(g.language).items())
        languages = current_app.config["LANGUAGES"]
        named = ((language, i18n.language_name(language)) for language in languages)
        self.language.choices = _choices(anything, *named)

    def validate_version(self, field: TidyField) -> None:
        """Refuse what is no number."""
        if field.data and not to_number(field.data):
            raise ValidationError(str(_("Enter a number from 1 on.")))

    @property
    def is_open(self) -> bool:
        """Whether more than the state is chosen, or something is wrong."""
        names = [field.name for field in self if field.name not in {"state", "csrf_token"}]
        return bool(self.errors) or any(self[name].data for name in names)

    @property
    def more_chosen(self) -> list[str]:
        """The labels of the rarer filters that are chosen."""
        more = (self.domain, self.flag, self.organisation, self.version)
        return [str(field.label.text) for field in more if field.data]

    def criteria(self) -> Criteria:
        """Return what was chosen."""
        return Criteria(
            state=self.state.data or State.COUNTED,
            since=self.since.data.isoformat() if self.since.data else "",
            until=self.until.data.isoformat() if self.until.data else "",
            country=self.country.data or "",
            language=self.language.data or "",
            domain=(self.domain.data or "").lower().lstrip("@"),
            organisation=self.organisation.data or "",
            flag=self.flag.data or "",
            version=to_number(self.version.data) or 0,
        )


class SearchForm(OrganiserForm):
    """A name or an address to look for. Sent with POST: it is in no address and in no log."""

    by = RadioField(
        _("Search by"),
        choices=_choices(("name", _("Name")), ("address", _("Email address"))),
        default="name",
    )
    term = TidyField(_("Beginning, or all of it"), validators=[*required(), at_most(254)])
    exact = BooleanField(_("All of it, exactly"))
    before = HiddenField()

    def validate_term(self, field: TidyField) -> None:
        """Ask for two letters: one finds too many people."""
        if len(field.data) < 2:
            raise ValidationError(str(_("Type at least two letters.")))

    def criteria(self) -> Criteria:
        """Return what was typed."""
        by_address = self.by.data == "address"
        return Criteria(term=self.term.data, is_address=by_address, exact=self.exact.data)

    def next_before(self) -> int | None:
        """Return the id after which a page begins."""
        return to_number(self.before.data)


class ReasonForm(OrganiserForm):
    """Why signatures are taken out of the count."""

    reason = SelectField(
        _("Reason"),
        choices=_choices(("", _("Choose a reason")), *INVALID_REASONS.items()),
        validators=required(_("Choose a reason.")),
    )
    note = TidyTextArea(_("Note, for organisers only"), validators=[at_most(500)])

    def validate_note(self, field: TidyTextArea) -> None:
        """Ask for a note where the reason says nothing."""
        if self.reason.data == InvalidReason.OTHER and not field.data:
            raise ValidationError(str(_("Say what the reason is.")))

    def get_reason(self) -> InvalidReason:
        """Return the reason that was chosen."""
        return InvalidReason(self.reason.data)


class CriteriaForm(OrganiserForm):
    """Which signatures are to be taken out together."""

    criteria = HiddenField()


class RemovalForm(CriteriaForm, ReasonForm):
    """Which signatures are taken out together, how many were shown, and why."""

    seen = HiddenField()


def get_filter() -> FilterForm:
    """Return the filter of the request's address."""
    return FilterForm(request.args or None)


def to_number(text: str | None) -> int | None:
    """Return a positive number that the database can hold, or None."""
    is_number = text and len(text) < 10 and text.isascii() and text.isdigit()
    return int(text) if text and is_number else None
