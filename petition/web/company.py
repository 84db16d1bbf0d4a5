"""The public list: who signed and wants it known, by hundreds, and out of search engines."""

from flask import Response, g, make_response, render_template, request

from petition import petitions, supporters
from petition.web.language import Prefixed

pages = Prefixed("company", __name__)


@pages.get("/p/<slug>/signatures")
def listed(slug: str) -> Response:
    """List those who chose to show, newest first."""
    shown = petitions.shown(slug, g.language)
    people = supporters.page(shown.id, before=number_asked())
    further = people[-1].number if len(people) == supporters.PAGE else None
    page = make_response(
        render_template("petition/signatures.html", petition=shown, people=people, further=further)
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def number_asked() -> int | None:
    """Return the number below which a list goes on, if the address names one that may exist."""
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before < 2**31 else None
