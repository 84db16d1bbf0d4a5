"""Emails rendered from `templates/emails`: subject, text and HTML in a language."""

from collections.abc import Mapping

from flask import Flask
from flask_babel import force_locale
from jinja2 import Environment

from petition.core import i18n
from petition.web.middleware.translations import get_catalogue


class EmailTemplates:
    """Renders emails. Each language has an environment, bound to its catalogue.

    `render_template` looks up the language for each message and computes what pages need: that is
    half of the time of an email.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._environments: dict[str, Environment] = {}

    def render(
        self, name: str, language: str, values: Mapping[str, object]
    ) -> tuple[str, str, str]:
        """Return the subject, the text and the HTML of an email."""
        environment = self._environments.get(language)
        if environment is None:
            environment = self._environments[language] = self._make_environment(language)
        direction = "rtl" if i18n.is_right_to_left(language) else "ltr"
        variables = {"language": language, "direction": direction, **values}

        def render(extension: str) -> str:
            return environment.get_template(f"emails/{name}.{extension}").render(variables)

        with force_locale(language):
            return render("subject"), render("txt"), render("html")

    def _make_environment(self, language: str) -> Environment:
        environment = self._app.jinja_env.overlay()
        environment.globals = self._app.jinja_env.globals.copy()
        catalogue = get_catalogue(self._app, language)
        environment.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
        return environment
