"""Who a signer is: tidy text, an address in canonical form, and the key that makes two spellings
one mailbox.

Pure: no database, no HTTP. Facts about providers are from their own help pages (Gmail: dots and
tags; Yandex: one login on all its domains). When in doubt two addresses stay two: a real person who
is merged away cannot appeal, while a missed double is one in thousands.
"""

import re
import unicodedata
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

# Control characters, line and paragraph separators, lone surrogates, and what turns the reading
# direction of the text after it (Unicode UAX #9): nobody's name holds them, and they can make a
# list lie.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Ends of addresses that spam has, and none that names and titles have: Dr.in and Mag.a stay.
_ENDS = (
    "com|net|org|info|biz|xyz|top|site|online|shop|club|link|click|io|app|dev|store|live|pro|casino"
    "|ru|su|рф|kz|қаз|by|ua|uz|kg|de|uk|fr|eu|nl|pl|cz|ch|cn|tk|ml|cf|gq|ly|gl|cc|tv|co|br|tr|ir"
)
_LINK = re.compile(
    rf"://|\bwww\.|\b[\w-]{{2,}}\.(?:{_ENDS})\b|\b[\w-]+\.[a-z]{{2,}}/",
    re.IGNORECASE,
)
# Letters by their kind that show nothing: Hangul fillers.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")


class AddressInvalid(ValueError):
    """Not an address that mail can be sent to."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address as it was typed (for delivery) with its two keys.

    `key` is the address in canonical form; `mailbox` is equal for every spelling that reaches the
    same mailbox.
    """

    email: str
    key: str
    mailbox: str

    @property
    def domain(self) -> str:
        """The mail domain of the mailbox."""
        return self.mailbox.rpartition("@")[2]


def tidy(text: str) -> str:
    """Return the text in Unicode's composed form (NFC) on one line, single blanks within and none
    around.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def initials(name: str) -> str:
    """Return a name's initials: `A. B.` for Anna Berg, `Ж.-Б. М.` for Жан-Батист Мольер."""
    words = ("-".join(f"{part[:1].upper()}." for part in word.split("-")) for word in name.split())
    return " ".join(words)


def has_forbidden(text: str, *, lines: bool = False) -> bool:
    """Say whether the text holds control or direction-override characters; `lines` allows line
    breaks and tabs.
    """
    if text.isascii() and text.isprintable():
        return False
    allowed = "\r\n\t" if lines else ""
    return any(
        character in _DIRECTION_OVERRIDES
        or (unicodedata.category(character) in _FORBIDDEN_CATEGORIES and character not in allowed)
        for character in text
    )


def shows(text: str) -> bool:
    """Say whether anything of the text can be seen as a name: a letter or a digit."""
    return any(letter.isalnum() and letter not in _BLANK_LETTERS for letter in text)


def has_link(text: str) -> bool:
    """Say whether the text holds a web address. `J.R. Smith` and `St. John` do not."""
    return _LINK.search(text) is not None


def read_address(text: str) -> Address:
    """Read an email address as a person typed it.

    Blanks around it and a full-width `＠` are forgiven. Raises AddressInvalid for what no mail can
    reach (RFC 5321 and 5322 as email-validator reads them; no quoted names, no address literals).
    """
    try:
        found = validate_email(text.strip().replace("＠", "@"), check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressInvalid from error
    domain = found.ascii_domain.lower()
    local = _fold(found.local_part)
    if not local or "@" in local or len(local) + 1 + len(domain) > LONGEST_ADDRESS:
        raise AddressInvalid  # one compatibility letter can fold into eighteen, or into an @
    return Address(
        email=f"{found.local_part}@{found.ascii_domain}",
        key=f"{local}@{domain}",
        mailbox=_mailbox(local, domain),
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
