"""The language of a page: the prefix of its path, else the one that the browser prefers."""

from functools import lru_cache, partial
from typing import Any

from flask import Blueprint, Flask, current_app, g, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.routing import AnyConverter, IntegerConverter, UnicodeConverter, ValidationError

from petition.core.text import has_forbidden

MAX_INTEGER = 2**31 - 1  # of an INTEGER column


class LocalizedBlueprint(Blueprint):
    """Registers each rule with a language prefix, too, unless `in_languages` is false."""

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


def init_app(app: Flask) -> None:
    """Add the converters, and take the language prefix off view arguments and put it on URLs."""
    offered = tuple(app.config["LANGUAGES"])
    app.url_map.merge_slashes = False  # `link_repair` does it, with one redirect
    app.url_map.converters |= {
        "default": TextConverter,
        "int": partial(IntegerConverter, max=MAX_INTEGER),  # type: ignore[dict-item]
        "language": lambda url_map: AnyConverter(url_map, *offered),  # type: ignore[dict-item]
    }

    @app.url_value_preprocessor
    def choose_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values is not None:
            values.pop("language", None)
        g.prefix = prefix_of(request.path, offered)
        g.language = choose(request.path, request.headers.get("Accept-Language", ""), offered)

    @app.url_defaults
    def add_prefix(endpoint: str, values: dict[str, Any]) -> None:
        if g.get("prefix") and app.url_map.is_endpoint_expecting(endpoint, "language"):
            values.setdefault("language", g.prefix)


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


def is_switched() -> bool:
    """Return whether the language switch sent this form, to see it again in another language."""
    return "show_again" in request.form


def prefix_of(path: str, offered: tuple[str, ...]) -> str | None:
    """Return the language that a path begins with, if it is offered."""
    first = path.partition("/")[2].partition("/")[0]
    return first if first in offered else None


def choose(path: str, accept_language: str, offered: tuple[str, ...]) -> str:
    """Return the language of a page: the prefix of its path, or else the preferred one."""
    return prefix_of(path, offered) or negotiate(accept_language, offered)


def negotiate(accept_language: str, offered: tuple[str, ...]) -> str:
    """Return the language that suits Accept-Language (RFC 9110 §12.5.4) best, or the first."""
    return _negotiate(accept_language[:200], offered)


@lru_cache(maxsize=2_048)
def _negotiate(accept_language: str, offered: tuple[str, ...]) -> str:
    accepted = parse_accept_header(accept_language, LanguageAccept)
    # Without regions: `ru-KZ, en;q=0.5` prefers Russian.
    languages = LanguageAccept([(tag.partition("-")[0], quality) for tag, quality in accepted])
    return languages.best_match(offered, offered[0]) or offered[0]
