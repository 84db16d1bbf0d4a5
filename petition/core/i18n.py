"""Names of countries and languages, alphabetical order, and direction of writing."""

from functools import lru_cache
from unicodedata import category, normalize

from babel import Locale
from babel.core import get_global

MESSAGE_LANGUAGE = "en"
_FORMATS = {MESSAGE_LANGUAGE: "en_GB"}  # CLDR formats English without a territory as American

# Two-letter territories of CLDR that are no countries of ISO 3166-1.
_NOT_COUNTRIES = frozenset(
    {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
)

# The CLDR has `қазақ тілі`, "the Kazakh language".
_OWN_NAMES = {"kk": "Қазақша"}

# Alphabets in which some letters with a diacritic are letters of their own. Any other is sorted
# with its base letter: a Russian Ё with Е, a German Ä with A.
_ALPHABETS = {
    "kk": "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя",
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "sv": "abcdefghijklmnopqrstuvwxyzåäö",
}


@lru_cache(maxsize=64)
def countries(language: str) -> dict[str, str]:
    """Return CLDR names by ISO 3166-1 alpha-2 code, in the alphabetical order of the language."""
    names = {
        code: str(name)
        for code, name in Locale.parse(language).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }
    return dict(sorted(names.items(), key=lambda item: sort_key(item[1], language)))


def sort_key(name: str, language: str) -> list[tuple[int, str]]:
    """Return a key that sorts names by the alphabet of a language, else by code point."""
    alphabet = _ALPHABETS.get(language, "")
    letters = "".join(
        letter if letter in alphabet else _without_diacritics(letter)
        for letter in normalize("NFC", name.casefold())
    )
    return [(alphabet.find(letter), letter) for letter in letters]


def _without_diacritics(letter: str) -> str:
    return "".join(part for part in normalize("NFKD", letter) if category(part) != "Mn")


def language_name(language: str) -> str:
    """Return a language's own name, with a capital: `Deutsch`."""
    name = Locale.parse(language).get_display_name(language) or language
    return _OWN_NAMES.get(language) or name[:1].upper() + name[1:]


def format_locale(language: str) -> str:
    """Return the locale that formats dates and numbers of a language: British for English."""
    return _FORMATS.get(language, language)


def with_territory(language: str) -> str:
    """Return the language with its most likely country, as Open Graph writes it: `kk_KZ`."""
    locale = format_locale(language)
    parts = get_global("likely_subtags").get(locale, locale).split("_")
    return f"{parts[0]}_{parts[-1]}"


def is_right_to_left(language: str) -> bool:
    """Return whether the language is written from right to left."""
    return bool(Locale.parse(language).text_direction == "rtl")
