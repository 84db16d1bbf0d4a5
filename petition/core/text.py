"""Rules for text that people type: normal form, forbidden characters, links, initials."""

import re
import unicodedata

# Control characters, separators of lines and paragraphs, lone surrogates, and characters that
# change the direction of the text after them (Unicode UAX #9), which can disguise a list's entry.
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTION_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# What programs put around copied text: embeddings, isolates, byte-order marks. Not the overrides
# U+202D and U+202E, which reorder letters.
_COPIED = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u2066\u2067\u2068\u2069\ufeff"))
# Invisible signs that have a meaning only between letters.
_INVISIBLE_ENDS = "\u00ad\u200b\u200c\u200d\u200e\u200f\u061c\u2060"

# Top-level domains that occur in spam. A full stop also ends an abbreviation, and some of these are
# abbreviations or words: Dr.ir. Bakker, Th.de Boer, Dr.Link. They take a longer word before them.
_PLAIN = (
    "com|net|org|biz|xyz|io|рф|қаз|ru|su|kz|ua|uz|kg|uk|eu|nl|pl|cz|ch|cn|tk|ml|cf|gq|ly|gl|cc"
    "|tv|tr"
)
_WORDS = "info|top|site|online|shop|club|link|click|app|dev|store|live|pro|casino"
_HOST = re.compile(
    rf"\b[\w-]{{2,}}\.(?:{_PLAIN})\b"
    rf"|\b[\w-]{{3,}}\.(?:{_WORDS})\b"
    r"|\b(?!prof\b)(?:[a-z\d-]{4,}|[\w-]{6,})\.(?:br|by|co|de|fr|ir)\b"
    r"|\b[\w-]{4,}\.(?i:com|net|org|ru|kz|рф|қаз)\b(?!\.)"
)
_ADDRESS = re.compile(
    r"://|\b[wW]{3}\.|@[\w-]+\."
    rf"|\b(?:[a-z\d-]+\.[a-z]{{2,}}/\S|[\w-]+\.(?:[a-z]{{2}}|{_PLAIN}|{_WORDS})/[a-z\d@?#])"
    rf"|\b[a-z\d-]{{2,}}\.(?!(?:ac|co|com|edu|gov|net|org)\.)[a-z\d-]{{2,}}\.(?:{_PLAIN}|{_WORDS})\b"
)
# Hangul fillers: letters by category, but invisible.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")


def normalise(text: str) -> str:
    """Return the text in NFC on one line, with single spaces inside and none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def search_key(text: str) -> str:
    """Return what two spellings of a name have in common: without case, width and extra blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())[:300]


def tidy(text: str) -> str:
    """Return the text without the invisible signs that programs put around what is copied."""
    if text.isascii():
        return text.strip()
    text = text.translate(_COPIED)
    while text != (stripped := text.strip().strip(_INVISIBLE_ENDS)):
        text = stripped
    return text


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
    """Return whether the text has a web address. `J.R. Smith` and `Th.de Boer` have none."""
    return ("." in text and _HOST.search(text) is not None) or has_address(text)


def has_address(text: str) -> bool:
    """Return whether the text has a web or email address that is more than a domain's name.

    Organisations are named after domains: `350.org` has none, `350.org/join` and `www.350.org` do.
    """
    return _ADDRESS.search(text) is not None


def initials(name: str) -> str:
    """Return a name's initials: `A. B.` for Anna Berg, `Ж.-Б. М.` for Жан-Батист Мольер.

    Each is the first letter of a word as a grapheme (Unicode UAX #29), in titlecase; a word
    without letters gives its first digit, and one without either gives nothing.
    """
    words = (
        "-".join(f"{letter}." for letter in map(_initial, _HYPHENS.split(word)) if letter)
        for word in name.split()
    )
    return " ".join(filter(None, words))


_HYPHENS = re.compile("[-\u058a\u05be\u2010\u2011\u2013]")
# Viramas that join the letter after them to the one before (UAX #29, rule GB9c).
_LINKERS = frozenset("\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d\u1039\u17d2")
_MARKS = frozenset({"Mn", "Mc", "Me"})
_LETTERS = frozenset({"Lu", "Ll", "Lt", "Lo"})  # not Lm: the okina of ʻOkina is no initial
_kind = unicodedata.category


def _initial(word: str) -> str:
    """Return the first letter of a word, else its first digit, with its marks; else ""."""
    start = next((at for at, sign in enumerate(word) if _kind(sign) in _LETTERS), None)
    if start is None:
        start = next((at for at, sign in enumerate(word) if sign.isalnum()), None)
    if start is None:
        return ""
    end = start + 1
    while end < len(word) and (
        _kind(word[end]) in _MARKS
        or word[end] == "\u200d"
        or (word[end - 1] in _LINKERS and _kind(word[end]) in _LETTERS)
    ):
        end += 1
    return word[start].title() + word[start + 1 : end]
