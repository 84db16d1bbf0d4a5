"""Forms: what signers enter. Uniqueness is the database's.

`fields` has what each field accepts, and the error messages.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from petition.core.text import has_address, has_link
from petition.models.enums import Display
from petition.petitions import questions
from petition.petitions.questions import ASKED_BY_DEFAULT, Asked
from petition.signatures.entries import Entry
from petition.signatures.identity import Address, tidy_address
from petition.web.support.forms.fields import (
    MAX_COMMENT,
    MAX_ORGANISATION,
    MAX_POSTCODE,
    MAX_ROLE,
    Form,
    Validator,
    answer,
    checkbox,
    consent,
    country,
    email_address,
    lasting_address,
    name,
    one_of,
    required_postcode,
    text,
    text_without,
    yes_or_no,
)

ENTRY_VALIDATORS: dict[str, Validator] = {
    "name": name,
    "country": country,
    "postcode": partial(text, max_length=MAX_POSTCODE),
    "handover": yes_or_no,
    "display": partial(one_of, options=frozenset(Display)),
    "organisation": partial(text_without, has_address, max_length=MAX_ORGANISATION),
    "role": partial(text_without, has_link, max_length=MAX_ROLE),
    "comment": partial(text, max_length=MAX_COMMENT, lines=True),
    "updates": checkbox,
}


class SelfServiceForm(Form):
    """The fields that signers can correct."""

    VALIDATORS: ClassVar = ENTRY_VALIDATORS
    DEFAULTS: ClassVar = {"display": Display.HIDDEN.value, "handover": "no"}

    def __init__(
        self, data: Mapping[str, str] | None = None, *, asked: Asked = ASKED_BY_DEFAULT
    ) -> None:
        super().__init__(data)
        self.asked = asked
        own = {one.field: partial(answer, question=one) for one in asked.questions}
        postcode = {"postcode": required_postcode} if asked.postcode else {}
        self._validators = {**self._validators, **postcode, **own}
        if "consent" in self._validators:  # the last one on the page
            self._validators["consent"] = self._validators.pop("consent")

    def entry(self) -> Entry:
        """Return the entry of a valid form."""
        answers = {one.id: self.values[one.field] for one in self.asked.questions}
        values = {name: self.values[name] for name in ENTRY_VALIDATORS}
        return Entry(**values, answers=questions.encode(answers))


class OwnEntryForm(SelfServiceForm):
    """The fields of an entry, with consent."""

    VALIDATORS: ClassVar = ENTRY_VALIDATORS | {"consent": consent}


class AddressForm(Form):
    """A form that asks for an email to one's own address."""

    VALIDATORS: ClassVar = {"email": email_address}

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        if "email" in self._data:  # shown as it is read
            self._data["email"] = tidy_address(self._data["email"])

    def address(self) -> Address:
        """Return the address of a valid form."""
        address: Address = self.values["email"]
        return address


class SignForm(OwnEntryForm, AddressForm):
    """The form that signs a petition."""

    # In the order of the page, which the summary of errors follows.
    VALIDATORS: ClassVar = (
        {"name": name, "email": email_address} | ENTRY_VALIDATORS | {"consent": consent}
    )

    def __init__(
        self,
        data: Mapping[str, str] | None = None,
        *,
        asked: Asked = ASKED_BY_DEFAULT,
        refuses_disposable: bool = False,
    ) -> None:
        super().__init__(data, asked=asked)
        for left_out in asked.left_out:
            self._data.pop(left_out, None)
        if refuses_disposable:
            self._validators = {**self._validators, "email": lasting_address}
