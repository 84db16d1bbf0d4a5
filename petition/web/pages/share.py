"""What people share the petition with: links, pictures, QR code, poster, paper sheets."""

import re
from collections.abc import Callable

from flask import Response, abort, current_app, g, request, url_for
from flask_babel import force_locale, format_decimal, ngettext
from flask_babel import gettext as _
from markupsafe import Markup

from petition.artwork import card as cards
from petition.artwork import qr_code
from petition.core import i18n
from petition.petitions import counts, queries, sharing, updates
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.pages.embed import badge_snippet, snippet
from petition.web.support.image_cache import get_image_cache
from petition.web.support.messages import share_text
from petition.web.support.responses import (
    IMMUTABLE,
    open_to_other_sites,
    render_page,
    see_other,
    send_content,
)
from petition.web.support.template_globals import petition_url

pages = LocalizedBlueprint("share", __name__)

CACHE = "public, max-age=60"
MAX_SHEETS = 20  # in one PDF
# In the User-Agent. CUBOT makes phones.
CRAWLER = re.compile(r"(?<!cu)bot\b|crawl|spider|slurp", re.IGNORECASE)


@pages.get("/p/<slug>/share")
def kit(slug: str) -> Response:
    """Show everything to share the petition with on one page."""
    cache_response()
    petition = queries.get_petition(slug, g.language)
    return render_page(
        "share/kit.html",
        cache=CACHE,
        petition=petition,
        count=counts.count_to_share(petition.count),
        qr_svg=Markup(_qr_svg(petition)),  # noqa: S704 (drawn by us)
        snippet=snippet(petition),
        badge=badge_snippet(petition),
    )


@pages.get("/p/<slug>/mastodon")
def mastodon(slug: str) -> Response:
    """Ask for the reader's Mastodon server and link to it: a redirect would be an open one."""
    petition = queries.get_petition(slug, g.language)
    server = request.args.get("server", "")[:253]
    link = sharing.mastodon(server, petition_url(slug), share_text(petition)) if server else None
    invalid = bool(server) and link is None
    page = render_page(
        "share/mastodon.html",
        status=422 if invalid else 200,
        cache="no-store",
        petition=petition,
        server=server,
        link=link,
        host=link.split("/")[2] if link else "",
        invalid=invalid,
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


@pages.get("/p/<slug>/card/<code>/<int:count>.png", endpoint="card", in_languages=False)
@pages.get("/p/<slug>/story/<code>/<int:count>.png", endpoint="story", in_languages=False)
@open_to_other_sites
def picture(slug: str, code: str, count: int) -> Response:
    """Send the card (1200 by 630 px) or the story (1080 by 1920 px) with a rounded count.

    With the current count it is drawn if it is not cached. With an earlier count it is sent while
    it is cached, else the response redirects to the current one. Other counts are 404.
    """
    if code not in current_app.config["LANGUAGES"]:
        abort(404)
    with force_locale(code):
        petition = queries.get_petition(slug, code)
        newest = counts.count_to_share(petition.count)
        is_possible = counts.round_down(count) == count <= petition.count
        if petition.text.language != code or not is_possible:
            abort(404)
        text = card_text(petition, count)
    draw = cards.story if request.endpoint == "share.story" else cards.card
    kind = draw.__name__
    version = request.args.get("v", type=int)
    options = {"colour": current_app.config["BRAND_COLOUR"], "photo": photo(petition)}
    content = None
    if version in {None, petition.text.revision}:
        content = (
            get_image_cache().get_or_draw(f"{kind}.png", draw, text, **options)
            if count == newest
            else get_image_cache().get(f"{kind}.png", text, **options)
        )
    if content is None:
        url = url_for(f"share.{kind}", slug=slug, code=code, count=newest, v=petition.text.revision)
        response = see_other(url)
        response.headers["Cache-Control"] = CACHE
        return response
    cache = CACHE if version is None else IMMUTABLE
    return send_content(content, "image/png", cache=cache)


@pages.get("/p/<slug>/qr.svg")
@open_to_other_sites
def qr(slug: str) -> Response:
    """Send the petition's URL as a QR code."""
    cache_response()
    svg = _qr_svg(queries.get_petition(slug, g.language))
    return send_content(svg, "image/svg+xml", cache=CACHE)


@pages.get("/p/<slug>/poster.pdf")
def poster(slug: str) -> Response:
    """Send a poster, A4, in the language of the page."""
    from petition.artwork import documents  # imports fpdf2, which takes longer than most pages

    petition = queries.get_petition(slug, g.language)
    return _send_pdf(
        "poster",
        slug,
        documents.poster,
        card_text(petition, petition.count),
        colour=current_app.config["BRAND_COLOUR"],
        organiser=_("Who runs this petition: %(organiser)s.", organiser=petition.text.organiser),
        created_at=petition.text.created_at,
        photo=photo(petition),
    )


@pages.get("/p/<slug>/sheet.pdf")
def sheet(slug: str) -> Response:
    """Send numbered sheets for signatures on paper; the query has the `first` and how many."""
    from petition.artwork import documents

    petition = queries.get_petition(slug, g.language)
    first = max(1, min(request.args.get("first", 1, type=int), 99_999))
    sheets = max(1, min(request.args.get("sheets", 1, type=int), MAX_SHEETS))
    text = petition.text
    sheet_text = documents.SheetText(
        language=text.language,
        headline=text.title,
        to=_("To: %(target)s", target=text.target),
        demands=text.demands.splitlines(),
        columns=[_("Name"), _("Country"), _("Email (optional)"), _("Date"), _("Signature")],
        number=_("Sheet %(number)s", number="{number}"),
        organiser=_("Who runs this petition: %(organiser)s.", organiser=text.organiser),
        privacy=_(
            "These names are for this petition only. We count them and hand them over"
            " with it. You do not have to give your email address."
        ),
        address=_printed_url(slug),
        right_to_left=i18n.is_right_to_left(text.language),
    )
    options = {"first": first, "sheets": sheets, "created_at": text.created_at}
    # Of numbered sheets anyone can invent more: they have another budget than the usual one.
    kind = "sheet" if (first, sheets) == (1, 1) else "numbered-sheet"
    return _send_pdf(kind, slug, documents.sheet, sheet_text, **options)


def _send_pdf(
    kind: str, slug: str, draw: Callable[..., bytes], text: object, **options: object
) -> Response:
    options |= {"address": _qr_url(slug)}
    images, name = get_image_cache(), f"{kind}.pdf"
    if CRAWLER.search(request.headers.get("User-Agent", "")):
        content = images.get(name, text, **options) or abort(404)  # what a person has asked for
    else:
        content = images.get_or_draw(name, draw, text, **options)
    response = send_content(content, "application/pdf", cache=CACHE)
    response.headers["Content-Disposition"] = f'inline; filename="{slug}-{kind}-{g.language}.pdf"'
    return response


def card_text(petition: queries.PetitionView, count: int) -> cards.CardText:
    """Return the text of pictures and poster in the current language."""
    counted = ""
    if count := counts.count_to_share(count):
        number = format_decimal(count) + ("+" if count >= 100 else "")
        counted = ngettext("%(count)s signature", "%(count)s signatures", count, count=number)
    return cards.CardText(
        language=petition.text.language,
        headline=petition.text.title,
        to=_("To: %(target)s", target=petition.text.target),
        counted=counted,
        call=_("Sign the petition") if petition.takes_signatures else _("See the petition"),
        site=current_app.config["BRAND_NAME"],
        address=_printed_url(petition.slug),
        right_to_left=i18n.is_right_to_left(petition.text.language),
    )


def _qr_svg(petition: queries.PetitionView) -> str:
    title = str(_("QR code: %(title)s", title=petition.text.title))
    return qr_code.svg(_qr_url(petition.slug), title=title)


def _qr_url(slug: str) -> str:
    return sharing.with_channel(petition_url(slug), "qr")


def _printed_url(slug: str) -> str:
    return petition_url(slug).removeprefix("https://").removeprefix("http://")


def photo(petition: queries.PetitionView) -> bytes | None:
    """Return the portrait for pictures and poster, if there is one."""
    return updates.get_picture(petition.id, petition.portrait.digest) if petition.portrait else None
