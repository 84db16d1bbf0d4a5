"""Rules for text that people type: normal form, characters that cannot be shown, links."""

import re
import unicodedata

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


def normalise(text: str) -> str:
    """Return the text in Unicode's composed form (NFC) on one line, single blanks within and none
    around.
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


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


def has_visible_character(text: str) -> bool:
    """Say whether anything of the text can be seen as a name: a letter or a digit."""
    return any(letter.isalnum() and letter not in _BLANK_LETTERS for letter in text)


def has_link(text: str) -> bool:
    """Say whether the text holds a web address. `J.R. Smith` and `St. John` do not."""
    return _LINK.search(text) is not None
