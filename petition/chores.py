"""What the mail worker does beside delivering: reminders and the watch every minute, erasing once a
day.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from petition import limits, reminders, retention, watch
from petition.extensions import transaction
from petition.posting import Mark

AFTER_FAILURE = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Chore:
    """Something to do every so often, by one worker at a time."""

    name: str
    every: timedelta
    do: Callable[[datetime], str]
    _asked: int = 0  # the span of time in which this worker has asked already
    _not_before: datetime | None = None  # after a failure

    def when_due(self, now: datetime) -> None:
        """Do it unless some worker has in this span of time. What it raises is raised; it is then
        tried again after a while, by this worker or another.
        """
        span = int(now.timestamp() // self.every.total_seconds())
        if span == self._asked or (self._not_before is not None and now < self._not_before):
            return
        self._asked = span
        key = f"chore:{self.name}"
        with transaction() as connection:
            first = limits.use_up(connection, key, most=1, window=self.every, now=now)
        if not first:
            return
        try:
            done = self.do(now)
        except BaseException:
            self._asked, self._not_before = 0, now + AFTER_FAILURE
            with transaction() as connection:
                limits.give_back(connection, key, window=self.every, now=now)
            raise
        if done:
            log.info("%s: %s", self.name, done)


def of(settings: Mapping[str, Any], mark: Mark) -> list[Chore]:
    """Return the chores of a site."""
    link_days = timedelta(days=settings["CONFIRM_LINK_DAYS"])
    measure = watch.Measure(
        least=settings["BURST_LEAST"],
        times=settings["BURST_TIMES"],
        known=frozenset(settings["RATELIMIT_ALLOW_DOMAINS"]),
    )

    def remind(now: datetime) -> str:
        number = reminders.remind(mark=mark, within=link_days, now=now)
        return f"{number} put in the box" if number else ""

    def look(now: datetime) -> str:
        found = watch.watch(now=now, measure=measure)
        return f"open: {found}" if found else ""

    def erase(now: datetime) -> str:
        erased = retention.run(
            purge_days=settings["PURGE_UNCONFIRMED_DAYS"],
            anonymise_days=settings["ANONYMISE_AFTER_DAYS"],
            now=now,
        )
        return str(astuple(erased))

    return [
        Chore("reminders", timedelta(minutes=1), remind),
        *([Chore("watch", timedelta(minutes=1), look)] if settings["RATELIMIT_ENABLED"] else []),
        Chore("retention", timedelta(days=1), erase),
    ]
