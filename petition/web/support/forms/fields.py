"""What each field of a form accepts, and the error messages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from petition.abuse.email_domains import is_disposable
from petition.core.i18n import countries
from petition.core.text import has_forbidden, has_link, has_visible_character, normalise, tidy
from petition.petitions.questions import MAX_ANSWER, TICKED, Question, QuestionKind
from petition.signatures.identity import Address, AddressInvalid, parse_address
from petition.web.support.tokens import get_tokens

MAX_NAME, MAX_POSTCODE, MAX_ORGANISATION, MAX_ROLE, MAX_COMMENT = 100, 20, 200, 100, 1_000
_YES, _NO = {"yes", "on", "y", "true", "1"}, {"", "no", "off", "n", "false", "0"}


class FieldInvalid(ValueError):
    """The input of a field is not accepted; the argument is the message to the reader."""


Validator = Callable[[str], Any]  # returns the value to keep; raises FieldInvalid


@dataclass(frozen=True, slots=True)
class Field:
    """One field for templates: its input, unchanged, and its errors."""

    name: str
    data: str
    errors: tuple[str, ...]

    @property
    def ticked(self) -> bool:
        return self.data.lower() in _YES


class Form:
    """A form with one validator for each field. `valid` fills `values` and `errors`.

    Not WTForms, which took 0.2 ms for the fields of a signature: as long as writing it to the disk.
    """

    VALIDATORS: ClassVar[Mapping[str, Validator]]
    DEFAULTS: ClassVar[Mapping[str, str]] = {}

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        # A plain dict: a MultiDict checks the type of every value that it returns.
        given = data.to_dict() if isinstance(data, MultiDict) else data or {}
        self._data = {**self.DEFAULTS, **given}
        self._validators = self.VALIDATORS
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def valid(self) -> bool:
        """Run every validator and say whether all accepted their input."""
        for name, validator in self._validators.items():
            try:
                self.values[name] = validator(self._data.get(name, ""))
            except FieldInvalid as error:
                self.errors[name] = str(error)
        return not self.errors

    def __getitem__(self, name: str) -> Field:
        error = self.errors.get(name)
        return Field(name, self._data.get(name, ""), () if error is None else (error,))


def text(value: str, *, max_length: int, lines: bool = False) -> str:
    """Accept at most `max_length` characters, in one line unless `lines`, whose ends become LF."""
    if not value:
        return value
    value = tidy(value if lines else value.replace("\t", " "))
    if has_forbidden(value, lines=lines):
        raise FieldInvalid(_("This has characters that we cannot show. Please type it again."))
    text = "\n".join(value.splitlines()) if lines else normalise(value)
    if len(text) > max_length:
        raise FieldInvalid(_("This can be at most %(most)d characters long.", most=max_length))
    return text


def text_without(finds: Callable[[str], bool], value: str, *, max_length: int) -> str:
    """Accept one line without what `finds` a web address: it may be public beside a name."""
    line = text(value, max_length=max_length)
    if finds(line):
        raise FieldInvalid(_("This cannot contain a web address."))
    return line


def name(value: str) -> str:
    """Require a name without a web address."""
    name = text(value, max_length=10_000)  # a longer name has its own message
    if not has_visible_character(name):
        raise FieldInvalid(_("Enter your name."))
    if len(name) > MAX_NAME:
        raise FieldInvalid(_("Your name can be at most %(most)d characters long.", most=MAX_NAME))
    if has_link(name):
        raise FieldInvalid(_("A name cannot contain a web address."))
    return name


def email_address(value: str) -> Address:
    """Require an email address."""
    if not value.strip():
        raise FieldInvalid(_("Enter your email address."))
    try:
        return parse_address(value, get_tokens().hash_mailbox)
    except AddressInvalid:
        raise FieldInvalid(_("Enter an email address like name@example.org.")) from None


def lasting_address(value: str) -> Address:
    """Require an email address that is not of a disposable service."""
    address = email_address(value)
    if is_disposable(address.domain):
        raise FieldInvalid(disposable_message())
    return address


def disposable_message() -> str:
    """Return the message that disposable addresses are refused."""
    return str(
        _("This petition does not accept throw-away addresses. Please use one that you keep.")
    )


def country(value: str) -> str:
    """Require the code of a country in the list."""
    if value not in countries("en"):
        raise FieldInvalid(_("Choose your country from the list."))
    return value


def required_postcode(value: str) -> str:
    """Require a postcode."""
    postcode = text(value, max_length=MAX_POSTCODE)
    if not postcode:
        raise FieldInvalid(_("Enter your postcode."))
    return postcode


def one_of(value: str, *, options: frozenset[str]) -> str:
    """Require one of the options."""
    if value not in options:
        raise FieldInvalid(_("Choose one of the answers."))
    return value


def checkbox(value: str) -> bool:
    """Return whether a box is ticked. Accepts only the usual values of a box."""
    return one_of(value.lower(), options=frozenset(_YES | _NO)) in _YES


def yes_or_no(value: str) -> bool:
    """Require "yes" or "no"."""
    return one_of(value, options=frozenset({"yes", "no"})) == "yes"


def answer(value: str, *, question: Question) -> str:
    """Accept an answer to a question of the petition's own, if it needs one; empty for none."""
    match question.kind:
        case QuestionKind.TEXT:
            kept = text(value, max_length=MAX_ANSWER)
        case QuestionKind.CHOICE:
            kept = one_of(value, options=frozenset(question.options)) if value else ""
        case QuestionKind.TICK:
            kept = TICKED if checkbox(value) else ""
    if question.required and not kept:
        raise FieldInvalid(_("Answer this question."))
    return kept


def consent(value: str) -> bool:
    """Require a ticked box."""
    if not checkbox(value):
        raise FieldInvalid(_("Tick the box if you agree. We need this to keep your signature."))
    return True
