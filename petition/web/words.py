"""What templates can say: numbers, dates, countries, Markdown, addresses."""

from typing import Any

import nh3
from flask import Flask, current_app, g, request, url_for
from flask_babel import format_date, format_decimal, format_time
from flask_babel import gettext as _
from markdown_it import MarkdownIt
from markupsafe import Markup

from petition import config, i18n, sharing
from petition.kinds import State, Verdict
from petition.web import sentences

_MARKDOWN = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": True})
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "h2", "h3", "a", "hr"}


def prepare(app: Flask) -> None:
    """Give templates their words."""
    site = config.site_url(app.config)
    app.jinja_env.filters |= {
        "number": format_decimal,
        "day": lambda moment: format_date(moment, format="long", rebase=False),
        "markdown": markdown,
        "clock": lambda moment: format_time(moment, format="short", rebase=False),
    }
    app.jinja_env.globals |= {
        "countries": i18n.countries,
        "language_name": i18n.language_name,
        "address_of": lambda slug: f"{site}/p/{slug}",
        "anonymise_days": app.config["ANONYMISE_AFTER_DAYS"],
        "refusal": sentences.refusal,
        "warnings": sentences.warnings,
        "absolute": lambda path: f"{site}{path}",
        "share_links": lambda petition: sharing.links(
            f"{site}/p/{petition.slug}", petition.text.share
        ),
    }

    @app.context_processor
    def of_this_request() -> dict[str, Any]:
        language = g.get("language", i18n.WRITTEN_IN)
        return {
            "lang": language,
            "direction": "rtl" if i18n.is_right_to_left(language) else "ltr",
            "other_languages": _other_languages,
            "states": _states(),
            "verdicts": _verdicts(),
        }


def markdown(text: str) -> Markup:
    """Return Markdown as HTML: no raw HTML, no images, a short list of tags, links that name
    nobody.
    """
    html = _MARKDOWN.render(text)
    return Markup(  # noqa: S704 (nh3 has just cleaned it)
        nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, link_rel="noopener noreferrer")
    )


def _states() -> dict[str, str]:
    return {
        State.DRAFT: _("Draft"),
        State.OPEN: _("Open"),
        State.PAUSED: _("Paused"),
        State.CLOSED: _("Closed"),
    }


def _verdicts() -> dict[str, str]:
    return {
        Verdict.OPEN: _("Open"),
        Verdict.PLAUSIBLE: _("Proved plausible"),
        Verdict.RELEASED: _("Let go"),
        Verdict.DISCARDED: _("Erased"),
    }


def _other_languages() -> list[tuple[str, str]]:
    """Return each offered language with the address of this page in it, where the page exists in
    each.
    """
    endpoint = request.endpoint
    if (
        request.method != "GET"
        or endpoint is None
        or not current_app.url_map.is_endpoint_expecting(endpoint, "language")
    ):
        return []
    values = request.view_args or {}
    return [
        (language, url_for(endpoint, **{**values, "language": language}))
        for language in current_app.config["LANGUAGES"]
    ]
