"""Template values of a petition's page besides the petition, and of pages without a petition."""

from typing import Any

from flask import current_app, g
from sqlalchemy.exc import SQLAlchemyError

from petition.core.clock import now
from petition.models.enums import PUBLIC_STATES, PetitionState
from petition.organisers.handover import packs
from petition.petitions import queries, sums, supporters, updates
from petition.web.support.memo import memoize


def get_page_context(petition: queries.PetitionView) -> dict[str, Any]:
    """Return supporters, totals, pace, news and offices; for a closed petition the open ones."""
    others, today = [], 0
    if petition.takes_signatures:
        today = sums.get_pace(petition.id, now=now())
    else:
        others = queries.list_petitions(g.language, states=(PetitionState.OPEN,))
    return {
        # Not memoized: a withdrawn name must be gone from the next page on.
        "supporters": supporters.get_shown(petition.id),
        "totals": supporters.get_totals(petition.id),
        "today": today,
        "news": updates.list_updates(petition.id, g.language, now=now(), limit=3),
        "has_offices": bool(updates.list_offices(petition.id)),
        "others": others,
        "handed_over": [
            (pack, language, (now().date() - pack.handed_over_on).days)
            for pack, language in packs.list_handed_over(petition.id)
            if pack.handed_over_on
        ],
    }


def find_featured(petitions: list[queries.PetitionSummary]) -> queries.PetitionSummary | None:
    """Return the petition shown at `/`: the featured one, else the only open one, else None.

    What organisers chose in the browser comes before the setting.
    """
    chosen = next((petition for petition in petitions if petition.featured_at is not None), None)
    if chosen is not None:
        return chosen
    featured = current_app.config["FEATURED"]
    if featured:
        by_slug = {petition.slug: petition for petition in petitions}
        return by_slug.get(featured) or by_slug.get(queries.find_renamed(featured) or "")
    opened = [petition for petition in petitions if petition.state == PetitionState.OPEN]
    return opened[0] if len(opened) == 1 else None


def site_contact() -> str:
    """Return the contact address for pages without a petition, else that of the one at `/`."""
    contact: str = current_app.config["CONTACT"]
    try:
        return contact or memoize("contact", _featured_contact)
    except SQLAlchemyError:  # the page may be the error page that says so
        return ""


def _featured_contact() -> str:
    featured = _get_featured()
    return featured.contact if featured else ""


def find_featured_slug() -> str:
    """Return the slug of the petition shown at `/`, or "" if there is none."""
    featured = _get_featured()
    return featured.slug if featured else ""


def _get_featured() -> queries.PetitionSummary | None:
    return find_featured(queries.list_petitions("", states=PUBLIC_STATES))
