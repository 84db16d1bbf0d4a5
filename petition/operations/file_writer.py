"""Writes the files that organisers asked for, in a thread of the mail worker: no email waits."""

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Thread

from petition.core.faults import log_fault
from petition.organisers.handover import jobs

log = logging.getLogger(__name__)


class FileWriter:
    """Starts a thread while files wait. `write_next` writes one, and tells whether there was one.

    The thread ends with the process; what it was writing is written again when its lease is over.
    """

    def __init__(self, write_next: Callable[[], bool]) -> None:
        self._write_next = write_next
        self._thread: Thread | None = None

    def start_if_due(self, now: datetime) -> None:
        """Start the thread if a file waits and none is being written here."""
        if self._thread is not None and self._thread.is_alive():
            return
        if jobs.is_any_due(now):
            self._thread = Thread(target=self._run, name="files", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            while self._write_next():
                pass
        except Exception as error:  # noqa: BLE001 (such as an outage: the next call tries again)
            log_fault(log, error, "files wait")
