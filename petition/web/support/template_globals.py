"""What templates can say: numbers, dates, countries, Markdown, addresses."""

import json
from datetime import datetime
from typing import Any

from babel import dates
from flask import Flask, current_app, g, request, url_for
from flask_babel import format_date, format_decimal, format_time
from flask_babel import gettext as _
from markupsafe import Markup

from petition.core import config, i18n
from petition.models.enums import BurstState, PetitionState
from petition.petitions import goals, sharing
from petition.petitions.queries import PetitionView
from petition.web.support import messages
from petition.web.support.markdown import markdown
from petition.web.support.page_context import site_contact


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
        "in_language": _in_language,
        "spoken": _spoken,
        "address_of": lambda slug: f"{site}/p/{slug}",
        "anonymise_days": app.config["ANONYMISE_AFTER_DAYS"],
        "channel_name": messages.channel_name,
        "refusal": messages.refusal,
        "warnings": messages.warnings,
        "absolute": lambda path: f"{site}{path}",
        "share_links": _share_links,
        "share_text": messages.share_text,
        "brand": app.config["BRAND_NAME"],
        "has_logo": bool(app.config["BRAND_LOGO"]),
        "site_contact": site_contact,
        "with_territory": i18n.with_territory,
        "without_scheme": lambda url: url.partition("://")[2],
        "counted_to": goals.round_down,
        "card_of": _card_of,
        "page_at": _page_at,
        "linked_data": _linked_data,
    }

    @app.context_processor
    def of_this_request() -> dict[str, Any]:
        language = g.get("language", i18n.WRITTEN_IN)
        return {
            "lang": language,
            "direction": _direction(language),
            "other_languages": _other_languages,
            "states": _states(),
            "burst_states": _burst_states(),
        }


def _states() -> dict[str, str]:
    return {
        PetitionState.DRAFT: _("Draft"),
        PetitionState.OPEN: _("Open"),
        PetitionState.PAUSED: _("Paused"),
        PetitionState.CLOSED: _("Closed"),
        PetitionState.VICTORY: _("Won"),
    }


def _burst_states() -> dict[str, str]:
    return {
        BurstState.OPEN: _("Open"),
        BurstState.PLAUSIBLE: _("Proved plausible"),
        BurstState.RELEASED: _("Let go"),
        BurstState.DISCARDED: _("Erased"),
    }


def localized_urls(endpoint: str, **values: Any) -> dict[str, str]:
    """Return a page's whole address in every language offered, and under "" the one without."""
    site = config.site_url(current_app.config)
    return {
        language: site + url_for(endpoint, **{**values, "language": language or None})
        for language in ("", *current_app.config["LANGUAGES"])
    }


def _page_at(endpoint: str, **values: Any) -> dict[str, str]:
    """Return the addresses that search engines read of a page, as `every_address` does; none when
    the answer under way is something else: a form that comes back, an organiser's preview.
    """
    asked = request.endpoint in {endpoint, "petition.index"} and request.method in {"GET", "HEAD"}
    return localized_urls(endpoint, **values) if asked else {}


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


def _day_in(moment: datetime, language: str) -> str:
    """Return a day as written in a language that may not be the page's."""
    return dates.format_date(moment, format="long", locale=language)


def _direction(language: str) -> str:
    return "rtl" if i18n.is_right_to_left(language) else "ltr"


def _in_language(language: str, around: str = "") -> Markup:
    """Return the attributes of an element whose words are in another language than those around it,
    which are the page's unless said; else nothing.
    """
    if not language or language == (around or g.get("language", i18n.WRITTEN_IN)):
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(language, _direction(language))


def _spoken(words: str, language: str) -> str:
    """Return words that stand in a sentence of the page, marked where they are in another
    language.
    """
    attributes = _in_language(language)
    return Markup("<span{}>{}</span>").format(attributes, words) if attributes else words


def _card_of(petition: PetitionView) -> str:
    """Return the address of the picture that stands for a petition on other sites."""
    text = petition.text
    path = url_for(
        "share.card",
        slug=petition.slug,
        code=text.language,
        count=goals.round_down(petition.count),
        v=text.version,
    )
    return config.site_url(current_app.config) + path


def _share_links(petition: PetitionView) -> list[sharing.ShareLink]:
    """Return the ways to pass a petition on that this site offers."""
    settings = current_app.config
    found = sharing.links(
        f"{config.site_url(settings)}/p/{petition.slug}",
        messages.share_text(petition),
        title=petition.text.title,
        picture=_card_of(petition),
    )
    return [link for link in found if settings["SHARE_MORE"] or link.channel not in sharing.MORE]


def _linked_data(petition: PetitionView, url: str) -> Markup:
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
        "image": _card_of(petition),
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
