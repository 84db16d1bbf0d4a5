"""The language of a page: the prefix of its path, else the one that the browser prefers."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, Flask, current_app, g, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.routing import BaseConverter, IntegerConverter, UnicodeConverter, ValidationError

from petition.core.text import has_forbidden

MAX_INTEGER = 2**31 - 1  # of an INTEGER column


class LocalizedBlueprint(Blueprint):
    """A blueprint whose rules exist with a language prefix (`/ru/p/kuramshin`) and without.

    `in_languages=False` registers a rule without the prefix only.
    """

    def add_url_rule(
        self, rule: str, *arguments: Any, in_languages: bool = True, **options: Any
    ) -> None:
        super().add_url_rule(rule, *arguments, **options)
        if in_languages:
            super().add_url_rule(f"/<language:language>{rule}", *arguments, **options)


class TextConverter(UnicodeConverter):
    """The default converter, which refuses control characters: PostgreSQL takes no NUL."""

    def to_python(self, value: str) -> str:
        if has_forbidden(value):
            raise ValidationError
        return value


class NumberConverter(IntegerConverter):
    """The `int` converter, which refuses numbers that no INTEGER column holds."""

    def to_python(self, value: str) -> int:
        number: int = super().to_python(value)
        if number > MAX_INTEGER:
            raise ValidationError
        return number


def init_app(app: Flask) -> None:
    """Add the converters, and take the language prefix off view arguments and put it on URLs."""
    offered = tuple(app.config["LANGUAGES"])

    class LanguageConverter(BaseConverter):
        """The code of a language that the site offers."""

        regex = "[a-z]{2,3}"

        def to_python(self, value: str) -> str:
            if value not in offered:
                raise ValidationError
            return value

    app.url_map.converters |= {
        "default": TextConverter,
        "int": NumberConverter,
        "language": LanguageConverter,
    }

    @app.url_value_preprocessor
    def choose_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None:
            values.pop("language", None)
        first = request.path.split("/", 2)[1]
        g.prefix = first if first in offered else None
        g.language = g.prefix or negotiate(request.headers.get("Accept-Language", ""), offered)

    @app.url_defaults
    def add_prefix(endpoint: str, values: dict[str, Any]) -> None:
        if (
            "language" not in values
            and g.get("prefix")
            and app.url_map.is_endpoint_expecting(endpoint, "language")
        ):
            values["language"] = g.prefix


def is_negotiated() -> bool:
    """Say whether this response depends on the Accept-Language header."""
    return g.get("prefix") is None and (
        request.endpoint is None  # an error page
        or current_app.url_map.is_endpoint_expecting(request.endpoint, "language")
    )


def set_language(language: str) -> None:
    """Use the signer's language for this response, unless the path has a prefix."""
    if g.prefix is None and language in current_app.config["LANGUAGES"]:
        g.language = language


def negotiate(accept_language: str, offered: tuple[str, ...]) -> str:
    """Return the best offered language for an Accept-Language header, or the first.

    See RFC 9110 §12.5.4.
    """
    return _negotiate(accept_language[:200], offered)


@lru_cache(maxsize=2_048)
def _negotiate(accept_language: str, offered: tuple[str, ...]) -> str:
    accepted = parse_accept_header(accept_language, LanguageAccept)
    # Without regions: `ru-KZ, en;q=0.5` prefers Russian.
    languages = LanguageAccept([(tag.partition("-")[0], quality) for tag, quality in accepted])
    return languages.best_match(offered, offered[0]) or offered[0]
