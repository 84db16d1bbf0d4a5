"""The forms of the tab: what file is wanted, and why."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, IntegerField, RadioField, SelectField, ValidationError
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional

from petition.core import i18n
from petition.organisers.export import FileOptions, Filters, Format, Profile
from petition.web.organisers.forms import OrganiserForm, TidyField, TidyTextArea, at_most, required

MAX_REASON = 300
MAX_COPY_DAYS = 365
_FORMATS = (
    (str(Format.XLSX), _("Spreadsheet for Excel or LibreOffice (XLSX)")),
    (str(Format.CSV), _("Text with separators (CSV)")),
    (str(Format.JSONL), _("For programs (JSON Lines)")),
)
_SEPARATORS = (
    ("comma", _("Comma")),
    ("semicolon", _("Semicolon (Excel in German, French, Kazakh, Russian or Swedish)")),
)


def _date(label: Any, *validators: Any) -> DateField:
    """Return the field of a day; browsers offer a calendar."""
    return _Day(label, [*validators])


class _Day(DateField):
    """A day, with a message of ours if it is none."""

    def process_formdata(self, valuelist: Any) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(_("Give a day, such as 2026-05-26."))) from None


class _Version(IntegerField):
    """The number of a version, with a message of ours if it is none."""

    def process_formdata(self, valuelist: Any) -> None:
        try:
            if valuelist and len(valuelist[0]) > 9:
                raise ValueError
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(str(_("Give the number of a version."))) from None


class FileForm(OrganiserForm):
    """What every file needs."""

    format = RadioField(
        _("Format"), [InputRequired(_("Choose one of the answers."))], default=str(Format.XLSX)
    )
    separator = SelectField(_("Separator in CSV files"))
    reason = TidyField(
        _("What do you need it for?"), [DataRequired(_("Fill in this field.")), at_most(MAX_REASON)]
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.format.choices, self.separator.choices = list(_FORMATS), list(_SEPARATORS)
        for field in (self.format, self.separator):
            field.validate_choice = False

    def validate_format(self, field: RadioField) -> None:
        """Require a format of the list."""
        _require(field, _FORMATS)

    def validate_separator(self, field: SelectField) -> None:
        """Require a separator of the list, if one was sent."""
        if field.data:
            _require(field, _SEPARATORS)

    def options(self) -> FileOptions:
        """Return what a valid form asks for."""
        separator = self.separator.data or "comma"
        return FileOptions(Format(self.format.data), Profile.HANDOVER, separator)


class OwnListForm(FileForm):
    """The list with addresses: which part of it, and until when the copy is kept."""

    since = _date(_("Confirmed from"), Optional())
    until = _date(_("Confirmed up to"), Optional())
    country = SelectField(_("Country"))
    language = SelectField(_("Language of the signer"))
    text_version = _Version(
        _("Version of the text"),
        [Optional(), NumberRange(1, 9_999, _("Give the number of a version."))],
    )
    keep_until = _date(_("Delete our copy by"), *required())

    def __init__(
        self, *, reader_language: str, languages: Sequence[str], today: date, **options: Any
    ) -> None:
        super().__init__(**options)
        self._today = today
        every = [("", str(_("All")))]
        self.country.choices = [*every, *i18n.countries(reader_language).items()]
        named = ((code, i18n.language_name(code)) for code in languages)
        self.language.choices = [*every, *named]
        for field in (self.country, self.language):
            field.validate_choice = False

    @property
    def has_filters(self) -> bool:
        """Whether one was chosen, or is wrong."""
        filters = (self.since, self.until, self.country, self.language, self.text_version)
        return any(field.errors or field.data for field in filters)

    def validate_country(self, field: SelectField) -> None:
        """Require a country, if one was sent."""
        _require(field, field.choices, empty=True)

    def validate_language(self, field: SelectField) -> None:
        """Require a language of the site, if one was sent."""
        _require(field, field.choices, empty=True)

    def validate_until(self, field: DateField) -> None:
        """Require an order of days."""
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(str(_("This day is before the other.")))

    def validate_keep_until(self, field: DateField) -> None:
        """Require a day from today on, within a year."""
        if field.data and not 0 <= (field.data - self._today).days <= MAX_COPY_DAYS:
            raise ValidationError(str(_("Choose a day from today on, within a year.")))

    def options(self) -> FileOptions:
        """Return what a valid form asks for."""
        filters = Filters(
            since=self.since.data,
            until=self.until.data,
            country=self.country.data or "",
            language=self.language.data or "",
            text_version=self.text_version.data,
        )
        return super().options()._replace(profile=Profile.ORGANISER, filters=filters)


class PackForm(OrganiserForm):
    """A pack: in which language, and what for."""

    language = SelectField(_("Language of the letter"))
    reason = TidyField(
        _("What do you need it for?"), [DataRequired(_("Fill in this field.")), at_most(MAX_REASON)]
    )

    def __init__(self, *, languages: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.language.choices = [(code, i18n.language_name(code)) for code in languages]
        self.language.validate_choice = False

    def validate_language(self, field: SelectField) -> None:
        """Require a language of the petition."""
        _require(field, field.choices)


class HandoverForm(OrganiserForm):
    """What became of a pack: when and where it was handed over, receipt, photo, answer."""

    version = HiddenField()
    handed_over_on = _date(_("Handed over on"), DataRequired(_("Fill in this field.")))
    place = TidyField(
        _("To whom, and where"), [DataRequired(_("Fill in this field.")), at_most(200)]
    )
    receipt = TidyTextArea(_("Receipt"), [at_most(1_000)])
    photo = FileField(_("Photo of the hand-over"))
    photo_alt = TidyField(_("What the photo shows, for people who do not see it"), [at_most(300)])
    answer = TidyTextArea(_("Answer of the target"), [at_most(5_000)])
    answered_on = _date(_("Answered on"), Optional())

    def __init__(self, *, today: date, **options: Any) -> None:
        super().__init__(**options)
        self._today = today

    @property
    def seen_version(self) -> int:
        """The version of the record that the form was opened with; 0, which none has, if unsaid."""
        typed = self.version.data or ""
        return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0

    def validate_handed_over_on(self, field: DateField) -> None:
        """Refuse a day to come."""
        if field.data and field.data > self._today:
            raise ValidationError(str(_("This day is still to come.")))

    def validate_photo_alt(self, field: TidyField) -> None:
        """Require words with a photo."""
        if self.photo.data and not field.data:
            raise ValidationError(str(_("Say what the photo shows.")))

    def validate_answer(self, field: TidyTextArea) -> None:
        """Require a day with an answer."""
        if field.data and not any(self.answered_on.raw_data or ()):
            raise ValidationError(str(_("Say on which day it came.")))

    def validate_answered_on(self, field: DateField) -> None:
        """Require a day not before the hand-over and not to come."""
        if field.data and self.handed_over_on.data and field.data < self.handed_over_on.data:
            raise ValidationError(str(_("This day is before the other.")))
        if field.data and field.data > self._today:
            raise ValidationError(str(_("This day is still to come.")))

    def values(self) -> dict[str, Any]:
        """Return what a valid form records, by column, without the photo."""
        names = ("handed_over_on", "place", "receipt", "photo_alt", "answer", "answered_on")
        values = {name: self[name].data for name in names}
        if not values["answer"]:
            values["answered_on"] = None
        return values


def _require(field: Any, choices: Iterable[tuple[str, Any]], *, empty: bool = False) -> None:
    """Refuse what is not among the choices. WTForms' own message is English."""
    if field.data not in {value for value, _label in choices} and not (empty and not field.data):
        raise ValidationError(str(_("Choose one of the answers.")))
