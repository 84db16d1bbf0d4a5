"""Languages: which are offered, which one a reader gets, and names of countries in it."""

from functools import lru_cache
from pathlib import Path
from unicodedata import category, normalize

from babel import Locale
from babel.core import get_global
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context
from flask_babel import Babel, Domain, get_locale
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from petition.errors import SettingsError

CATALOGUES = Path(__file__).parent / "translations"
OWN_CATALOGUES = "translations"  # in the instance folder: a language of the site's own
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


def prepare_languages(app: Flask) -> None:
    """Bind the catalogues. Raises SettingsError for a language that has none, or none compiled."""
    folders = {}
    for language in app.config["LANGUAGES"]:
        if language == WRITTEN_IN:
            continue
        own = Path(app.instance_path) / OWN_CATALOGUES
        folders[language] = own if (own / language).exists() else CATALOGUES
        catalogue = folders[language] / language / "LC_MESSAGES" / "messages"
        if not catalogue.with_suffix(".po").exists():
            raise SettingsError(f"LANGUAGES names {language}, for which there is no translation")
        if not catalogue.with_suffix(".mo").exists():
            raise SettingsError("translations are not compiled: run `make translations`")
    babel = Babel()
    babel.domain_instance = _Catalogues(folders)
    babel.init_app(app, default_locale=app.config["LANGUAGES"][0], locale_selector=_reader_language)


class _Catalogues(Domain):  # type: ignore[misc]  # untyped
    """Each language from one folder: the site's own or the shipped one. Flask-Babel would merge
    both, and take the plural rule of the last, which may not know the language.
    """

    def __init__(self, folders: dict[str, Path]) -> None:
        super().__init__()
        self._folders = folders

    def get_translations(self) -> NullTranslations:
        """Return the catalogue of the language that is spoken now; English needs none."""
        language = str(get_locale())
        if language not in self.cache:
            folder = self._folders.get(language)
            self.cache[language] = (
                Translations.load(folder, [language]) if folder else NullTranslations()
            )
        found: NullTranslations = self.cache[language]
        return found


def _reader_language() -> str | None:
    return g.get("language") if has_request_context() else None


def negotiate(accept_language: str, offered: tuple[str, ...]) -> str:
    """Return the offered language that an Accept-Language header (RFC 9110 §12.5.4) likes best, or
    the first.
    """
    return _negotiate(accept_language[:200], offered)


@lru_cache(maxsize=2_048)
def _negotiate(accept_language: str, offered: tuple[str, ...]) -> str:
    accepted = parse_accept_header(accept_language, LanguageAccept)
    # By the language alone: `ru-KZ, en;q=0.5` asks for Russian first, whatever its region.
    languages = LanguageAccept([(tag.partition("-")[0], quality) for tag, quality in accepted])
    return languages.best_match(offered, offered[0]) or offered[0]


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
