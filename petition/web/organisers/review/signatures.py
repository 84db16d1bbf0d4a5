"""The list of signatures: filters in the address, a search by name or address that is recorded."""

import json
from dataclasses import fields
from datetime import date
from typing import Any

from flask import Response, g, request
from werkzeug.exceptions import BadRequest

from petition.core.clock import now
from petition.core.text import has_forbidden
from petition.organisers.review import listing
from petition.organisers.review.listing import Found
from petition.organisers.review.search import Criteria
from petition.web.middleware.language import MAX_INTEGER
from petition.web.organisers.guard import pages
from petition.web.organisers.review.forms import FilterForm, SearchForm, get_filter
from petition.web.support.pagination import get_before
from petition.web.support.responses import render_page


@pages.get("/p/<slug>/signatures")
def signatures(slug: str) -> Response:
    """List the signatures that match the filters, newest first."""
    chosen = get_filter()
    if request.args and not chosen.validate():
        return _render(slug, chosen, SearchForm(None), None, status=422)
    criteria = chosen.criteria()
    found = listing.list_matching(g.petition_id, criteria, before=get_before())
    return _render(slug, chosen, SearchForm(None), found, criteria)


@pages.post("/p/<slug>/signatures")
def search_signatures(slug: str) -> Response:
    """Search by name or address, and show what is found: the term is in no address."""
    form = SearchForm()
    if not form.validate():
        return _render(slug, FilterForm(None), form, None, status=422)
    criteria = form.criteria()
    found = listing.search(
        g.petition_id, criteria, before=form.next_before(), organiser_id=g.organiser.id, now=now()
    )
    return _render(slug, FilterForm(None), form, found, criteria)


def _render(
    slug: str,
    chosen: FilterForm,
    form: SearchForm,
    found: Found | None,
    criteria: Criteria | None = None,
    *,
    status: int = 200,
) -> Response:
    # Of the same filters; an unchosen one is left out of the address.
    again = {name: value for name, value in request.args.items() if value and name != "before"}
    return render_page(
        "organisers/signatures.html",
        status=status,
        slug=slug,
        tab="organisers.signatures",
        filter=chosen,
        search=form,
        found=found,
        again=again,
        criteria=write_criteria(criteria) if criteria else "",
        most=listing.COUNTED_UP_TO,
        page_size=listing.PAGE_SIZE,
    )


def write_criteria(criteria: Criteria) -> str:
    """Return criteria for a hidden field."""
    return json.dumps(criteria.dump(), ensure_ascii=False)


def read_criteria(text: str) -> Criteria:
    """Return the criteria of a hidden field. Raises: BadRequest for others than we write."""
    types = {field.name: type(field.default) for field in fields(Criteria)}
    types["state"] = str
    try:
        values: dict[str, Any] = json.loads(text)
        if not isinstance(values, dict) or not all(
            type(value) is types.get(name) for name, value in values.items()
        ):
            raise BadRequest
        for name in {"since", "until"} & values.keys():
            date.fromisoformat(values[name])
    except (ValueError, RecursionError) as error:
        raise BadRequest from error
    if any(
        has_forbidden(value) if isinstance(value, str) else not 0 <= value <= MAX_INTEGER
        for value in values.values()
    ):
        raise BadRequest
    return Criteria(**values)
