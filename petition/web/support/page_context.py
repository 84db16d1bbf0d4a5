"""What stands around a petition's letter on its page, and around pages that belong to none."""

from flask import current_app, g
from sqlalchemy.exc import SQLAlchemyError

from petition.models.enums import PUBLIC_STATES, PetitionState
from petition.petitions import queries, supporters, updates
from petition.web.support.memo import memoize


def get_page_context(shown: queries.PetitionView) -> dict[str, object]:
    """Return what a petition's page says besides the petition: who signed, the news, where to
    write, and for one that takes no more signatures the others that do.
    """
    others = (
        []
        if shown.takes_signatures
        else queries.list_petitions(g.language, states=(PetitionState.OPEN,))
    )
    return {
        # Never remembered: a name that was taken back is gone from the next page on.
        "company": supporters.get_shown(shown.id),
        "sums": supporters.get_totals(shown.id),
        "news": updates.list_updates(shown.id, g.language, most=3),
        "has_targets": bool(updates.list_targets(shown.id)),
        "others": [other for other in others if other.slug != shown.slug],
    }


def find_featured(listed: list[queries.PetitionSummary]) -> queries.PetitionSummary | None:
    """Return which of the public petitions stands at `/`, if one does: the featured one, else the
    only open one.
    """
    featured = current_app.config["FEATURED"]
    chosen = [
        petition
        for petition in listed
        if (petition.slug == featured if featured else petition.state == PetitionState.OPEN)
    ]
    return chosen[0] if len(chosen) == 1 else None


def site_contact() -> str:
    """Return the address at the foot of pages that belong to no petition: the site's own, else that
    of the petition at `/`. Nothing while the database cannot be asked: the page may say just that.
    """
    own: str = current_app.config["CONTACT"]
    if own:
        return own
    try:
        return memoize("contact", _contact_of_foremost)
    except SQLAlchemyError:
        return ""


def _contact_of_foremost() -> str:
    found = find_featured(queries.list_petitions("", states=PUBLIC_STATES))
    return found.contact if found else ""
