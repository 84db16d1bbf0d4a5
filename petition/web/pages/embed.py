"""The petition on other sites: the count with a button, a badge, and oEmbed.

The form is never embedded: signers must see on which site they are.
"""

from urllib.parse import unquote, urlsplit

from flask import Response, current_app, g, jsonify, render_template, request, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import escape

from petition.core import config
from petition.core.colours import text_colour_on
from petition.core.errors import PetitionNotFound
from petition.core.text import has_forbidden
from petition.petitions import counts, queries, sharing
from petition.web.middleware.headers import EMBEDDED_POLICY
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.support import link_repair
from petition.web.support.responses import open_to_other_sites, render_page, send_content

pages = LocalizedBlueprint("embed", __name__)

WIDTH, HEIGHT = 480, 260  # px of the frame
CACHE = "public, max-age=30"


@pages.get("/p/<slug>/embed")
@open_to_other_sites
def frame(slug: str) -> Response:
    """Show the count and a button that opens the petition in a new tab."""
    cache_response()
    petition = queries.get_petition(slug, g.language)
    page = render_page("share/embed.html", cache=CACHE, petition=petition)
    page.headers["Content-Security-Policy"] = EMBEDDED_POLICY
    return page


@pages.get("/p/<slug>/badge.svg")
@open_to_other_sites
def badge(slug: str) -> Response:
    """Send the count as an SVG of a few hundred bytes."""
    cache_response()
    count = counts.get_count(slug).count
    label = (
        _("Confirmed signatures: %(count)s", count=format_decimal(count))
        if count
        else _("Sign the petition")
    )
    colour = current_app.config["BRAND_COLOUR"]
    svg = render_template(
        "share/badge.svg",
        label=label,
        width=24 + 8 * len(label),
        colour=colour,
        text_colour=text_colour_on(colour),
    )
    return send_content(svg, "image/svg+xml", cache=CACHE)


@pages.get("/oembed")
@open_to_other_sites
def oembed() -> Response:
    """Describe how to embed the page at `url` (oembed.com): JSON, or 501 for another format."""
    if request.args.get("format", "json") != "json":
        return Response(status=501)
    petition = queries.get_petition(_slug_of(request.args.get("url", "")), g.language)
    width, height = _limited("maxwidth", WIDTH), _limited("maxheight", HEIGHT)
    return jsonify(
        type="rich",
        version="1.0",
        title=petition.text.title,
        provider_name=current_app.config["BRAND_NAME"] or petition.text.organiser,
        provider_url=config.site_url(current_app.config),
        width=width,
        height=height,
        html=snippet(petition, width=str(width), height=height),
    )


def snippet(petition: queries.PetitionView, *, width: str = "100%", height: int = HEIGHT) -> str:
    """Return the HTML that embeds the count: a frame without scripts or referrer."""
    url = config.site_url(current_app.config) + url_for("embed.frame", slug=petition.slug)
    return (
        f'<iframe src="{escape(url)}" title="{escape(petition.text.title)}" width="{width}"'
        f' height="{height}" loading="lazy" referrerpolicy="no-referrer"'
        ' sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"'
        f' style="border:0;max-width:{WIDTH}px"></iframe>'
    )


def badge_snippet(petition: queries.PetitionView) -> str:
    """Return the HTML of the badge, which links to the petition."""
    site = config.site_url(current_app.config)
    page = sharing.with_channel(f"{site}/p/{petition.slug}", "eb")
    badge = site + url_for("embed.badge", slug=petition.slug)
    title = escape(petition.text.title)
    return f'<a href="{escape(page)}"><img src="{escape(badge)}" alt="{title}" height="28"></a>'


def _limited(parameter: str, default: int) -> int:
    """Return a side of the frame, from 1 px to the default, as the query limits it."""
    return max(1, min(default, request.args.get(parameter, default, type=int)))


def _slug_of(url: str) -> str:
    """Return the slug in the URL of a petition on this site. Raises: PetitionNotFound."""
    site = config.site_url(current_app.config)
    is_ours = url.lower().startswith(f"{site.lower()}/") and len(url) <= link_repair.MAX_LENGTH
    path = ""
    if is_ours:  # the last repair is that of a path without a token, which a slug may look like
        *_, (path, _token) = link_repair.repair_path(unquote(urlsplit(url).path))
    segments = path.strip("/").split("/")
    if segments[0] in current_app.config["LANGUAGES"]:
        del segments[0]
    if len(segments) != 2 or segments[0] != "p" or has_forbidden(segments[1]):
        raise PetitionNotFound
    return segments[1]
