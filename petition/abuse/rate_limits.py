"""The rule of rate limits: so many uses at once, so many more with a challenge, then a refusal.

The counts are `database.counters`; this module decides what they mean.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from petition.core.errors import ChallengeRequired, RateLimited
from petition.database import counters
from petition.database.counters import Use

WINDOW = timedelta(minutes=10)
SIGN = "sign"  # scopes of signing are sign:<petition id>


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A limit on one subject: `free` uses in a window, `most` with a solved challenge before each
    one (`proven`), none after that. Without `most` a use is never refused.

    With `expires_at` the count has no window. A `lenient` limit asks nothing of a sender whom the
    limit before it has not counted before.
    """

    scope: str
    subject: str
    free: int
    most: int | None
    proven: bool = False
    expires_at: datetime | None = None
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class FormSender:
    """What the rules know of who sends a form: the limits that count it, the keyed hash of its
    network, and whether it filled the field that no person sees (`trapped`).
    """

    limits: tuple[RateLimit, ...] = ()
    network: str = ""
    trapped: bool = False


def hit(connection: Connection, limits: tuple[RateLimit, ...], *, now: datetime) -> None:
    """Count one use of each limit in the caller's transaction; what is raised undoes the counts.

    Raises StepWanted beyond `free`, and TooMany with the time to wait beyond `most`.
    """
    if not limits:
        return
    uses = [Use(limit.scope, limit.subject, WINDOW, limit.expires_at) for limit in limits]
    earlier = 0
    for limit, count in zip(limits, counters.increment(connection, uses, now=now), strict=True):
        if limit.most is not None and count.value > limit.most:
            raise RateLimited(count.expires_at - now)
        excused = limit.proven or (limit.lenient and earlier == 1)
        if count.value > limit.free and not excused:
            raise ChallengeRequired
        earlier = count.value
