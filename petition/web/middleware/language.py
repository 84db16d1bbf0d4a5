"""Which language a page speaks: the one in its address, else the one that the browser asks for."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, Flask, current_app, g, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.routing import BaseConverter, IntegerConverter, UnicodeConverter, ValidationError

from petition.core.text import has_forbidden

LARGEST = 2**31 - 1  # that a number in the database can be


class LocalizedBlueprint(Blueprint):
    """A blueprint whose every page exists with a language prefix (`/ru/p/kuramshin`) and without;
    with `in_languages=False` a rule is for what is the same in all.
    """

    def add_url_rule(
        self, rule: str, *arguments: Any, in_languages: bool = True, **options: Any
    ) -> None:
        super().add_url_rule(rule, *arguments, **options)
        if in_languages:
            super().add_url_rule(f"/<language:language>{rule}", *arguments, **options)


class TextConverter(UnicodeConverter):
    """A part of a path, in every rule that names no other kind. Nothing of ours is named with
    control characters, and PostgreSQL takes no NUL: an address with one is nobody's.
    """

    def to_python(self, value: str) -> str:
        if has_forbidden(value):
            raise ValidationError
        return value


class NumberConverter(IntegerConverter):
    """A number in a path, in every `<int:…>`. A larger one than the database holds counts
    nothing.
    """

    def to_python(self, value: str) -> int:
        number: int = super().to_python(value)
        if number > LARGEST:
            raise ValidationError
        return number


def prepare(app: Flask) -> None:
    """Teach the application language prefixes, and which parts of paths can be ours; templates and
    views then write addresses as if there were no prefix.
    """
    offered = tuple(app.config["LANGUAGES"])

    class Language(BaseConverter):
        """One of the languages offered; any other first part of a path is no language."""

        regex = "[a-z]{2,3}"

        def to_python(self, value: str) -> str:
            if value not in offered:
                raise ValidationError
            return value

    app.url_map.converters |= {
        "default": TextConverter,
        "int": NumberConverter,
        "language": Language,
    }

    @app.url_value_preprocessor
    def choose(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None:
            values.pop("language", None)
        first = request.path.split("/", 2)[1]
        g.prefix = first if first in offered else None
        g.language = g.prefix or negotiate(request.headers.get("Accept-Language", ""), offered)

    @app.url_defaults
    def carry_on(endpoint: str, values: dict[str, Any]) -> None:
        if (
            "language" not in values
            and g.get("prefix")
            and app.url_map.is_endpoint_expecting(endpoint, "language")
        ):
            values["language"] = g.prefix


def is_negotiated() -> bool:
    """Say whether the answer under way depends on the language that the browser asks for."""
    return g.get("prefix") is None and (
        request.endpoint is None  # an error's page
        or current_app.url_map.is_endpoint_expecting(request.endpoint, "language")
    )


def set_language(language: str) -> None:
    """Answer in this language, unless the address names another: a signer's own pages are in the
    signer's.
    """
    if g.prefix is None and language in current_app.config["LANGUAGES"]:
        g.language = language


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
