"""Rate limits: some free uses, more with a solved challenge, then a refusal."""

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
    """A limit on one subject in a window: `free` uses, then challenges, `maximum` uses in all.

    `proven` says that a challenge was solved. Without `maximum` a use is never refused. With
    `expires_at` the count has no window. A `lenient` limit asks for no challenge at the first use
    of the limit before it.
    """

    scope: str
    subject: str
    free: int
    maximum: int | None
    proven: bool = False
    expires_at: datetime | None = None
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class FormSender:
    """A form's limits and network hash; the honeypot is a field that no person sees."""

    limits: tuple[RateLimit, ...] = ()
    network: str = ""
    filled_honeypot: bool = False


def hit(connection: Connection, limits: tuple[RateLimit, ...], *, now: datetime) -> None:
    """Count one use of each limit in the caller's transaction; a refusal counts nothing.

    Raises: ChallengeRequired beyond `free`; RateLimited with the time to wait beyond `maximum`.
    """
    if not limits:
        return
    uses = [Use(limit.scope, limit.subject, WINDOW, limit.expires_at) for limit in limits]
    previous = 0  # the count of the limit before
    for limit, count in zip(limits, counters.increment(connection, uses, now=now), strict=True):
        if limit.maximum is not None and count.value > limit.maximum:
            raise RateLimited(count.expires_at - now)
        excused = limit.proven or (limit.lenient and previous == 1)
        if count.value > limit.free and not excused:
            raise ChallengeRequired
        previous = count.value
