"""Rate limits: some free uses, then more with a challenge, then more with a harder one.

Nobody is refused for what neighbours in the network have used up: the challenge gets harder.
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
    """A limit on one subject in a window: `free` uses, then challenges, harder beyond `maximum`.

    `level` is that of the challenge passed, or 0. Each further `maximum` uses take a level more;
    without `maximum` one level is enough. With `expires_at` the count has no window. A `lenient`
    limit asks for no challenge at the first use of the limit before it.
    """

    scope: str
    subject: str
    free: int
    maximum: int | None
    level: int = 0
    expires_at: datetime | None = None
    lenient: bool = False

    def level_of(self, count: int) -> int:
        """Return the level of the challenge that a use takes, or 0: the count includes it."""
        if self.maximum is not None and count > self.maximum:
            return -(-count // max(1, self.maximum))
        return int(count > self.free)


@dataclass(frozen=True, slots=True)
class FormSender:
    """A form's limits and network hash; the honeypot is a field that no person sees."""

    limits: tuple[RateLimit, ...] = ()
    network: str = ""
    filled_honeypot: bool = False


def hit(connection: Connection, limits: tuple[RateLimit, ...], *, now: datetime) -> None:
    """Count one use of each limit in the caller's transaction; a refusal counts nothing.

    Raises, unless a challenge of the level was passed: ChallengeRequired beyond `free`; RateLimited
    beyond `maximum`, with the level and the time until the window ends.
    """
    if not limits:
        return
    uses = [Use(limit.scope, limit.subject, WINDOW, limit.expires_at) for limit in limits]
    previous = 0  # the count of the limit before
    for limit, count in zip(limits, counters.increment(connection, uses, now=now), strict=True):
        level = limit.level_of(count.value)
        if level > max(limit.level, 1):
            raise RateLimited(count.expires_at - now, level)
        if level > limit.level and not (limit.lenient and previous == 1):
            raise ChallengeRequired
        previous = count.value
