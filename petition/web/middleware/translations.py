"""The gettext catalogues of the languages offered, bound to Flask-Babel."""

from pathlib import Path

from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context
from flask_babel import Babel, Domain, get_locale

from petition.core.config import PACKAGE
from petition.core.errors import SettingsError
from petition.core.i18n import MESSAGE_LANGUAGE, format_locale

CATALOGUES = PACKAGE / "translations"
OWN_CATALOGUES = "translations"  # in the instance folder: languages that a site adds


def init_app(app: Flask) -> None:
    """Bind the catalogues. Raises: SettingsError for a language with none, or none compiled."""
    own = Path(app.instance_path) / OWN_CATALOGUES
    folders = {}
    for language in app.config["LANGUAGES"]:
        if language == MESSAGE_LANGUAGE:
            continue
        folders[language] = own if (own / language).exists() else CATALOGUES
        catalogue = folders[language] / language / "LC_MESSAGES" / "messages"
        if not catalogue.with_suffix(".po").exists():
            raise SettingsError(f"LANGUAGES names {language}, for which there is no translation")
        if not catalogue.with_suffix(".mo").exists():
            raise SettingsError("translations are not compiled: run `make translations`")
    babel = Babel()
    babel.domain_instance = _Catalogues(folders)
    babel.init_app(
        app,
        default_locale=format_locale(app.config["LANGUAGES"][0]),
        locale_selector=_select_locale,
    )


def _select_locale() -> str | None:
    """Return the locale of the page; without one, Flask-Babel takes the default."""
    language = g.get("language") if has_request_context() else None
    return format_locale(language) if language else None


def get_catalogue(app: Flask, language: str) -> NullTranslations:
    """Return the catalogue of a language, an empty one for the source language."""
    catalogues: _Catalogues = app.extensions["babel"].instance.domain_instance
    return catalogues.get_catalogue(language)


class _Catalogues(Domain):  # type: ignore[misc]  # untyped
    """One catalogue for each language, the site's own or the shipped one.

    Flask-Babel would merge both and use the plural rule of the last, which may be the wrong one.
    """

    def __init__(self, folders: dict[str, Path]) -> None:
        super().__init__()
        self._folders = folders

    def get_translations(self) -> NullTranslations:
        """Return the catalogue of the current language."""
        return self.get_catalogue(str(get_locale()))

    def get_catalogue(self, language: str) -> NullTranslations:
        """Return the catalogue of a language."""
        if language not in self.cache:
            folder = self._folders.get(language, CATALOGUES)
            self.cache[language] = Translations.load(folder, [language])
        catalogue: NullTranslations = self.cache[language]
        return catalogue
