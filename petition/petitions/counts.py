"""How many have signed a petition, the goal shown with it, how many agree with its present text.

A goal within reach encourages people to sign; one that is reached or far away does not. A signature
agrees if it signed the newest version in its language, or confirmed that one later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from petition.core.errors import PetitionNotFound
from petition.database.base import db
from petition.models import Petition, PetitionText, SignatureSum, Tally
from petition.models.enums import PetitionState
from petition.models.sums import SumKind

GOALS = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000)
SHARED_FROM = 50  # signatures, from which pictures and previews show the count: fewer discourage
NEXT_GOAL_AT = 0.85  # share of a goal from which the page shows the next one

_sum = SignatureSum.table()


@dataclass(frozen=True, slots=True)
class PetitionCount:
    """Confirmed signatures, the goal shown with them, and when the count last changed.

    `present_text` is how many of them agree with the present text, `paper` are the names on paper
    sheets, which `count` does not have.
    """

    count: int
    paper: int
    present_text: int
    goal: int
    updated: datetime


def get_count(slug: str) -> PetitionCount:
    """Return the count of a petition. Raises: PetitionNotFound."""
    newest = select(func.max(PetitionText.version)).where(PetitionText.petition_id == Petition.id)
    row = db.session.execute(
        select(
            *(Petition.id, Petition.goal, Petition.paper, Tally.counted, Tally.changed_at),
            newest.scalar_subquery().label("version"),
        )
        .join(Petition, Petition.id == Tally.petition_id)
        .where(Petition.slug == slug, Petition.state != PetitionState.DRAFT)
    ).first()
    if row is None:
        raise PetitionNotFound
    present_text = None
    if row.version > 1:
        present_text = find_present_text(row.id, get_versions(row.id), row.counted)
    return PetitionCount(
        count=row.counted,
        paper=row.paper,
        present_text=row.counted if present_text is None else present_text,
        goal=goal_for(row.counted, row.goal),
        updated=row.changed_at,
    )


def get_versions(petition_id: int) -> dict[str, int]:
    """Return the newest version of a petition's text by language."""
    rows = db.session.execute(
        select(PetitionText.language, func.max(PetitionText.version))
        .where(PetitionText.petition_id == petition_id)
        .group_by(PetitionText.language)
    )
    return dict(rows.all())


def find_present_text(petition_id: int, versions: Mapping[str, int], counted: int) -> int | None:
    """Return how many agree with the present text; None where no language has several versions.

    `versions` are the newest by language. The number is read from sums, and at most `counted`.
    """
    if max(versions.values()) == 1:
        return None
    keys = [f"{language}-{version}" for language, version in versions.items()]
    is_present = (_sum.c.petition_id == petition_id, _sum.c.kind == SumKind.TEXT)
    number = select(func.sum(_sum.c.confirmed)).where(*is_present, _sum.c.key.in_(keys))
    return min(counted, int(db.session.scalar(number) or 0))


def goal_for(count: int, chosen: int | None = None) -> int:
    """Return the goal to show: the chosen one until it is reached, else that of the ladder.

    That is the first of which less than 85 % is reached.
    """
    if chosen is not None and count < chosen:
        return chosen
    million = 1_000_000
    millions = million * (int(count / (million * NEXT_GOAL_AT)) + 1)
    return next((goal for goal in GOALS if count < goal * NEXT_GOAL_AT), millions)


def round_down(count: int) -> int:
    """Return a count rounded down to two significant digits."""
    step: int = 10 ** max(0, len(str(count)) - 2)
    return count // step * step


def count_to_share(count: int) -> int:
    """Return the rounded count for pictures and previews; 0, which shows none, below 50."""
    return round_down(count) if count >= SHARED_FROM else 0
