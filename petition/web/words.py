"""What templates can say: numbers, dates, countries, Markdown, addresses."""

import json
from datetime import datetime
from typing import Any

from babel import dates
from flask import Flask, current_app, g, request, url_for
from flask_babel import format_date, format_decimal, format_time
from flask_babel import gettext as _
from markupsafe import Markup

from petition import config, goals, i18n, sharing
from petition.kinds import State, Verdict
from petition.petitions import Shown
from petition.web import sentences
from petition.web.markdown import markdown


def prepare(app: Flask) -> None:
    """Give templates their words."""
    site = config.site_url(app.config)
    app.jinja_env.filters |= {
        "number": format_decimal,
        "day": lambda moment: format_date(moment, format="long", rebase=False),
        "markdown": markdown,
        "day_in": _day_in,
        "clock": lambda moment: format_time(moment, format="short", rebase=False),
    }
    app.jinja_env.globals |= {
        "countries": i18n.countries,
        "language_name": i18n.language_name,
        "address_of": lambda slug: f"{site}/p/{slug}",
        "anonymise_days": app.config["ANONYMISE_AFTER_DAYS"],
        "channel_name": sentences.channel_name,
        "refusal": sentences.refusal,
        "warnings": sentences.warnings,
        "absolute": lambda path: f"{site}{path}",
        "share_links": lambda petition: [
            link
            for link in sharing.links(f"{site}/p/{petition.slug}", petition.text.share)
            if app.config["SHARE_MORE"] or link.channel not in sharing.MORE
        ],
        "brand": app.config["BRAND_NAME"],
        "has_logo": bool(app.config["BRAND_LOGO"]),
        "site_contact": app.config["CONTACT"],
        "with_territory": i18n.with_territory,
        "without_scheme": lambda url: url.partition("://")[2],
        "counted_to": goals.bucket,
        "linked_data": _linked_data,
    }

    @app.context_processor
    def of_this_request() -> dict[str, Any]:
        language = g.get("language", i18n.WRITTEN_IN)
        return {
            "lang": language,
            "direction": "rtl" if i18n.is_right_to_left(language) else "ltr",
            "other_languages": _other_languages,
            "in_each_language": _in_each_language,
            "states": _states(),
            "verdicts": _verdicts(),
        }


def _states() -> dict[str, str]:
    return {
        State.DRAFT: _("Draft"),
        State.OPEN: _("Open"),
        State.PAUSED: _("Paused"),
        State.CLOSED: _("Closed"),
        State.VICTORY: _("Won"),
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
    return _in_each_language(endpoint, **(request.view_args or {}))


def _in_each_language(endpoint: str, **values: Any) -> list[tuple[str, str]]:
    """Return each offered language with the address of a page in it."""
    return [
        (language, url_for(endpoint, **{**values, "language": language}))
        for language in current_app.config["LANGUAGES"]
    ]


def _day_in(moment: datetime, language: str) -> str:
    """Return a day as written in a language that may not be the page's."""
    return dates.format_date(moment, format="long", locale=language)


def _linked_data(petition: Shown, url: str, card: str) -> Markup:
    """Return what search engines read (JSON-LD, schema.org), safe inside a script element."""
    text = petition.text
    endorse = "https://schema.org/EndorseAction"
    data = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "url": url,
        "name": text.title,
        "description": text.lede,
        "inLanguage": text.language,
        "image": card,
        "publisher": {"@type": "Organization", "name": text.organiser},
        "mainEntity": {
            "@type": "Message",
            "name": text.title,
            "recipient": {"@type": "Organization", "name": text.target},
            "interactionStatistic": {
                "@type": "InteractionCounter",
                "interactionType": endorse,
                "userInteractionCount": petition.count,
            },
        },
    }
    if petition.takes_signatures:
        data["potentialAction"] = {"@type": "EndorseAction", "target": f"{url}#sign"}
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(written)  # noqa: S704 (nothing in it can end the element)
