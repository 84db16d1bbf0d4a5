"""Scheduled tasks that the mail worker runs between deliveries, each by one worker at a time."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from petition.abuse import burst_detection, tor
from petition.core import config
from petition.core.faults import find_outage, log_fault
from petition.database import counters, engine
from petition.database.base import db
from petition.database.counters import Use
from petition.database.transactions import transaction
from petition.operations import retention
from petition.operations.backup import journal, writing
from petition.operations.backup.nightly import NightlyBackup
from petition.organisers import paper, sessions
from petition.organisers.handover import jobs, packs, spreadsheet
from petition.organisers.overview import morning, site_problems
from petition.organisers.review import removals
from petition.signatures import reminders

SCOPE = "task"  # of the counters by which one worker claims a task
RETRY_AFTER = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Task:
    """Something to run once in every `interval`, by one worker; `run` returns a line to log."""

    name: str
    interval: timedelta
    run: Callable[[datetime], str]
    _last_interval: int = 0  # the number of the interval that this worker tried last
    _retry_at: datetime | None = None  # after a failure
    _claimed: int = 0  # the number of the interval that this worker has claimed and not released

    def run_if_due(self, now: datetime) -> None:
        """Run the task unless a worker has run it in this interval.

        After an exception, which is re-raised, any worker may retry it in five minutes; only this
        one if the claim cannot be released, as in an outage.
        """
        number = int(now.timestamp() // self.interval.total_seconds())
        if number == self._last_interval or (self._retry_at and now < self._retry_at):
            return
        if number != self._claimed:
            use = Use(SCOPE, self.name, self.interval)
            with transaction() as connection:  # if it fails, the next run tries again
                is_ours = counters.is_within(connection, use, limit=1, now=now)
            self._last_interval = number
            if not is_ours:
                return
            self._claimed = number
        self._last_interval = number
        try:
            result = self.run(now)
        except BaseException:
            self._last_interval, self._retry_at = 0, now + RETRY_AFTER
            with transaction() as connection:
                counters.reset(connection, SCOPE, self.name, window=self.interval, now=now)
            self._claimed = 0
            raise
        if result:
            log.info("%s: %s", self.name, result)


def run_due(tasks: Sequence[Task], now: datetime) -> None:
    """Run the tasks that are due; log exceptions. Raises: what says that the database is away."""
    for task in tasks:
        try:
            task.run_if_due(now)
        except Exception as error:  # (one task delays no other, and no email)
            if find_outage(error) is not None:
                raise
            log_fault(log, error, "%s failed", task.name)
            db.session.remove()


def build_tasks(settings: Mapping[str, Any], instance: Path) -> list[Task]:
    """Return the tasks of a site, given its settings and its instance folder."""

    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    tasks = [
        Task("reminders", minute, partial(_remind, settings)),
        Task(
            "morning emails", 10 * minute, partial(_mail_morning, settings["LANGUAGES"], instance)
        ),
        Task("retention", timedelta(days=1), partial(_erase, settings)),
        Task("files of signatures", minute, partial(_delete_files, settings, instance)),
        Task("removals", minute, _go_on_removing),
        Task("journal of erasures", minute, partial(_note_erasures, settings, instance)),
        Task("expired counters", hour, _delete_expired_counters),
        Task("old sessions", hour, _delete_expired_sessions),
        Task("write-ahead log", hour, _empty_log),
    ]
    if settings["BACKUP_FOLDER"]:
        source = writing.Source(instance, settings["BRAND_LOGO"])
        backup = NightlyBackup(
            Path(settings["BACKUP_FOLDER"]), source, settings["BACKUP_RECIPIENT"]
        )
        tasks.append(Task("backup", hour, backup.start_if_due))
    if settings["RATELIMIT_ENABLED"]:
        tasks.append(Task("burst detection", minute, partial(_detect_bursts, settings)))
        # In some countries a request to the Tor project draws attention to whoever tries the site
        # on their own machine.
        if settings["TOR_EXITS"] and not config.is_local(settings):
            tasks.append(
                Task("tor exits", hour, partial(_update_exits, settings["TOR_EXITS"], instance))
            )
    return tasks


def _remind(settings: Mapping[str, Any], now: datetime) -> str:
    within = timedelta(days=settings["CONFIRM_LINK_DAYS"])
    number = reminders.enqueue_reminders(within=within, now=now)
    return f"{number} enqueued" if number else ""


def _detect_bursts(settings: Mapping[str, Any], now: datetime) -> str:
    thresholds = burst_detection.Thresholds(
        minimum=settings["BURST_LEAST"],
        factor=settings["BURST_TIMES"],
        allowed_domains=frozenset(settings["RATELIMIT_ALLOW_DOMAINS"]),
    )
    open_bursts = burst_detection.detect(now=now, thresholds=thresholds)
    return f"open: {open_bursts}" if open_bursts else ""


def _erase(settings: Mapping[str, Any], now: datetime) -> str:
    purge_days = settings["PURGE_UNCONFIRMED_DAYS"]
    anonymise_days = settings["ANONYMISE_AFTER_DAYS"]
    report = retention.run(purge_days=purge_days, anonymise_days=anonymise_days, now=now)
    return report.in_words()


def _delete_files(settings: Mapping[str, Any], instance: Path, now: datetime) -> str:
    """Delete files of signatures past their time, and what interrupted processes left."""
    spreadsheet.delete_leftovers(instance / spreadsheet.FOLDER, now=now)
    folder = instance / jobs.FOLDER
    number = packs.erase(folder, anonymise_days=settings["ANONYMISE_AFTER_DAYS"], now=now)
    number += jobs.expire(folder, now=now)
    number += paper.erase_scans(anonymise_days=settings["ANONYMISE_AFTER_DAYS"], now=now)
    return f"{number} expired" if number else ""


def _mail_morning(languages: Sequence[str], instance: Path, now: datetime) -> str:
    problems = site_problems.find(instance)
    number = morning.enqueue_due(languages, site_problems=problems, now=now)
    return f"{number} enqueued" if number else ""


def _go_on_removing(now: datetime) -> str:
    batches = removals.run_unfinished(now=now)
    return f"{batches} batches" if batches else ""


def _note_erasures(settings: Mapping[str, Any], instance: Path, _now: datetime) -> str:
    backups = settings["BACKUP_FOLDER"]
    folders = [instance, *([Path(backups)] if backups else [])]
    journal.append_new(folder / journal.FILE for folder in folders)
    return ""


def _delete_expired_counters(now: datetime) -> str:
    with transaction() as connection:
        counters.delete_expired(connection, now=now)
    return ""


def _delete_expired_sessions(now: datetime) -> str:
    sessions.delete_expired(now=now)
    return ""


def _empty_log(_now: datetime) -> str:
    """Empty the log of the database, so that what was erased is soon in no file."""
    return "" if engine.empty_log(db.engine) else "not emptied, somebody reads"


def _update_exits(url: str, instance: Path, now: datetime) -> str:
    file = instance / tor.EXITS_FILE
    if not tor.is_fresh(file, now=now):  # in a thread, so that no email waits for it
        args = (url, file, now)
        Thread(target=_download_exits, args=args, name="tor exits", daemon=True).start()
    return ""


def _download_exits(url: str, file: Path, now: datetime) -> None:
    """Download the list; on failure the earlier one stays until the next try in an hour."""
    try:
        log.info("tor exits: %s known", tor.fetch(url, file, now=now))
    except (OSError, ValueError) as error:
        log.warning("tor exits: not fetched (%s), the earlier list stays", type(error).__name__)
