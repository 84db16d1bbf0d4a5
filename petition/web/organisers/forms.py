"""Forms of the organisers' pages: Flask-WTF, with the fields and messages that they share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.exceptions import BadRequest
from wtforms import Field, IntegerField, RadioField, StringField, TextAreaField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, DataRequired, InputRequired, Length
from wtforms.widgets import EmailInput, HiddenInput

from petition.core.errors import CodeInvalid, CodeTriesUsedUp
from petition.core.text import has_forbidden, normalise, tidy
from petition.signatures.identity import Address, tidy_address
from petition.web.support.forms.fields import FieldInvalid, email_address


class OrganiserForm(FlaskForm):
    """A form of the organisers' pages. Show each field with `field` of `organisers/parts.html`.

    The guard checks the CSRF token before any view is called.
    """

    class Meta:
        csrf = False
        locales = ("en",)  # every message is one of ours

    @property
    def wrong_fields(self) -> list[Field]:
        """The fields with errors, in the order of the page."""
        return [field for field in self if field.errors]

    def refuse(self, name: str, message: Any) -> None:
        """Add an error to a field, as of a rule that only the database knows."""
        self[name].errors = [*self[name].errors, str(message)]


def pressed(name: str, *answers: str) -> str:
    """Return which one was pressed of a form's buttons, which have the name `name`.

    Raises: BadRequest for none of `answers`.
    """
    button = StringField(validators=[AnyOf(answers)])
    form: OrganiserForm = type("ButtonForm", (OrganiserForm,), {name: button})()
    if not form.validate():
        raise BadRequest
    return str(form[name].data)


MAX_BRACKETS = 300  # opening ones in a text; 50,000 take 5 seconds
CODE_FIELD = "second_factor_code"


class CodeForm(OrganiserForm):
    """Asks for a code of the second factor."""

    second_factor_code = StringField(
        _("Code"), render_kw={"autocomplete": "one-time-code", "spellcheck": "false"}
    )
    status = 403  # that of the page before a code is tried

    def accepted(self, use: Callable[[str], object]) -> bool:
        """Return whether `use` takes the code; if not, the form has the error and the status."""
        self.status = 422
        try:
            use((self.second_factor_code.data or "")[:100])
        except CodeTriesUsedUp:
            self.status = 429
            self.refuse(
                CODE_FIELD, _("Too many codes were tried. Wait 15 minutes, then try again.")
            )
        except CodeInvalid:
            self.refuse(CODE_FIELD, _("This code is wrong or used. Type the one that shows now."))
        return not self.errors


def required(message: Any = None) -> list[DataRequired]:
    """Return the validator of a field that must not be empty or blank, with its message."""
    return [DataRequired(message or _("Fill in this field."))]


def at_most(characters: int) -> Length:
    """Return the validator of a length, in characters."""
    message = _("This can be at most %(most)d characters long.", most=characters)
    return Length(max=characters, message=message)


class TidyField(StringField):
    """One line of text, without blanks at its ends and without what pages cannot show."""

    lines = False
    data: str

    def process_formdata(self, valuelist: Iterable[str]) -> None:
        """Tidy what was typed."""
        super().process_formdata(valuelist)
        text = tidy(self.data or "") if self.lines else tidy((self.data or "").replace("\t", " "))
        self.data = text if has_forbidden(text, lines=self.lines) else self._normalise(text)

    def pre_validate(self, form: Any) -> None:
        """Refuse characters that pages cannot show."""
        if has_forbidden(self.data or "", lines=self.lines):
            raise ValidationError(
                str(_("This has characters that we cannot show. Please type it again."))
            )

    def _normalise(self, text: str) -> str:
        return "\n".join(text.splitlines()).strip() if self.lines else normalise(text)


class TidyTextArea(TidyField, TextAreaField):
    """Lines of text, whose ends become LF, with few brackets: each may begin a link in Markdown."""

    lines = True

    def pre_validate(self, form: Any) -> None:
        """Refuse also more brackets than a text has: Markdown looks for the end of each."""
        super().pre_validate(form)
        if (self.data or "").count("[") > MAX_BRACKETS:
            message = _(
                "This has too many opening brackets “[”: at most %(most)d.", most=MAX_BRACKETS
            )
            raise ValidationError(str(message))


class VersionField(IntegerField):
    """The hidden version of what is changed; 0, which nothing has, for what is no version."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read the number."""
        text = valuelist[0] if valuelist else ""
        is_version = text.isascii() and text.isdecimal() and len(text) < 10
        self.data = int(text) if is_version else 0
        self.raw_data = None  # the page shows `data`


class AddressField(TidyField):
    """An email address; `address` is what is read of it."""

    widget = EmailInput()
    address: Address

    def pre_validate(self, form: Any) -> None:
        """Read the address. An empty field is for `required` to refuse."""
        if not self.data:
            return
        try:
            self.address = email_address(self.data)
        except FieldInvalid as error:
            raise ValidationError(str(error)) from error

    def _normalise(self, text: str) -> str:
        return tidy_address(text)


def email_field(label: Any, *, missing: Any, autocomplete: str) -> Any:
    """Return a required field for an email address."""
    keyboard = {"inputmode": "email", "autocapitalize": "off", "spellcheck": "false"}
    return AddressField(
        label, required(missing), render_kw={**keyboard, "autocomplete": autocomplete}
    )


def choice(label: Any, options: Mapping[str, Any]) -> Any:
    """Return a field of which one option, by value and label, has to be chosen."""
    message = _("Choose one of the answers.")
    return RadioField(
        label,
        [InputRequired(message), AnyOf(options, message)],
        choices=to_choices(options),
        validate_choice=False,  # its message is not ours
    )


def to_choices(options: Mapping[str, Any]) -> list[SelectChoice]:
    """Return options, by value and label, as a field takes them."""
    return [SelectChoice(value, label) for value, label in options.items()]
