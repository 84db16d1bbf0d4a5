"""The petition's page and its count. The form on the page is submitted to `sign`."""

from typing import Any

from flask import Response, g, jsonify, request

from petition.models.enums import PUBLIC_STATES
from petition.petitions import counts, queries
from petition.web.middleware.language import LocalizedBlueprint
from petition.web.middleware.page_cache import cache_response, channel_in
from petition.web.support import abuse_checks
from petition.web.support.forms import SignForm
from petition.web.support.page_context import find_featured, get_page_context
from petition.web.support.responses import open_to_other_sites, render_page

pages = LocalizedBlueprint("petition", __name__)

# As old as a page of `page_cache` can be.
PAGE_CACHE = "public, max-age=1"
COUNT_CACHE = "public, max-age=5, stale-while-revalidate=30"


@pages.get("/")
def index() -> Response:
    """Show the featured petition, else the only open one, else the list."""
    petitions = queries.list_petitions(g.language, states=PUBLIC_STATES)
    featured = find_featured(petitions)
    if featured is not None:
        return show(featured.slug)
    cache_response()
    return render_page("petition/list.html", cache=PAGE_CACHE, petitions=petitions)


@pages.get("/p/<slug>")
def show(slug: str) -> Response:
    """Show the petition: letter, form, count, share links."""
    cache_response()
    channel = channel_in(request.environ)
    return render_petition(slug, SignForm(), channel=channel, cache=PAGE_CACHE)


def render_petition(
    slug: str, form: SignForm, *, asked_before: bool = False, **values: Any
) -> Response:
    """Render the petition's page with a form; `values` are passed on to `render_page`.

    `asked_before` waives the minimum time for filling in the form.
    """
    petition = queries.get_petition(slug, g.language)
    form.asked = petition.asked
    return render_page(
        "petition/page.html",
        petition=petition,
        form=form,
        opened=abuse_checks.make_form_token(asked_before=asked_before),
        **get_page_context(petition),
        **values,
    )


@pages.get("/p/<slug>/count.json", in_languages=False)
@open_to_other_sites
def count(slug: str) -> Response:
    """Return the count for open pages and other sites."""
    cache_response()
    current = counts.get_count(slug)
    # The day alone: the second would tell when somebody confirmed.
    response = jsonify(
        count=current.count,
        paper=current.paper,
        present_text=current.present_text,
        goal=current.goal,
        updated=current.updated.replace(hour=0, minute=0, second=0).isoformat(timespec="seconds"),
    )
    response.headers["Cache-Control"] = COUNT_CACHE
    return response
