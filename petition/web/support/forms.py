"""The forms: shape and wording of what people type. Tidying is `signers`', uniqueness the
database's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from petition.abuse.email_domains import is_disposable
from petition.core.i18n import countries
from petition.core.text import has_forbidden, has_link, has_visible_character, normalise
from petition.models.enums import Display
from petition.signatures.entries import Entry
from petition.signatures.identity import Address, AddressInvalid, read_address
from petition.web.support.keys import keys

NAME_MOST, POSTCODE_MOST, ORGANISATION_MOST, ROLE_MOST, COMMENT_MOST = 100, 20, 200, 100, 1_000
_YES, _NO = {"yes", "on", "y", "true", "1"}, {"", "no", "off", "n", "false", "0"}


class FieldInvalid(ValueError):
    """What was typed cannot be taken; the argument is a sentence for the person who typed it."""


# Turns what was typed into the value to keep, or raises Wrong.
Rule = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field as a template draws it: what was typed, kept as it was, and what is wrong with
    it.
    """

    name: str
    data: str
    errors: tuple[str, ...]

    @property
    def ticked(self) -> bool:
        """Whether a box was ticked."""
        return self.data.lower() in _YES


class Form:
    """A form: a rule for each field. `values` and `errors` are filled by `valid`.

    WTForms took 0.2 ms for the eleven fields of a signature, as long as writing it to the disk, and
    of what it offers only the calling of validators was used.
    """

    RULES: ClassVar[Mapping[str, Rule]]
    DEFAULTS: ClassVar[Mapping[str, str]] = {}

    def __init__(self, given: Mapping[str, str] | None = None) -> None:
        # A plain one: a MultiDict looks at the type of every answer.
        self._given = given.to_dict() if isinstance(given, MultiDict) else given or {}
        self._rules = self.RULES
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def valid(self) -> bool:
        """Apply every rule and say whether all are kept."""
        for name, rule in self._rules.items():
            try:
                self.values[name] = rule(self._typed(name))
            except FieldInvalid as wrong:
                self.errors[name] = str(wrong)
        return not self.errors

    def __getitem__(self, name: str) -> Field:
        error = self.errors.get(name)
        return Field(name, self._typed(name), () if error is None else (error,))

    def _typed(self, name: str) -> str:
        return self._given.get(name, self.DEFAULTS.get(name, ""))


def text(typed: str, *, most: int, lines: bool = False) -> str:
    """Allow text of at most `most` characters, of one line unless `lines`. Browsers end a line with
    CR LF (HTML, form submission); what is kept has LF.
    """
    if not typed:
        return typed
    if has_forbidden(typed.strip(), lines=lines):
        raise FieldInvalid(
            _("This contains characters that cannot be shown. Please type it again.")
        )
    text = "\n".join(typed.strip().splitlines()) if lines else normalise(typed)
    if len(text) > most:
        raise FieldInvalid(_("This can have at most %(most)d characters.", most=most))
    return text


def unlinked(typed: str, *, most: int) -> str:
    """Allow one line without a web address: it may show in public beside a name."""
    line = text(typed, most=most)
    if has_link(line):
        raise FieldInvalid(_("This cannot contain a web address."))
    return line


def name(typed: str) -> str:
    """Want a name, without a web address in it."""
    name = text(typed, most=10_000)  # how long it may be is said in words of its own
    if not has_visible_character(name):
        raise FieldInvalid(_("Enter your name."))
    if len(name) > NAME_MOST:
        raise FieldInvalid(_("Your name can have at most %(most)d characters.", most=NAME_MOST))
    if has_link(name):
        raise FieldInvalid(_("A name cannot contain a web address."))
    return name


def address(typed: str) -> Address:
    """Want an address that mail can be sent to."""
    if not typed.strip():
        raise FieldInvalid(_("Enter your email address."))
    try:
        return read_address(typed, keys().hash_mailbox)
    except AddressInvalid:
        raise FieldInvalid(_("Enter an email address in the form name@example.org.")) from None


def lasting_address(typed: str) -> Address:
    """Want an address that is not of a service for throwing mailboxes away."""
    found = address(typed)
    if is_disposable(found.domain):
        raise FieldInvalid(throw_away())
    return found


def throw_away() -> str:
    """Say that a throw-away address is not taken."""
    said: str = _("This petition takes no throw-away addresses. Please use one that you keep.")
    return said


def country(typed: str) -> str:
    """Want a country of the list, by its code."""
    if typed not in countries("en"):
        raise FieldInvalid(_("Choose your country from the list."))
    return typed


def needed_postcode(typed: str) -> str:
    """Want a postcode."""
    postcode = text(typed, most=POSTCODE_MOST)
    if not postcode:
        raise FieldInvalid(_("Enter your postcode."))
    return postcode


def one_of(typed: str, *, answers: frozenset[str]) -> str:
    """Want one of the answers offered."""
    if typed not in answers:
        raise FieldInvalid(_("Choose one of the answers offered."))
    return typed


def tick(typed: str) -> bool:
    """Read a box: ticked, or not. Anything but the words of a box is no answer."""
    return one_of(typed.lower(), answers=frozenset(_YES | _NO)) in _YES


def yes_or_no(typed: str) -> bool:
    """Read a choice of two."""
    return one_of(typed, answers=frozenset({"yes", "no"})) == "yes"


def consent(typed: str) -> bool:
    """Want the box ticked."""
    if not tick(typed):
        raise FieldInvalid(
            _("Tick the box if you agree. Without it we may not keep your signature.")
        )
    return True


ENTRY_RULES: dict[str, Rule] = {
    "name": name,
    "country": country,
    "postcode": partial(text, most=POSTCODE_MOST),
    "organisation": partial(unlinked, most=ORGANISATION_MOST),
    "role": partial(unlinked, most=ROLE_MOST),
    "comment": partial(text, most=COMMENT_MOST, lines=True),
    "display": partial(one_of, answers=frozenset(Display)),
    "handover": yes_or_no,
    "updates": tick,
}


class SignForm(Form):
    """What the public types to sign."""

    # In the order of the page, so that the summary of errors follows it.
    RULES: ClassVar = {"name": name, "email": address} | ENTRY_RULES | {"consent": consent}
    DEFAULTS: ClassVar = {"display": Display.HIDDEN.value, "handover": "no"}

    def __init__(
        self,
        given: Mapping[str, str] | None = None,
        *,
        asks_postcode: bool = False,
        refuses_disposable: bool = False,
    ) -> None:
        super().__init__(given)
        if asks_postcode:
            self._rules = {**self._rules, "postcode": needed_postcode}
        if refuses_disposable:
            self._rules = {**self._rules, "email": lasting_address}

    def entry(self) -> Entry:
        """Return what was typed, once it is valid."""
        return Entry(**{name: self.values[name] for name in ENTRY_RULES})

    def address(self) -> Address:
        """Return the address, once it is valid."""
        address: Address = self.values["email"]
        return address


class SelfServiceForm(Form):
    """What signers correct on their own page."""

    RULES: ClassVar = ENTRY_RULES
    DEFAULTS: ClassVar = SignForm.DEFAULTS

    def entry(self) -> Entry:
        """Return what stands now, once it is valid."""
        return Entry(**self.values)


class AddressForm(Form):
    """Where somebody asks for a mail to their own address."""

    RULES: ClassVar = {"email": address}

    def address(self) -> Address:
        """Return the address, once it is valid."""
        found: Address = self.values["email"]
        return found
