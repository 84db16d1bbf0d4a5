"""The mail worker: claims due emails, composes and sends them, and records what came of each."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import Connection

from petition.core.errors import (
    EmailAwaitsAnswer,
    EmailDeferred,
    EmailNotFirst,
    EmailNotTried,
    EmailObsolete,
    EmailRefused,
    EmailWithheld,
    MailServerUnreachable,
    SignatureGone,
)
from petition.core.log_safety import safe_traceback
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.database.transactions import transaction
from petition.mail import bounces
from petition.mail.senders import Outcomes, Senders
from petition.mail.smtp import OutgoingMessage
from petition.mail.transports import Connect
from petition.models.enums import EmailState
from petition.outbox import delivery
from petition.signatures import codes

IDLE_SECONDS = 0.5  # while nothing is due
DELIVERY_PERIOD = timedelta(seconds=30)  # between runs of the background tasks
RECONNECT_SECONDS = 5.0  # while the server is down: emails leave within 10 s of its return

_FAULT = "could not be sent or settled"

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
    batch: int = 50  # emails claimed and settled together

    def run(self, stop: Event) -> None:
        """Send due emails until `stop` is set; the current batch is finished first."""
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
        with Senders(self.connect) as senders:
            while email_ids := self._claim():
                count += self._deliver_batch(email_ids, senders)
                if (stop is not None and stop.is_set()) or (end is not None and self.clock() > end):
                    break
        return count

    def _claim(self) -> list[int]:
        return delivery.claim(self.clock(), limit=self.batch, per_minute=self.emails_per_minute)

    def _deliver_batch(self, email_ids: list[int], senders: Senders) -> int:
        """Send and settle emails; return how many were tried. Raises: MailServerUnreachable.

        A crash before they are settled sends them again.
        """
        messages, outcomes = self._compose_batch(email_ids)
        second = [key for key, error in outcomes.items() if isinstance(error, EmailNotFirst)]
        outcomes |= senders.send(messages)
        self._settle_batch({key: outcomes[key] for key in outcomes if key not in second})
        if second:  # what goes first has its outcome now
            messages, outcomes_of_second = self._compose_batch(second)
            outcomes_of_second |= senders.send(messages)
            self._settle_batch(outcomes_of_second)
            outcomes |= outcomes_of_second
        if senders.unreachable is not None:
            raise senders.unreachable
        return sum(not isinstance(outcome, EmailNotTried) for outcome in outcomes.values())

    def _compose_batch(self, email_ids: list[int]) -> tuple[dict[int, OutgoingMessage], Outcomes]:
        """Compose emails and store their codes; return the messages, and why others have none."""
        messages: dict[int, OutgoingMessage] = {}
        outcomes: Outcomes = {}
        for email_id in email_ids:
            try:
                messages[email_id] = self.compose(email_id)
            except Exception as error:  # noqa: BLE001 (one email delays no other)
                outcomes[email_id] = error
                db.session.remove()  # a failed statement would fail those of the next email
        db.session.remove()
        hashes = {key: message.code_hash for key, message in messages.items() if message.code_hash}
        with transaction() as connection:
            codes.store_hashes(connection, hashes)
        return messages, outcomes

    def _settle_batch(self, outcomes: Outcomes) -> None:
        """Record what came of emails, in one transaction or, if that fails, in one for each."""
        try:
            with transaction() as connection:
                results = {key: self._settle(connection, key, outcomes[key]) for key in outcomes}
        except Exception:  # noqa: BLE001 (one email delays no other)
            results = {key: self._settle_alone(key, outcomes[key]) for key in outcomes}
        for email_id, result in results.items():
            if result:
                level = logging.ERROR if result.startswith(_FAULT) else logging.INFO
                log.log(level, "email %s %s", email_id, result)

    def _settle_alone(self, email_id: int, outcome: Exception | None) -> str:
        try:
            with transaction() as connection:
                return self._settle(connection, email_id, outcome)
        except Exception as error:  # noqa: BLE001
            with transaction() as connection:
                return self._settle(connection, email_id, error)

    def _settle(self, connection: Connection, email_id: int, outcome: Exception | None) -> str:
        """Record what came of an email; return it in words for the log."""
        now = self.clock()
        match outcome:
            case None:
                delivery.settle(connection, email_id, EmailState.SENT, now=now)
                return "sent"
            case EmailAwaitsAnswer():
                delivery.await_answer(connection, email_id)
                return ""
            case EmailNotTried():
                delivery.release(connection, email_id, now=now)
                return ""
            case EmailObsolete() | SignatureGone():
                delivery.give_up(connection, email_id, "what it is about was erased")
                return "dropped: what it is about was erased"
            case EmailWithheld():
                delivery.settle(connection, email_id, EmailState.WITHHELD, now=now)
                return "withheld"
            case EmailRefused():
                reason, due = str(outcome), EmailState.DUE
                bounces.refuse(connection, email_id, reason, due, tokens=self.tokens, now=now)
                return f"refused: {reason}"
            case EmailNotFirst():
                delivery.defer(connection, email_id, "another email goes first", now=now)
                return "deferred: another email to this mailbox goes first"
            case EmailDeferred() | MailServerUnreachable():
                delivery.defer(connection, email_id, str(outcome), now=now)
                return f"deferred: {outcome}"
            case _:
                delivery.defer(connection, email_id, "internal error, see the log", now=now)
                return f"{_FAULT}: {safe_traceback(outcome)}"
