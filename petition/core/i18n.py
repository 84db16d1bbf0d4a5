"""Languages: which are offered, which one a reader gets, and names of countries in it."""

from functools import lru_cache
from unicodedata import category, normalize

from babel import Locale
from babel.core import get_global

WRITTEN_IN = "en"

# Two-letter territories of CLDR that are not countries (ISO 3166-1 lists none of them as one).
_NOT_COUNTRIES = frozenset(
    {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
)

# Alphabets in which letters with a mark are letters of their own. Any other stands with the one
# that has no mark: a Russian Ё with Е, a German Ä with A.
_ALPHABETS = {
    "kk": "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя",
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "sv": "abcdefghijklmnopqrstuvwxyzåäö",
}


@lru_cache(maxsize=64)
def countries(language: str) -> dict[str, str]:
    """Return the countries by ISO 3166-1 alpha-2 code with their CLDR names, sorted for a reader of
    the language.
    """
    territories = Locale.parse(language).territories
    named = {
        code: str(name)
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }
    return dict(sorted(named.items(), key=lambda item: sort_key(item[1], language)))


def sort_key(name: str, language: str) -> list[tuple[int, str]]:
    """Return what puts names in the order of a language: each letter with its place in the alphabet
    or, where the language has none above, that of Unicode.
    """
    alphabet = _ALPHABETS.get(language, "")
    letters = "".join(
        letter if letter in alphabet else _unmarked(letter)
        for letter in normalize("NFC", name.casefold())
    )
    return [(alphabet.find(letter), letter) for letter in letters]


def _unmarked(letter: str) -> str:
    return "".join(part for part in normalize("NFKD", letter) if category(part) != "Mn")


def language_name(language: str) -> str:
    """Return a language's name in itself, as a list of languages shows it."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


def with_territory(language: str) -> str:
    """Return the language with its likeliest country, as Open Graph writes locales: `kk_KZ`."""
    parts = get_global("likely_subtags").get(language, language).split("_")
    return f"{parts[0]}_{parts[-1]}"


def is_right_to_left(language: str) -> bool:
    """Say whether the language is written from right to left."""
    return bool(Locale.parse(language).text_direction == "rtl")
