"""An address in canonical form, and the key that makes every spelling of a mailbox one.

No database, no HTTP. The rules of providers come from their own help pages (Gmail: dots and tags;
Yandex: one login on all its domains). When in doubt two addresses stay two: a person merged with
another cannot appeal, and a missed duplicate is one signature in thousands.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from email_validator import EmailNotValidError, validate_email

from petition.core.text import tidy

MAX_ADDRESS_LENGTH = 254  # characters: RFC 5321 §4.5.3.1.3, less the angle brackets

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_YANDEX_ENDS = (
    *("ru", "com", "by", "kz", "ua", "uz", "com.tr", "com.ge", "com.am", "co.il"),
    *("az", "kg", "lt", "lv", "md", "tj", "tm", "ee", "fr"),
)
_YANDEX = frozenset({"ya.ru", "narod.ru"} | {f"yandex.{end}" for end in _YANDEX_ENDS})
# Providers that deliver name+tag to name. Their domains stay apart: hotmail.com is not outlook.com.
_TAGGED = frozenset(
    {"outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com"}
    | {"fastmail.com", "fastmail.fm", "proton.me", "protonmail.com", "pm.me"}
)


class AddressInvalid(ValueError):
    """Not an address that email can be sent to."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address as typed, for delivery, with its keys.

    `key` is its canonical form; `mailbox` is equal for every spelling that reaches the same
    mailbox. `mailbox_hash` is a keyed hash, for where the address itself must not be stored.
    """

    email: str
    key: str
    mailbox: str
    mailbox_hash: str

    @property
    def domain(self) -> str:
        """The mail domain of the mailbox."""
        return self.mailbox.rpartition("@")[2]


_IN_ANGLE_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>")
_QUOTES = {'"': '"', "'": "'", "(": ")", "[": "]", "“": "”", "„": "“", "«": "»", "‘": "’"}


def tidy_address(text: str) -> str:
    """Return the address in what a person typed or pasted, without what programs put around it.

    Those are white space and invisible signs, `mailto:`, a name with angle brackets, quotes, and
    the sentence's punctuation after it. What is no address comes back without invisible signs.
    """
    text = tidy(text)
    if not text.isascii():
        text = _without_invisible(text.replace("＠", "@"))
    text = text.rstrip(" \t.,;:。，；：、")
    if match := _IN_ANGLE_BRACKETS.fullmatch(text):
        text = match.group(1).strip()
    elif len(text) > 2 and _QUOTES.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    if text[:7].lower() == "mailto:":
        text = unquote(text[7:].partition("?")[0])
    return text


def _without_invisible(text: str) -> str:
    """Remove what nobody sees; in an address beyond ASCII joiners stay, and overrides anywhere."""
    text = "".join(
        sign
        for sign in text
        if sign in "\u200c\u200d\u202d\u202e"
        or (unicodedata.category(sign) != "Cf" and not "\ufe00" <= sign <= "\ufe0f")
    ).strip()
    ascii_text = text.replace("\u200c", "").replace("\u200d", "")
    return ascii_text if ascii_text.isascii() else text


def parse_address(text: str, hash_mailbox: Callable[[str], str]) -> Address:
    """Parse an address as a person typed it; `hash_mailbox` makes the keyed hash of a mailbox.

    `tidy_address` is applied first. Raises: AddressInvalid by RFC 5321 and 5322 as email-validator
    reads them, without quoted names and address literals.
    """
    try:
        parsed = validate_email(tidy_address(text), check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressInvalid from error
    domain = parsed.ascii_domain.lower()
    local = _normalise_local(parsed.local_part)
    if not local or "@" in local or len(local) + 1 + len(domain) > MAX_ADDRESS_LENGTH:
        raise AddressInvalid  # NFKC expands one character to up to eighteen, or to an @
    mailbox = _mailbox(local, domain)
    return Address(
        email=f"{parsed.local_part}@{parsed.ascii_domain}",
        key=f"{local}@{domain}",
        mailbox=mailbox,
        mailbox_hash=hash_mailbox(mailbox),
    )


def _normalise_local(local: str) -> str:
    """Apply NFKC and lower the case; `casefold` would turn ß into ss and merge two people."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).lower())


def _mailbox(local: str, domain: str) -> str:
    untagged = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{untagged.replace('.', '') or local}@gmail.com"
    if domain in _YANDEX:
        return f"{untagged}@yandex.ru"
    return f"{untagged if domain in _TAGGED else local}@{domain}"
