"""News of a petition: the list, each piece, the feed, the pictures."""

from collections.abc import Callable

from flask import Response, current_app, g, make_response, render_template, request, url_for
from markupsafe import Markup

from petition.core import config
from petition.petitions import queries, updates
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.pages.supporters import number_asked
from petition.web.support.markdown import markdown
from petition.web.support.plain_text import excerpt

pages = LocalizedBlueprint("updates", __name__)

CACHE = "public, max-age=60"
FOR_EVER = "public, max-age=31536000, immutable"


@pages.get("/p/<slug>/updates")
def listed(slug: str) -> Response:
    """Show the news of a petition, newest first. Not kept: kept answers know no `before`."""
    shown = queries.get_petition(slug, g.language)
    before, most = number_asked(), updates.PAGE_SIZE
    news = updates.list_updates(shown.id, g.language, limit=most + 1, before=before)
    further = news[most - 1].id if len(news) > most else None
    return _page("updates/list.html", shown, news=news[:most], before=before, further=further)


@pages.get("/p/<slug>/updates/<int:update_id>")
def piece(slug: str, update_id: int) -> Response:
    """Show one piece of news."""
    cache_response()
    shown = queries.get_petition(slug, g.language)
    found = updates.get_update(shown.id, update_id, g.language)
    return _page("updates/piece.html", shown, piece=found, begins=excerpt(found.body))


@pages.get("/p/<slug>/updates.atom")
def feed(slug: str) -> Response:
    """Give the news as an Atom feed (RFC 4287)."""
    cache_response()
    shown = queries.get_petition(slug, g.language)
    news = updates.list_updates(shown.id, g.language, limit=30)
    answer = _page("updates/feed.xml", shown, news=news)
    answer.mimetype = "application/atom+xml"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@pages.get("/p/<slug>/pictures/<digest>.webp", in_languages=False)
def picture(slug: str, digest: str) -> Response:
    """Send a picture; its address changes with its content."""
    answer = Response(updates.get_picture(queries.get_id(slug), digest), mimetype="image/webp")
    answer.headers["Cache-Control"] = FOR_EVER
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _page(template: str, shown: queries.PetitionView, **values: object) -> Response:
    page = make_response(
        render_template(template, petition=shown, written=_writing(shown), **values)
    )
    page.headers["Cache-Control"] = CACHE
    return page


def _writing(shown: queries.PetitionView) -> Callable[[str], Markup]:
    """Return what writes Markdown with the petition's own pictures in it."""
    pictures = updates.list_pictures(shown.id)
    site = config.site_url(current_app.config) if request.path.endswith(".atom") else ""

    def find(name: str) -> tuple[updates.PictureView, str] | None:
        seen = pictures.get(name)
        if seen is None:
            return None
        address = url_for("updates.picture", slug=shown.slug, digest=seen.digest)
        return seen, site + address

    return lambda text: markdown(text, find)
