"""News of a petition: the list, each piece, the feed, the pictures."""

from collections.abc import Callable

from flask import Response, current_app, g, make_response, render_template, request, url_for
from markupsafe import Markup

from petition import config, petitions, updates
from petition.web.company import number_asked
from petition.web.kept import keep
from petition.web.language import Prefixed
from petition.web.markdown import markdown
from petition.web.plain import beginning

pages = Prefixed("news", __name__)

CACHE = "public, max-age=60"
FOR_EVER = "public, max-age=31536000, immutable"


@pages.get("/p/<slug>/updates")
def listed(slug: str) -> Response:
    """Show the news of a petition, newest first. Not kept: kept answers know no `before`."""
    shown = petitions.shown(slug, g.language)
    before, most = number_asked(), updates.PAGE
    news = updates.listed(shown.id, g.language, most=most + 1, before=before)
    further = news[most - 1].id if len(news) > most else None
    return _page("news/list.html", shown, news=news[:most], before=before, further=further)


@pages.get("/p/<slug>/updates/<int:update_id>")
def piece(slug: str, update_id: int) -> Response:
    """Show one piece of news."""
    keep()
    shown = petitions.shown(slug, g.language)
    found = updates.found(shown.id, update_id, g.language)
    return _page("news/piece.html", shown, piece=found, begins=beginning(found.body))


@pages.get("/p/<slug>/updates.atom")
def feed(slug: str) -> Response:
    """Give the news as an Atom feed (RFC 4287)."""
    keep()
    shown = petitions.shown(slug, g.language)
    news = updates.listed(shown.id, g.language, most=30)
    answer = _page("news/feed.xml", shown, news=news)
    answer.mimetype = "application/atom+xml"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


@pages.get("/p/<slug>/pictures/<digest>.webp", in_languages=False)
def picture(slug: str, digest: str) -> Response:
    """Send a picture; its address changes with its content."""
    answer = Response(updates.picture(petitions.identify(slug), digest), mimetype="image/webp")
    answer.headers["Cache-Control"] = FOR_EVER
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


def _page(template: str, shown: petitions.Shown, **values: object) -> Response:
    page = make_response(
        render_template(template, petition=shown, written=_writing(shown), **values)
    )
    page.headers["Cache-Control"] = CACHE
    return page


def _writing(shown: petitions.Shown) -> Callable[[str], Markup]:
    """Return what writes Markdown with the petition's own pictures in it."""
    pictures = updates.pictures(shown.id)
    site = config.site_url(current_app.config) if request.path.endswith(".atom") else ""

    def find(name: str) -> tuple[updates.Seen, str] | None:
        seen = pictures.get(name)
        if seen is None:
            return None
        address = url_for("news.picture", slug=shown.slug, digest=seen.digest)
        return seen, site + address

    return lambda text: markdown(text, find)
