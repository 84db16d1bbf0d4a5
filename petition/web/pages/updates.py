"""News of a petition: the list, each piece of news, the Atom feed, the pictures."""

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, g, request, url_for
from markupsafe import Markup

from petition.core import config
from petition.core.clock import now
from petition.models import Picture
from petition.petitions import queries, updates
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response
from petition.web.support.markdown import excerpt, markdown
from petition.web.support.pagination import get_before
from petition.web.support.responses import IMMUTABLE, open_to_other_sites, render_page, send_content

pages = LocalizedBlueprint("updates", __name__)

CACHE = "public, max-age=60"


@pages.get("/p/<slug>/updates")
def index(slug: str) -> Response:
    """List the news, newest first. Not in the page cache, whose key has no `before`."""
    petition = queries.get_petition(slug, g.language)
    before, size = get_before(), updates.PAGE_SIZE
    news = updates.list_updates(petition.id, g.language, now=now(), limit=size + 1, before=before)
    next_before = news[size - 1].id if len(news) > size else None
    return _render("list.html", petition, news=news[:size], before=before, next_before=next_before)


@pages.get("/p/<slug>/updates/<int:update_id>")
def show(slug: str, update_id: int) -> Response:
    """Show one piece of news."""
    cache_response()
    petition = queries.get_petition(slug, g.language)
    update = updates.get_update(petition.id, update_id, g.language, now=now())
    return _render("show.html", petition, update=update, description=excerpt(update.body))


@pages.get("/p/<slug>/updates.atom")
@open_to_other_sites
def feed(slug: str) -> Response:
    """Send the news as an Atom feed (RFC 4287)."""
    cache_response()
    petition = queries.get_petition(slug, g.language)
    news = updates.list_updates(petition.id, g.language, now=now(), limit=30)
    response = _render("feed.xml", petition, news=news)
    response.mimetype = "application/atom+xml"
    return response


@pages.get("/p/<slug>/pictures/<digest>.webp", in_languages=False)
@open_to_other_sites
def picture(slug: str, digest: str) -> Response:
    """Send a picture. Its URL changes with its content."""
    content = updates.get_picture(queries.get_id(slug), digest)
    return send_content(content, "image/webp", cache=IMMUTABLE)


def _render(template: str, petition: queries.PetitionView, **values: Any) -> Response:
    return render_page(
        f"updates/{template}",
        cache=CACHE,
        petition=petition,
        corrections_of=updates.list_corrections,
        render_body=get_body_renderer(petition.id, petition.slug),
        **values,
    )


def get_body_renderer(petition_id: int, slug: str) -> Callable[[str], Markup]:
    """Return a function that renders Markdown with a petition's pictures."""
    pictures = updates.list_pictures(petition_id)
    site = config.site_url(current_app.config) if request.path.endswith(".atom") else ""

    def find_picture(name: str) -> tuple[Picture, str] | None:
        picture = pictures.get(name)
        if picture is None:
            return None
        return picture, site + url_for("updates.picture", slug=slug, digest=picture.digest)

    return lambda body: markdown(body, find_picture)
