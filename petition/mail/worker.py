"""The mail worker: takes letters out of the box and hands them to the courier, until it is told to
stop.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from petition.core.errors import EmailDeferred, EmailRefused, EmailWithheld, MailServerUnreachable
from petition.core.log_safety import safe_traceback
from petition.database.base import db
from petition.mail import bounces
from petition.mail.smtp import ComposedEmail
from petition.mail.transports import Transport
from petition.outbox import delivery

IDLE_SECONDS = 0.5  # between looks into an empty box
STRETCH = timedelta(seconds=30)  # of delivering, between looks at the chores
OUTAGE_SECONDS = 5.0  # between tries to reach the server: mails leave within 10 s of its return

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """Delivers due letters. Any number of workers may run at once."""

    transport: Transport
    compose: Callable[[int], ComposedEmail | None]
    clock: Callable[[], datetime]
    mark: bounces.MarkAddress
    background: Callable[[datetime], None] | None = None  # called between stretches of delivery
    mails_a_minute: int = 0  # over all workers; 0 for as many as there are

    def run(self, stop: Event) -> None:
        """Deliver until `stop` is set; a letter under way is finished first."""
        unreachable = False
        while not stop.is_set():
            wait: float = IDLE_SECONDS
            try:
                if self.background is not None:
                    self.background(self.clock())
                if self.work_off(stop, at_most=STRETCH):
                    wait = 0
                unreachable = False
            except MailServerUnreachable as error:
                if not unreachable:
                    log.warning("mail server cannot be reached, letters wait: %s", error)
                unreachable, wait = True, OUTAGE_SECONDS
            except Exception as error:  # noqa: BLE001 (the loop goes on, whatever it was)
                log.error(
                    "mail worker: trying again in %s s: %s", OUTAGE_SECONDS, safe_traceback(error)
                )
                wait = OUTAGE_SECONDS
            finally:
                db.session.remove()
            stop.wait(wait)

    def work_off(self, stop: Event | None = None, *, at_most: timedelta | None = None) -> int:
        """Deliver everything that is due, or for a time, and return how many letters were settled.
        Raises Unreachable.
        """
        until = None if at_most is None else self.clock() + at_most
        email_id = delivery.claim(self.clock(), most_a_minute=self.mails_a_minute)
        if email_id is None:
            return 0
        try:
            self.transport.__enter__()
        except MailServerUnreachable:
            delivery.release(email_id, now=self.clock())
            raise
        settled = 0
        try:
            while email_id is not None:
                self._deliver(email_id)
                settled += 1
                if stop is not None and stop.is_set():
                    break
                if until is not None and self.clock() > until:
                    break
                email_id = delivery.claim(self.clock(), most_a_minute=self.mails_a_minute)
        finally:
            self.transport.__exit__(None, None, None)
        return settled

    def _deliver(self, email_id: int) -> None:
        """Send a letter and settle it; at a fault in either it waits, longer each time, and holds
        up no other. Raises Unreachable.
        """
        try:
            self._send(email_id)
        except MailServerUnreachable as error:
            delivery.defer(email_id, str(error), now=self.clock())
            raise
        except Exception as error:  # noqa: BLE001 (one letter holds up no other)
            log.error("email %s could not be sent or settled: %s", email_id, safe_traceback(error))
            db.session.remove()  # a statement that failed would fail the next letter's
            delivery.defer(email_id, "a fault of the site; see its log", now=self.clock())

    def _send(self, email_id: int) -> None:
        try:
            mail = self.compose(email_id)
            if mail is None:
                delivery.mark_refused(email_id, "its reader is no longer kept")
                return
            self.transport.send(mail)
        except EmailWithheld:
            log.info("email %s withheld", email_id)
            delivery.mark_withheld(email_id, now=self.clock())
        except EmailRefused as error:
            log.info("email %s refused: %s", email_id, error)
            bounces.record_refusal(email_id, str(error), mark=self.mark, now=self.clock())
        except EmailDeferred as error:
            log.info("email %s deferred: %s", email_id, error)
            delivery.defer(email_id, str(error), now=self.clock())
        else:
            log.info("email %s sent", email_id)
            delivery.mark_sent(email_id, now=self.clock())
