"""The public list: who signed and wants it known, by hundreds, and out of search engines."""

from flask import Response, g, make_response, render_template, request

from petition import petitions, supporters
from petition.web.language import Prefixed

pages = Prefixed("company", __name__)


@pages.get("/p/<slug>/signatures")
def listed(slug: str) -> Response:
    """List those who chose to show, newest first."""
    shown = petitions.shown(slug, g.language)
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**31:
        before = None
    people = supporters.page(shown.id, before=before)
    further = people[-1].number if len(people) == supporters.PAGE else None
    page = make_response(
        render_template("petition/signatures.html", petition=shown, people=people, further=further)
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page
