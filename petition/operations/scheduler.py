"""What the mail worker does beside delivering: reminders and the watch every minute, erasing and
the list of Tor's exits once a day, forgetting counts every hour.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from petition.abuse import burst_detection, tor
from petition.core import config
from petition.core.log_safety import safe_traceback
from petition.database import counters
from petition.database.base import db
from petition.database.counters import Use
from petition.database.transactions import transaction
from petition.operations import retention
from petition.signatures import reminders

SCOPE = "task"  # of the counters that let one worker at a time do a task
AFTER_FAILURE = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Task:
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
        with transaction() as connection:
            use = Use(SCOPE, self.name, self.every)
            first = counters.is_within(connection, use, limit=1, now=now)
        if not first:
            return
        try:
            done = self.do(now)
        except BaseException:
            self._asked, self._not_before = 0, now + AFTER_FAILURE
            with transaction() as connection:
                counters.reset(connection, SCOPE, self.name, window=self.every, now=now)
            raise
        if done:
            log.info("%s: %s", self.name, done)


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Runs scheduled tasks; a task that fails delays no other."""

    tasks: Sequence[Task]

    def run_due(self, now: datetime) -> None:
        """Run each task that is due; log the failure of one."""
        for task in self.tasks:
            try:
                task.when_due(now)
            except Exception as error:  # noqa: BLE001 (one task delays no other, and no email)
                log.error("%s failed: %s", task.name, safe_traceback(error))
                db.session.remove()


def build_scheduler(settings: Mapping[str, Any], instance: Path) -> Scheduler:
    """Return the chores of a site, whose instance folder is named."""
    link_days = timedelta(days=settings["CONFIRM_LINK_DAYS"])
    measure = burst_detection.Thresholds(
        least=settings["BURST_LEAST"],
        times=settings["BURST_TIMES"],
        known=frozenset(settings["RATELIMIT_ALLOW_DOMAINS"]),
    )

    def remind(now: datetime) -> str:
        number = reminders.enqueue_reminders(within=link_days, now=now)
        return f"{number} put in the box" if number else ""

    def look(now: datetime) -> str:
        found = burst_detection.detect(now=now, measure=measure)
        return f"open: {found}" if found else ""

    def erase(now: datetime) -> str:
        erased = retention.run(
            purge_days=settings["PURGE_UNCONFIRMED_DAYS"],
            anonymise_days=settings["ANONYMISE_AFTER_DAYS"],
            now=now,
        )
        return str(astuple(erased))

    def learn(now: datetime) -> str:
        _learn_exits(settings["TOR_EXITS"], instance / tor.EXITS_FILE, now)
        return ""

    limited = settings["RATELIMIT_ENABLED"]
    # In some countries, to ask the Tor project for anything draws attention to whoever tries the
    # site out on their own machine.
    learning = limited and settings["TOR_EXITS"] and not config.is_local(settings)
    tasks = [
        Task("reminders", timedelta(minutes=1), remind),
        *([Task("watch", timedelta(minutes=1), look)] if limited else []),
        Task("retention", timedelta(days=1), erase),
        Task("counts", timedelta(hours=1), _forget_counts),
        *([Task("tor exits", timedelta(hours=1), learn)] if learning else []),
    ]
    return Scheduler(tasks)


def _forget_counts(now: datetime) -> str:
    with transaction() as connection:
        counters.delete_expired(connection, now=now)
    return ""


def _learn_exits(address: str, file: Path, now: datetime) -> None:
    """Fetch the list of Tor's exits unless it is fresh, beside the letters: none waits where no
    answer comes.
    """
    if not tor.is_fresh(file, now=now):
        named = (address, file, now)
        Thread(target=_fetch_exits, args=named, name="tor exits", daemon=True).start()


def _fetch_exits(address: str, file: Path, now: datetime) -> None:
    """Fetch the list of Tor's exits; the earlier one stays where that fails, until the next try in
    an hour.
    """
    try:
        log.info("tor exits: %s known", tor.fetch(address, file, now=now))
    except (OSError, ValueError) as error:
        log.warning("tor exits: not fetched (%s), the earlier list stays", type(error).__name__)
