"""The public list of supporters who show their name, and of their organisations."""

from flask import Response, g

from petition.petitions import queries, supporters
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.support.pagination import get_before
from petition.web.support.responses import render_page

pages = LocalizedBlueprint("supporters", __name__)


@pages.get("/p/<slug>/signatures")
def index(slug: str) -> Response:
    """List supporters, newest first, a page at a time; organisations on the first page."""
    petition = queries.get_petition(slug, g.language)
    before = get_before()
    people = supporters.list_shown(petition.id, before=before)
    page = render_page(
        "petition/signatures.html",
        petition=petition,
        people=people,
        next_before=people[-1].number if len(people) == supporters.PAGE_SIZE else None,
        organisations=[] if before else supporters.list_organisations(petition.id),
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page
