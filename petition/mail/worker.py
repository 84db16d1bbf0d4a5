"""The mail worker: claims due emails, composes and sends them, and records what came of each."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from petition.core.errors import (
    EmailDeferred,
    EmailObsolete,
    EmailRefused,
    EmailWithheld,
    MailServerUnreachable,
    SignatureGone,
)
from petition.core.log_safety import safe_traceback
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.mail import bounces
from petition.mail.smtp import OutgoingMessage
from petition.mail.transports import Connect, Send
from petition.models.enums import EmailState
from petition.outbox import delivery

IDLE_SECONDS = 0.5  # while nothing is due
DELIVERY_PERIOD = timedelta(seconds=30)  # between runs of the background tasks
RECONNECT_SECONDS = 5.0  # while the server is down: emails leave within 10 s of its return

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """Sends due emails. Any number of workers may run at once."""

    connect: Connect
    compose: Callable[[int], OutgoingMessage]
    clock: Callable[[], datetime]
    tokens: Tokens
    background: Callable[[datetime], None] | None = None  # runs scheduled tasks
    emails_per_minute: int = 0  # of all workers together; 0: no limit

    def run(self, stop: Event) -> None:
        """Send due emails until `stop` is set; the current one is finished first."""
        unreachable = False
        while not stop.is_set():
            wait: float = IDLE_SECONDS
            try:
                if self.background is not None:
                    self.background(self.clock())
                if self.deliver_due(stop, at_most=DELIVERY_PERIOD):
                    wait = 0
                unreachable = False
            except MailServerUnreachable as error:
                if not unreachable:
                    log.warning("mail server unreachable, emails wait: %s", error)
                unreachable, wait = True, RECONNECT_SECONDS
            except Exception as error:  # noqa: BLE001 (an error must not end the worker)
                wait = RECONNECT_SECONDS
                log.error("mail worker failed, retry in %s s: %s", wait, safe_traceback(error))
            finally:
                db.session.remove()
            stop.wait(wait)

    def deliver_due(self, stop: Event | None = None, *, at_most: timedelta | None = None) -> int:
        """Send due emails, and return how many were tried. Raises: MailServerUnreachable."""
        end = None if at_most is None else self.clock() + at_most
        count = 0
        with ExitStack() as connected:
            email_id = self._claim()
            if email_id is None:
                return 0
            try:
                send = connected.enter_context(self.connect())
            except MailServerUnreachable:
                delivery.release(email_id, now=self.clock())
                raise
            while email_id is not None:
                self._deliver(email_id, send)
                count += 1
                if (stop is not None and stop.is_set()) or (end is not None and self.clock() > end):
                    break
                email_id = self._claim()
        return count

    def _claim(self) -> int | None:
        return delivery.claim(self.clock(), per_minute=self.emails_per_minute)

    def _deliver(self, email_id: int, send: Send) -> None:
        """Send and settle an email; defer it on any error. Raises: MailServerUnreachable."""
        try:
            outcome = self._send(email_id, send)
            log.info("email %s %s", email_id, outcome)
        except MailServerUnreachable as error:
            delivery.defer(email_id, str(error), now=self.clock())
            raise
        except Exception as error:  # noqa: BLE001 (one email delays no other)
            log.error("email %s could not be sent or settled: %s", email_id, safe_traceback(error))
            db.session.remove()  # a failed statement would fail those of the next email
            delivery.defer(email_id, "internal error, see the log", now=self.clock())

    def _send(self, email_id: int, send: Send) -> str:
        try:
            send(self.compose(email_id))
        except (EmailObsolete, SignatureGone):
            delivery.give_up(email_id, "what it is about was erased")
            return "dropped: what it is about was erased"
        except EmailWithheld:
            delivery.settle(email_id, EmailState.WITHHELD, now=self.clock())
            return "withheld"
        except EmailRefused as error:
            reason = str(error)
            bounces.refuse(email_id, reason, EmailState.DUE, tokens=self.tokens, now=self.clock())
            return f"refused: {reason}"
        except EmailDeferred as error:
            delivery.defer(email_id, str(error), now=self.clock())
            return f"deferred: {error}"
        delivery.settle(email_id, EmailState.SENT, now=self.clock())
        return "sent"
