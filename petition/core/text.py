"""Rules for text that people type: normal form, forbidden characters, links."""

import re
import unicodedata

# Control characters, separators of lines and paragraphs, lone surrogates, and characters that
# change the direction of the text after them (Unicode UAX #9), which can disguise a list's entry.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# Top-level domains that occur in spam and not in names and titles, such as Dr.in and Mag.a.
_TOP_LEVEL = (
    "com|net|org|info|biz|xyz|top|site|online|shop|club|link|click|io|app|dev|store|live|pro|casino"
    "|ru|su|рф|kz|қаз|by|ua|uz|kg|de|uk|fr|eu|nl|pl|cz|ch|cn|tk|ml|cf|gq|ly|gl|cc|tv|co|br|tr|ir"
)
_LINK = re.compile(
    rf"://|\bwww\.|\b[\w-]{{2,}}\.(?:{_TOP_LEVEL})\b|\b[\w-]+\.[a-z]{{2,}}/", re.IGNORECASE
)
# Hangul fillers: letters by category, but invisible.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")


def normalise(text: str) -> str:
    """Return the text in NFC on one line, with single spaces inside and none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def has_forbidden(text: str, *, lines: bool = False) -> bool:
    """Return whether the text has a forbidden character; `lines` allows line breaks and tabs."""
    if text.isascii() and text.isprintable():
        return False
    allowed = "\r\n\t" if lines else ""
    return any(
        character in _DIRECTION_OVERRIDES
        or (unicodedata.category(character) in _FORBIDDEN_CATEGORIES and character not in allowed)
        for character in text
    )


def has_visible_character(text: str) -> bool:
    """Return whether the text has a visible letter or digit."""
    return any(letter.isalnum() and letter not in _BLANK_LETTERS for letter in text)


def has_link(text: str) -> bool:
    """Return whether the text has a web address. `J.R. Smith` and `St. John` have none."""
    return _LINK.search(text) is not None
