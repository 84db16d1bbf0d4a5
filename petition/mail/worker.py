"""The mail worker: takes letters out of the box and hands them to the courier, until it is told to
stop.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from petition import bounces, outbox
from petition.chores import Chore
from petition.couriers import Courier
from petition.errors import Deferred, Undeliverable, Unreachable, Withheld
from petition.extensions import db
from petition.faults import told
from petition.smtp import Mail

IDLE_SECONDS = 0.5  # between looks into an empty box
STRETCH = timedelta(seconds=30)  # of delivering, between looks at the chores
OUTAGE_SECONDS = 5.0  # between tries to reach the server: mails leave within 10 s of its return

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """Delivers due letters. Any number of workers may run at once."""

    courier: Courier
    compose: Callable[[int], Mail | None]
    clock: Callable[[], datetime]
    mark: bounces.MarkAddress
    chores: Sequence[Chore] = ()
    mails_a_minute: int = 0  # over all workers; 0 for as many as there are

    def run(self, stop: Event) -> None:
        """Deliver until `stop` is set; a letter under way is finished first."""
        unreachable = False
        while not stop.is_set():
            wait: float = IDLE_SECONDS
            try:
                for chore in self.chores:
                    self._see_to(chore)
                if self.work_off(stop, at_most=STRETCH):
                    wait = 0
                unreachable = False
            except Unreachable as error:
                if not unreachable:
                    log.warning("mail server cannot be reached, letters wait: %s", error)
                unreachable, wait = True, OUTAGE_SECONDS
            except Exception as error:  # noqa: BLE001 (the loop goes on, whatever it was)
                log.error("mail worker: trying again in %s s: %s", OUTAGE_SECONDS, told(error))
                wait = OUTAGE_SECONDS
            finally:
                db.session.remove()
            stop.wait(wait)

    def _see_to(self, chore: Chore) -> None:
        try:
            chore.when_due(self.clock())
        except Exception as error:  # noqa: BLE001 (a chore holds up no mail)
            log.error("%s failed: %s", chore.name, told(error))
            db.session.remove()

    def work_off(self, stop: Event | None = None, *, at_most: timedelta | None = None) -> int:
        """Deliver everything that is due, or for a time, and return how many letters were settled.
        Raises Unreachable.
        """
        until = None if at_most is None else self.clock() + at_most
        letter_id = outbox.claim(self.clock(), most_a_minute=self.mails_a_minute)
        if letter_id is None:
            return 0
        try:
            self.courier.__enter__()
        except Unreachable:
            outbox.released(letter_id, now=self.clock())
            raise
        settled = 0
        try:
            while letter_id is not None:
                self._deliver(letter_id)
                settled += 1
                if stop is not None and stop.is_set():
                    break
                if until is not None and self.clock() > until:
                    break
                letter_id = outbox.claim(self.clock(), most_a_minute=self.mails_a_minute)
        finally:
            self.courier.__exit__(None, None, None)
        return settled

    def _deliver(self, letter_id: int) -> None:
        """Send a letter and settle it; at a fault in either it waits, longer each time, and holds
        up no other. Raises Unreachable.
        """
        try:
            self._send(letter_id)
        except Unreachable as error:
            outbox.deferred(letter_id, str(error), now=self.clock())
            raise
        except Exception as error:  # noqa: BLE001 (one letter holds up no other)
            log.error("letter %s could not be sent or settled: %s", letter_id, told(error))
            db.session.remove()  # a statement that failed would fail the next letter's
            outbox.deferred(letter_id, "a fault of the site; see its log", now=self.clock())

    def _send(self, letter_id: int) -> None:
        try:
            mail = self.compose(letter_id)
            if mail is None:
                outbox.refused(letter_id, "its reader is no longer kept")
                return
            self.courier.send(mail)
        except Withheld:
            log.info("letter %s withheld", letter_id)
            outbox.withheld(letter_id, now=self.clock())
        except Undeliverable as error:
            log.info("letter %s refused: %s", letter_id, error)
            bounces.refused(letter_id, str(error), mark=self.mark, now=self.clock())
        except Deferred as error:
            log.info("letter %s deferred: %s", letter_id, error)
            outbox.deferred(letter_id, str(error), now=self.clock())
        else:
            log.info("letter %s sent", letter_id)
            outbox.sent(letter_id, now=self.clock())
