"""Filters, functions and values that every template can use."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from babel.dates import format_date as format_babel_date
from babel.dates import format_skeleton
from flask import Flask, current_app, g, request, url_for
from flask.globals import request_ctx
from flask_babel import format_date, format_decimal, format_percent, format_time, get_locale
from flask_babel import lazy_gettext as _
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from petition.core import config, i18n
from petition.models.enums import BurstState, InvalidReason, PetitionState
from petition.petitions import counts, questions, sharing
from petition.petitions.queries import PetitionView
from petition.web.support import messages
from petition.web.support.markdown import markdown
from petition.web.support.page_context import site_contact

_STATES = {
    PetitionState.DRAFT: _("Draft"),
    PetitionState.OPEN: _("Open"),
    PetitionState.PAUSED: _("Paused"),
    PetitionState.CLOSED: _("Closed"),
    PetitionState.VICTORY: _("Won"),
}
_BURST_STATES = {
    BurstState.OPEN: _("Open"),
    BurstState.PLAUSIBLE: _("Turned out to be real"),
    BurstState.RELEASED: _("Emails sent"),
    BurstState.DISCARDED: _("Deleted"),
}
INVALID_REASONS = {
    InvalidReason.MADE_UP: _("Made-up name"),
    InvalidReason.DISOWNED: _("Not signed by the owner of the address"),
    InvalidReason.DUPLICATE: _("The same person twice"),
    InvalidReason.AUTOMATED: _("Sent by a program"),
    InvalidReason.ASKED: _("The person asked for it"),
    InvalidReason.OTHER: _("Another reason"),
}


def init_app(app: Flask) -> None:
    """Add them to the Jinja environment."""
    app.jinja_env.filters |= {
        "number": format_decimal,
        "percent": format_percent,
        "day": lambda date: format_date(date, format="long", rebase=False),
        "day_in": lambda date, language: format_babel_date(
            date, format="long", locale=i18n.format_locale(language)
        ),
        "day_or_month": _format_day_or_month,
        "time": lambda date: format_time(date, format="short", rebase=False),
        "markdown": markdown,
    }
    app.jinja_env.globals |= {
        "absolute_url": lambda path: config.site_url(app.config) + path,
        "anonymise_days": app.config["ANONYMISE_AFTER_DAYS"],
        "burst_states": _BURST_STATES,
        "brand": app.config["BRAND_NAME"],
        "card_url": _card_url,
        "channel_name": messages.channel_name,
        "countries": i18n.countries,
        "invalid_reasons": INVALID_REASONS,
        "has_logo": bool(app.config["BRAND_LOGO"]),
        "json_ld": _json_ld,
        "lang_attributes": _lang_attributes,
        "lang_span": _lang_span,
        "language_links": _language_links,
        "language_name": i18n.language_name,
        "locale_name": i18n.with_territory,
        # Not the filter: Jinja computes that of a constant once, in the language of that page.
        "number_sample": lambda: format_decimal(1_234_567_890),
        "own_answers": questions.in_words,
        "page_urls": _page_urls,
        "petition_url": petition_url,
        "next_step": messages.next_step,
        "share_links": _share_links,
        "share_text": messages.share_text,
        "signer_warnings": messages.signer_warnings,
        "site_contact": site_contact,
        "states": _STATES,
        "summary": messages.summary,
        "without_scheme": lambda url: url.partition("://")[2],
    }
    app.context_processor(_request_values)


def _request_values() -> dict[str, str]:
    language = g.get("language", i18n.MESSAGE_LANGUAGE)
    return {"lang": language, "direction": _direction(language)}


def _format_day_or_month(date: str) -> str:
    """Format a day or a month in ISO 8601 in the reader's language."""
    if len(date) == len("2016-05"):
        month = datetime.fromisoformat(f"{date}-01")
        return format_skeleton("yMMMM", month, locale=get_locale())
    return str(format_date(datetime.fromisoformat(date), format="long", rebase=False))


def petition_url(slug: str) -> str:
    """Return the absolute URL of a petition, in no language: the one that people share."""
    return f"{config.site_url(current_app.config)}/p/{slug}"


def localized_urls(endpoint: str, **values: Any) -> dict[str, str]:
    """Return the absolute URLs of a page by language; "" is the one without a prefix."""
    site = config.site_url(current_app.config)
    return {
        language: site + url_for(endpoint, **{**values, "language": language or None})
        for language in ("", *current_app.config["LANGUAGES"])
    }


def _page_urls(endpoint: str, **values: Any) -> dict[str, str]:
    """Return the URLs for search engines, but none for a form shown again or a preview."""
    is_page = request.endpoint in {endpoint, "petition.index"} and request.method in {"GET", "HEAD"}
    return localized_urls(endpoint, **values) if is_page else {}


def _language_links() -> list[tuple[str, str]]:
    """Return (language, URL) of this page in every language, if it has language prefixes.

    The answer to a form leads to the page with its path, an address without a page to the first.
    """
    endpoint = request.endpoint
    values: Mapping[str, Any] = request.view_args or {}
    adapter = request_ctx.url_adapter
    answers_form = request.method == "POST" and _has_prefixes(endpoint)
    if adapter and (answers_form or not endpoint):
        try:
            endpoint, values = adapter.match(method="GET")
        except HTTPException:
            endpoint, values = "petition.index", {}
    if not endpoint or not _has_prefixes(endpoint):
        return []
    return [
        (language, url_for(endpoint, **{**values, "language": language}))
        for language in current_app.config["LANGUAGES"]
    ]


def _has_prefixes(endpoint: str | None) -> bool:
    """Return whether the pages of an endpoint have addresses with language prefixes."""
    return bool(endpoint) and current_app.url_map.is_endpoint_expecting(endpoint, "language")


def _direction(language: str) -> str:
    return "rtl" if i18n.is_right_to_left(language) else "ltr"


def _lang_attributes(language: str, surrounding: str = "") -> Markup:
    """Return `lang` and `dir` if the language is not the surrounding one, by default the page's."""
    if not language or language == (surrounding or g.get("language", i18n.MESSAGE_LANGUAGE)):
        return Markup("")
    return Markup(' lang="{}" dir="{}"').format(language, _direction(language))


def _lang_span(text: str, language: str) -> str:
    """Return text for a sentence of the page, in a `span` if its language differs."""
    attributes = _lang_attributes(language)
    return Markup("<span{}>{}</span>").format(attributes, text) if attributes else text


def _card_url(petition: PetitionView) -> str:
    """Return the absolute URL of a petition's share card."""
    text, count = petition.text, counts.count_to_share(petition.count)
    path = url_for(
        "share.card", slug=petition.slug, code=text.language, count=count, v=text.revision
    )
    return config.site_url(current_app.config) + path


def _share_links(petition: PetitionView, language: str = "") -> list[sharing.ShareLink]:
    """Return the share links that this site offers; with a language, its commonest first."""
    url, text = petition_url(petition.slug), messages.share_text(petition)
    links = sharing.links(url, text, title=petition.text.title, picture=_card_url(petition))
    if language:
        links = sharing.commonest_first(links, language)
    offers_more = current_app.config["SHARE_MORE"]
    return [link for link in links if offers_more or link.channel not in sharing.MORE]


def _json_ld(petition: PetitionView, url: str) -> Markup:
    """Return schema.org data for search engines, safe inside a script element."""
    text = petition.text
    data = {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "url": url,
        "name": text.title,
        "description": messages.summary(petition),
        "inLanguage": text.language,
        "image": _card_url(petition),
        "publisher": {"@type": "Organization", "name": text.organiser},
        "mainEntity": {
            "@type": "Message",
            "name": text.title,
            "recipient": {"@type": "Organization", "name": text.target},
            "interactionStatistic": {
                "@type": "InteractionCounter",
                "interactionType": "https://schema.org/EndorseAction",
                "userInteractionCount": petition.count,
            },
        },
    }
    if petition.takes_signatures:
        data["potentialAction"] = {"@type": "EndorseAction", "target": f"{url}#sign"}
    return htmlsafe_json_dumps(data, ensure_ascii=False)
