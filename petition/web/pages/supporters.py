"""The public list: who signed and wants it known, by hundreds, and out of search engines. The
organisations stand on its first page.
"""

from flask import Response, g, make_response, render_template, request

from petition.petitions import queries, supporters
from petition.web.middleware.language import LocalizedBlueprint

pages = LocalizedBlueprint("supporters", __name__)


@pages.get("/p/<slug>/signatures")
def listed(slug: str) -> Response:
    """List those who chose to show, newest first."""
    shown = queries.get_petition(slug, g.language)
    before = number_asked()
    people = supporters.list_shown(shown.id, before=before)
    page = make_response(
        render_template(
            "petition/signatures.html",
            petition=shown,
            people=people,
            further=people[-1].number if len(people) == supporters.PAGE_SIZE else None,
            organisations=[] if before else supporters.list_organisations(shown.id),
        )
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page


def number_asked() -> int | None:
    """Return the number below which a list goes on, if the address names one that may exist."""
    before = request.args.get("before", type=int)
    return before if before is not None and 0 < before < 2**31 else None
