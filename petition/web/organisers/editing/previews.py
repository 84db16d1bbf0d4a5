"""A petition as the public will see it: on a phone and wide, in each language, with its card."""

from flask import Response, current_app, g, request
from flask_babel import force_locale
from werkzeug.exceptions import NotFound

from petition.artwork import card as cards
from petition.petitions import queries
from petition.web.middleware.headers import CONTENT_SECURITY
from petition.web.middleware.language import set_language
from petition.web.organisers.guard import pages
from petition.web.pages.share import card_text, photo
from petition.web.support.forms import SignForm
from petition.web.support.image_cache import get_image_cache
from petition.web.support.page_context import get_page_context
from petition.web.support.responses import render_page, send_content

# The preview may stand in a frame of this site's own page of previews, and nowhere else.
_FRAMED = CONTENT_SECURITY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
_FRAMING = f"{CONTENT_SECURITY}; frame-src 'self'"


@pages.get("/p/<slug>/previews")
def previews(slug: str) -> Response:
    """Show the petition's page in two widths, and its share card, in one of its languages."""
    petition = queries.get_petition(slug, _language(), drafts=True)
    page = render_page(
        "organisers/previews.html", petition=petition, offered=current_app.config["LANGUAGES"]
    )
    page.headers["Content-Security-Policy"] = _FRAMING
    return page


@pages.get("/p/<slug>/preview")
def preview(slug: str) -> Response:
    """Show the petition's page as the public will see it, drafts included."""
    set_language(_language())
    draft = queries.get_petition(slug, g.language, drafts=True)
    values = get_page_context(draft) | {"asked_form": SignForm(asked=draft.asked)}
    page = render_page("petition/page.html", petition=draft, **values)
    page.headers["Content-Security-Policy"] = _FRAMED
    return page


@pages.get("/p/<slug>/preview/<code>.png")
def preview_card(slug: str, code: str) -> Response:
    """Send the share card in a language, drafts included."""
    if code not in current_app.config["LANGUAGES"]:
        raise NotFound
    with force_locale(code):
        petition = queries.get_petition(slug, code, drafts=True)
        text = card_text(petition, petition.count)
    options = {"colour": current_app.config["BRAND_COLOUR"], "photo": photo(petition)}
    content = get_image_cache().get_or_draw("card.png", cards.card, text, **options)
    return send_content(content, "image/png", cache="no-store")


def _language() -> str:
    language: str = request.args.get("language", g.language)
    return language
