"""Who a signer is: tidy text, an address in canonical form, and the key that makes two spellings
one mailbox.

Pure: no database, no HTTP. Facts about providers are from their own help pages (Gmail: dots and
tags; Yandex: one login on all its domains). When in doubt two addresses stay two: a real person who
is merged away cannot appeal, while a missed double is one in thousands.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

LONGEST_ADDRESS = 254  # characters: RFC 5321 §4.5.3.1.3, less the angle brackets

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_YANDEX = frozenset(
    {"ya.ru", "narod.ru"}
    | {
        f"yandex.{tld}"
        for tld in ("ru", "com", "by", "kz", "ua", "uz", "com.tr", "com.ge", "com.am", "co.il")
    }
    | {f"yandex.{tld}" for tld in ("az", "kg", "lt", "lv", "md", "tj", "tm", "ee", "fr")}
)
# Providers that deliver name+anything to name. Their domains are not each other's: hotmail.com is
# not outlook.com.
_TAGGED = frozenset(
    {"outlook.com", "hotmail.com", "live.com", "msn.com", "icloud.com", "me.com", "mac.com"}
    | {"fastmail.com", "fastmail.fm", "proton.me", "protonmail.com", "pm.me"}
)


class AddressInvalid(ValueError):
    """Not an address that mail can be sent to."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it was typed (for delivery) with its two keys.

    `key` is the address in canonical form; `mailbox` is equal for every spelling that reaches the
    same mailbox. `mailbox_hash` is its keyed hash, for where the address must not be kept.
    """

    email: str
    key: str
    mailbox: str
    mailbox_hash: str

    @property
    def domain(self) -> str:
        """The mail domain of the mailbox."""
        return self.mailbox.rpartition("@")[2]


def read_address(text: str, hash_mailbox: Callable[[str], str]) -> Address:
    """Read an email address as a person typed it.

    `hash_mailbox` makes the keyed hash of a mailbox. Blanks around it and a full-width `＠` are
    forgiven. Raises AddressInvalid for what no mail can reach (RFC 5321 and 5322 as email-validator
    reads them; no quoted names, no address literals).
    """
    try:
        found = validate_email(text.strip().replace("＠", "@"), check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressInvalid from error
    domain = found.ascii_domain.lower()
    local = _fold(found.local_part)
    if not local or "@" in local or len(local) + 1 + len(domain) > LONGEST_ADDRESS:
        raise AddressInvalid  # one compatibility letter can fold into eighteen, or into an @
    mailbox = _mailbox(local, domain)
    return Address(
        email=f"{found.local_part}@{found.ascii_domain}",
        key=f"{local}@{domain}",
        mailbox=mailbox,
        mailbox_hash=hash_mailbox(mailbox),
    )


def _fold(local: str) -> str:
    """Make compatibility forms one (full-width letters, ligatures) and lower the case.

    `lower`, not `casefold`: casefold turns ß into ss and would merge two people.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).lower())


def _mailbox(local: str, domain: str) -> str:
    if domain in _GMAIL:
        return f"{_untagged(local).replace('.', '') or local}@gmail.com"
    if domain in _YANDEX:
        return f"{_untagged(local)}@yandex.ru"
    if domain in _TAGGED:
        return f"{_untagged(local)}@{domain}"
    return f"{local}@{domain}"


def _untagged(local: str) -> str:
    return local.partition("+")[0] or local
