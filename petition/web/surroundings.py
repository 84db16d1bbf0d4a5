"""What stands around a petition's letter on its page."""

from flask import g

from petition import petitions, supporters, updates
from petition.kinds import State
from petition.web.remembered import remembered

FEW = 1_000  # signatures: below, the sums are made anew whenever the count has moved


def around(shown: petitions.Shown) -> dict[str, object]:
    """Return what a petition's page says besides the petition: who signed, the news, where to
    write, and for one that takes no more signatures the others that do.
    """
    others = [] if shown.takes_signatures else petitions.listed(g.language, states=(State.OPEN,))
    return {
        # Never remembered: a name that was taken back is gone from the next page on.
        "company": supporters.company(shown.id),
        "sums": remembered(
            f"sums:{shown.id}:{shown.count}" if shown.count < FEW else f"sums:{shown.id}",
            lambda: supporters.sums(shown.id),
        ),
        "news": updates.listed(shown.id, g.language, most=3),
        "has_targets": bool(updates.targets(shown.id)),
        "others": [other for other in others if other.slug != shown.slug],
    }
