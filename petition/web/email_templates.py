"""Emails rendered from `templates/emails`: subject, text and HTML in a language."""

from collections.abc import Callable, Mapping

from babel.support import NullTranslations
from flask import Flask
from flask_babel import force_locale
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from petition.core import colours, i18n
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

        with force_locale(i18n.format_locale(language)):
            return render("subject"), render("txt"), render("html")

    def _make_environment(self, language: str) -> Environment:
        environment = self._app.jinja_env.overlay()
        messages = _message_functions(get_catalogue(self._app, language))
        # Nothing else: Jinja copies the globals, three times for an email.
        environment.globals = {**messages, **_accents(self._app.config["BRAND_COLOUR"])}
        return environment


def _accents(colour: str) -> dict[str, str]:
    """Return the colours of buttons, and of text on them, for light and dark mode."""
    dark = colours.for_dark(colour)
    return {
        "accent": colour,
        "on_accent": colours.text_colour_on(colour),
        "dark_accent": dark,
        "on_dark_accent": colours.text_colour_on(dark),
    }


def _message_functions(catalogue: NullTranslations) -> dict[str, Callable[..., str]]:
    """Return what `_` and `ngettext` of templates call, bound to a catalogue."""

    def fill(context: Context, text: str, variables: Mapping[str, object]) -> str:
        # As Jinja's extension for messages does: the translation is markup, what is put in is not.
        return (Markup(text) if context.eval_ctx.autoescape else text) % variables  # noqa: S704

    @pass_context
    def gettext(context: Context, text: str, **variables: object) -> str:
        return fill(context, catalogue.gettext(text), variables)

    @pass_context
    def ngettext(context: Context, one: str, many: str, number: int, /, **variables: object) -> str:
        return fill(context, catalogue.ngettext(one, many, number), {"num": number, **variables})

    return {"_": gettext, "ngettext": ngettext}
