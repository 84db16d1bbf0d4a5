"""The forms: shape and wording of what people type. Tidying is `signers`', uniqueness the
database's.
"""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from petition.i18n import countries
from petition.models import Display
from petition.signers import Address, AddressInvalid, has_forbidden, has_link, read_address, tidy
from petition.signing import Entry

NAME_MOST, POSTCODE_MOST, ORGANISATION_MOST, ROLE_MOST, COMMENT_MOST = 100, 20, 200, 100, 1_000

Check = Callable[[Any, Field], None]


class Tick(Field):
    """A box: ticked, or not. Anything but the words of a box is no answer."""

    _yes, _no = {"yes", "on", "y", "true", "1"}, {"", "no", "off", "n", "false", "0"}
    data: bool

    def process_formdata(self, valuelist: list[str]) -> None:
        said = valuelist[0].lower() if valuelist else ""
        if said not in self._yes | self._no:
            raise ValueError(_("Choose one of the answers offered."))
        self.data = said in self._yes


def _clean(field: Field, *, lines: bool = False) -> str:
    """Return what was typed, or stop at characters that cannot be shown."""
    text = field.data or ""
    if has_forbidden(text.strip(), lines=lines):
        raise StopValidation(
            _("This contains characters that cannot be shown. Please type it again.")
        )
    return tidy(text)


def at_most(most: int, *, lines: bool = False) -> Check:
    """Allow text of at most `most` characters, of one line unless `lines`."""

    def check(_form: Any, field: Field) -> None:
        if len(_clean(field, lines=lines)) > most:
            raise StopValidation(_("This can have at most %(most)d characters.", most=most))

    return check


def _name(_form: Any, field: Field) -> None:
    name = _clean(field)
    if not name:
        raise StopValidation(_("Enter your name."))
    if len(name) > NAME_MOST:
        raise StopValidation(_("Your name can have at most %(most)d characters.", most=NAME_MOST))
    if has_link(name):
        raise StopValidation(_("A name cannot contain a web address."))


def _address(form: Any, field: Field) -> None:
    if not (field.data or "").strip():
        raise StopValidation(_("Enter your email address."))
    try:
        form.address = read_address(field.data)
    except AddressInvalid:
        raise StopValidation(_("Enter an email address in the form name@example.org.")) from None


def _country(form: Any, field: Field) -> None:
    if field.data not in countries("en"):
        raise StopValidation(_("Choose your country from the list."))


def _postcode(form: Any, field: Field) -> None:
    postcode = _clean(field)
    if form.asks_postcode and not postcode:
        raise StopValidation(_("Enter your postcode."))
    at_most(POSTCODE_MOST)(form, field)


def _consent(_form: Any, field: Field) -> None:
    if not field.data:
        raise StopValidation(
            _("Tick the box if you agree. Without it we may not keep your signature.")
        )


def _one_of(*answers: str) -> Check:
    def check(_form: Any, field: Field) -> None:
        if field.data not in answers:
            raise StopValidation(_("Choose one of the answers offered."))

    return check


class SignForm(Form):
    """What the public types to sign. `address` is set once the form is valid."""

    address: Address
    asks_postcode: bool = False

    name = StringField(validators=[_name])
    email = StringField(validators=[_address])
    country = StringField(validators=[_country])
    postcode = StringField(validators=[_postcode])
    organisation = StringField(validators=[at_most(ORGANISATION_MOST)])
    role = StringField(validators=[at_most(ROLE_MOST)])
    comment = StringField(validators=[at_most(COMMENT_MOST, lines=True)])
    display = StringField(validators=[_one_of(*Display)], default=Display.HIDDEN.value)
    handover = StringField(validators=[_one_of("yes", "no")], default="no")
    consent = Tick(validators=[_consent])
    updates = Tick()

    def entry(self) -> Entry:
        """Return what was typed, tidied."""
        return Entry(
            name=tidy(self.name.data or ""),
            country=self.country.data or "",
            postcode=tidy(self.postcode.data or ""),
            organisation=tidy(self.organisation.data or ""),
            role=tidy(self.role.data or ""),
            comment=(self.comment.data or "").strip(),
            display=self.display.data or Display.HIDDEN.value,
            handover=self.handover.data == "yes",
            updates=self.updates.data,
        )


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Where an organiser asks for a sign-in link."""

    address: Address
    email = StringField(validators=[_address])
