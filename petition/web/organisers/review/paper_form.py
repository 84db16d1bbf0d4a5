"""The form of a paper sheet."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from wtforms import DateField, IntegerField, ValidationError
from wtforms.validators import Optional
from wtforms.widgets import TextInput

from petition.core.errors import PictureInvalid
from petition.organisers.paper import MAX_NAMES, SheetForm
from petition.petitions.pictures import make_picture
from petition.web.organisers.forms import OrganiserForm, TidyField, VersionField, at_most, required


class NamesField(IntegerField):
    """A number of names, without separators."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number. What is none is kept as it was typed."""
        text = "".join((valuelist or [""])[0].split())
        self.data = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
        self.raw_data = valuelist

    def pre_validate(self, form: Any) -> None:
        """Refuse what is no number of names."""
        if self.data is None or not 1 <= self.data <= MAX_NAMES:
            message = _(
                "Write how many valid names are on it: a number from 1 to %(most)d.", most=MAX_NAMES
            )
            raise ValidationError(str(message))


class PaperForm(OrganiserForm):
    """What an organiser says of a sheet."""

    version = VersionField()
    label = TidyField(_("Number or name of the sheet"), [*required(), at_most(60)])
    names = NamesField(
        _("Valid names on it"), render_kw={"inputmode": "numeric", "autocomplete": "off"}
    )
    collected_on = DateField(_("Collected on"), [Optional()])
    scan = FileField(_("Scan or photo of the sheet"))

    def __init__(self, *, today: date, **options: Any) -> None:
        super().__init__(**options)
        self._today = today

    def validate_collected_on(self, field: DateField) -> None:
        """Refuse a day to come."""
        if field.data and field.data > self._today:
            raise ValidationError(str(_("This day is still to come.")))

    def read(self) -> SheetForm | None:
        """Return what was typed, or None if something is wrong, which the fields say then."""
        if not self.validate():
            return None
        scan = None
        try:
            if self.scan.data:
                scan = make_picture(self.scan.data.read()).content
        except PictureInvalid:
            self.refuse("scan", _("This file cannot be read as a picture. Choose a JPEG or PNG."))
            return None
        return SheetForm(self.label.data, self.names.data or 0, self.collected_on.data, scan)

    def refuse_label(self) -> None:
        """Say that another sheet has this label."""
        self.refuse("label", _("Another sheet has this number or name."))


class VersionForm(OrganiserForm):
    """A button that is about a version."""

    version = VersionField()
