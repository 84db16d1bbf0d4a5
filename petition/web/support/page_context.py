"""Template variables of a petition's page besides the petition, and of pages without one."""

from flask import current_app, g
from sqlalchemy.exc import SQLAlchemyError

from petition.models.enums import PUBLIC_STATES, PetitionState
from petition.petitions import queries, supporters, updates
from petition.web.support.memo import memoize


def get_page_context(petition: queries.PetitionView) -> dict[str, object]:
    """Return supporters, latest updates and whether there are offices to write to; for a petition
    that takes no signatures also the others that do.
    """
    open_petitions = (
        []
        if petition.takes_signatures
        else queries.list_petitions(g.language, states=(PetitionState.OPEN,))
    )
    return {
        "supporters": supporters.get_shown(petition.id),
        "totals": supporters.get_totals(petition.id),
        "news": updates.list_updates(petition.id, g.language, limit=3),
        "has_targets": bool(updates.list_targets(petition.id)),
        "others": [other for other in open_petitions if other.slug != petition.slug],
    }


def find_featured(petitions: list[queries.PetitionSummary]) -> queries.PetitionSummary | None:
    """Return the petition that stands at `/`: the featured one, else the only open one, else none
    of these public petitions.
    """
    featured = current_app.config["FEATURED"]
    chosen = [
        petition
        for petition in petitions
        if (petition.slug == featured if featured else petition.state == PetitionState.OPEN)
    ]
    return chosen[0] if len(chosen) == 1 else None


def site_contact() -> str:
    """Return the address in the footer of pages without a petition: the site's own, else that of
    the petition at `/`. Empty while the database is down, so that an error page can still be shown.
    """
    own: str = current_app.config["CONTACT"]
    if own:
        return own
    try:
        return memoize("contact", _featured_contact)
    except SQLAlchemyError:
        return ""


def _featured_contact() -> str:
    petition = find_featured(queries.list_petitions("", states=PUBLIC_STATES))
    return petition.contact if petition else ""
