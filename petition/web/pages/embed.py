"""The petition inside other people's pages: a counter with a button, a badge, and how to find
them (oEmbed). Never the form: signers must see where they are.
"""

from urllib.parse import urlsplit

from flask import (
    Response,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from flask_babel import format_decimal
from flask_babel import gettext as _
from markupsafe import escape

from petition.core import config
from petition.core.colours import text_colour_on
from petition.core.errors import PetitionNotFound
from petition.core.text import has_forbidden
from petition.petitions import queries
from petition.web.middleware.headers import EMBEDDED_POLICY, for_all_sites
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response

pages = LocalizedBlueprint("embed", __name__)

WIDTH, HEIGHT = 480, 260  # px of the frame
CACHE = "public, max-age=30"


@pages.get("/p/<slug>/embed")
def embed(slug: str) -> Response:
    """The counter and a button that opens the petition in a page of its own."""
    cache_response()
    page = make_response(
        render_template("share/embed.html", petition=queries.get_petition(slug, g.language))
    )
    page.headers["Content-Security-Policy"] = EMBEDDED_POLICY
    page.headers["Cache-Control"] = CACHE
    return for_all_sites(page)


@pages.get("/p/<slug>/badge.svg")
def badge(slug: str) -> Response:
    """The count as a picture of a few hundred bytes."""
    cache_response()
    count = queries.get_count(slug).count
    label = (
        _("Confirmed signatures: %(count)s", count=format_decimal(count))
        if count
        else _("Sign the petition")
    )
    colour = current_app.config["BRAND_COLOUR"]
    drawn = render_template(
        "share/badge.svg",
        label=label,
        width=24 + 8 * len(label),
        colour=colour,
        written=text_colour_on(colour),
    )
    answer = Response(drawn, mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = CACHE
    return for_all_sites(answer)


@pages.get("/oembed")
def oembed() -> Response:
    """Tell how to embed the page at `url` (oembed.com). JSON only; 501 for another format."""
    if request.args.get("format", "json") != "json":
        return Response(status=501)
    shown = queries.get_petition(_slug(request.args.get("url", "")), g.language)
    width, height = _within("maxwidth", WIDTH), _within("maxheight", HEIGHT)
    return for_all_sites(
        jsonify(
            type="rich",
            version="1.0",
            title=shown.text.title,
            provider_name=current_app.config["BRAND_NAME"] or shown.text.organiser,
            provider_url=config.site_url(current_app.config),
            width=width,
            height=height,
            html=snippet(shown, width=str(width), height=height),
        )
    )


def snippet(shown: queries.PetitionView, *, width: str = "100%", height: int = HEIGHT) -> str:
    """Return the HTML that shows the counter in somebody else's page: no script, no referrer."""
    address = config.site_url(current_app.config) + url_for("embed.embed", slug=shown.slug)
    return (
        f'<iframe src="{escape(address)}" title="{escape(shown.text.title)}" width="{width}"'
        f' height="{height}" loading="lazy" referrerpolicy="no-referrer"'
        ' sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"'
        f' style="border:0;max-width:{WIDTH}px"></iframe>'
    )


def _within(name: str, most: int) -> int:
    """Return a side of the frame, no longer than who asks allows; one of no length is none."""
    return max(1, min(most, request.args.get(name, most, type=int)))


def _slug(address: str) -> str:
    """Return which petition an address of this site is of. Raises PetitionNotFound."""
    site = config.site_url(current_app.config)
    parts = urlsplit(address).path.strip("/").split("/") if address.startswith(f"{site}/") else []
    if parts and parts[0] in current_app.config["LANGUAGES"]:
        del parts[0]
    if len(parts) != 2 or parts[0] != "p" or has_forbidden(parts[1]):
        raise PetitionNotFound
    return parts[1]
