"""The mail worker: claims due emails, composes and sends them, and records what came of each."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from sqlalchemy import Connection

from petition.core.errors import (
    ConnectionLost,
    EmailAwaitsAnswer,
    EmailDeferred,
    EmailNotFirst,
    EmailNotTried,
    EmailObsolete,
    EmailRefused,
    EmailWithheld,
    MailServerUnreachable,
    PetitionError,
    SenderRefused,
    SignatureGone,
)
from petition.core.faults import describe, find_outage, log_fault, log_stack
from petition.core.tokens import Tokens
from petition.database.base import db
from petition.database.transactions import transaction
from petition.mail import bounces, refusals
from petition.mail.senders import Outcomes, Senders
from petition.mail.smtp import OutgoingMessage
from petition.mail.transports import Connect
from petition.models.enums import EmailState
from petition.outbox import delivery, news_emails
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
    refill: Callable[[datetime], object] | None = None  # enqueues more of what is long
    emails_per_minute: int = 0  # of all workers together; 0: no limit
    batch: int = 50  # emails claimed and settled together
    server: str = "-"  # the mail server, for the log

    def run(self, stop: Event) -> None:
        """Send due emails until `stop` is set; the current batch is finished first."""
        unreachable = False
        outage: str | None = None
        while not stop.is_set():
            wait: float = IDLE_SECONDS
            try:
                if self.background is not None:
                    self.background(self.clock())
                with Senders(self.connect) as senders:
                    if self._deliver_due(senders, stop, DELIVERY_PERIOD):
                        wait = 0
                if unreachable and senders.is_connected:
                    unreachable = False
                    log.warning("mail server %s reached again", self.server)
                if outage is not None:
                    log.info("the mail worker goes on")
                outage = None
            except SenderRefused:
                unreachable = False  # it answers, and the refusal is logged
            except MailServerUnreachable as error:
                if not unreachable:
                    log.warning(
                        "mail server %s cannot be reached, emails wait: %s", self.server, error
                    )
                unreachable, wait = True, RECONNECT_SECONDS
            except Exception as error:  # noqa: BLE001 (an error must not end the worker)
                wait = RECONNECT_SECONDS
                before, outage = outage, find_outage(error)
                if outage is not None and outage == before:
                    continue  # it is in the log
                log_fault(log, error, "mail worker failed, retry in %s s", wait)
            finally:
                db.session.remove()
                stop.wait(wait)

    def deliver_due(self, stop: Event | None = None, *, at_most: timedelta | None = None) -> int:
        """Send due emails, and return how many were tried.

        Raises: MailServerUnreachable, SenderRefused.
        """
        with Senders(self.connect) as senders:
            return self._deliver_due(senders, stop, at_most)

    def _deliver_due(self, senders: Senders, stop: Event | None, at_most: timedelta | None) -> int:
        end = None if at_most is None else self.clock() + at_most
        count = 0
        while email_ids := self._claim():
            count += self._deliver_batch(email_ids, senders)
            if (stop is not None and stop.is_set()) or (end is not None and self.clock() > end):
                break
        return count

    def _claim(self) -> list[int]:
        if self.refill is not None:
            self.refill(self.clock())
        return delivery.claim(self.clock(), limit=self.batch, per_minute=self.emails_per_minute)

    def _deliver_batch(self, email_ids: list[int], senders: Senders) -> int:
        """Send and settle emails; return how many were tried. Raises: MailServerUnreachable.

        A crash before they are settled sends them again, but no news.
        """
        messages, outcomes = self._compose_batch(email_ids)
        second = [key for key, error in outcomes.items() if isinstance(error, EmailNotFirst)]
        others = {key: outcomes[key] for key in outcomes if key not in second}
        outcomes |= self._send_batch(messages, others, senders)
        if second:  # what goes first has its outcome now
            messages, outcomes_of_second = self._compose_batch(second)
            outcomes |= self._send_batch(messages, outcomes_of_second, senders)
        if senders.unreachable is not None:
            raise senders.unreachable
        return sum(not isinstance(outcome, EmailNotTried) for outcome in outcomes.values())

    def _send_batch(
        self, messages: dict[int, OutgoingMessage], outcomes: Outcomes, senders: Senders
    ) -> Outcomes:
        """Send messages, settle them and emails with an outcome, and return all outcomes."""
        replies = senders.send(messages)
        self._settle_batch(outcomes, replies, senders)
        return outcomes | replies

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
        once = [key for key, message in messages.items() if message.at_most_once]
        with transaction() as connection:
            codes.store_hashes(connection, hashes)
            for key in {*once} - news_emails.mark_begun(connection, once):
                del messages[key]  # paused or stopped meanwhile
        return messages, outcomes

    def _settle_batch(self, outcomes: Outcomes, replies: Outcomes, senders: Senders) -> None:
        """Record what came of emails, in one transaction or, if that fails, in one for each.

        `replies` are the mail server's, `outcomes` those of emails that were not sent.
        """
        line = ""
        try:
            with transaction() as connection:
                repeated = refusals.find_repeated(connection, replies)
                alone = {
                    key: EmailDeferred(str(replies[key]))
                    for key in repeated
                    if isinstance(replies[key], SenderRefused)
                }
                settled = outcomes | replies | alone
                sent = [key for key, outcome in settled.items() if outcome is None]
                delivery.settle(connection, sent, EmailState.SENT, now=self.clock())
                results = {
                    key: "sent" if outcome is None else self._settle(connection, key, outcome)
                    for key, outcome in settled.items()
                }
                line = refusals.update_pause(
                    connection,
                    replies,
                    repeated,
                    senders.unreachable,
                    tokens=self.tokens,
                    now=self.clock(),
                )
        except Exception:  # noqa: BLE001 (one email delays no other)
            settled = outcomes | replies
            results = {key: self._settle_alone(key, settled[key]) for key in settled}
        else:
            if senders.unreachable in map(replies.get, alone):
                senders.unreachable = None  # the others go on
        for email_id, result in results.items():
            if result:
                level = logging.ERROR if result.startswith(_FAULT) else logging.INFO
                log.log(level, "email %s %s", email_id, result)
        if line:
            log.warning("mail server %s %s", self.server, line)

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
        if isinstance(outcome, PetitionError) and not isinstance(outcome, ConnectionLost):
            news_emails.take_back(connection, [email_id])
        match outcome:
            case None:
                delivery.settle(connection, [email_id], EmailState.SENT, now=now)
                return "sent"
            case EmailAwaitsAnswer():
                delivery.await_answer(connection, email_id)
                return ""
            case EmailNotTried():
                delivery.release(connection, email_id, now=now)
                return ""
            case EmailObsolete() | SignatureGone():
                delivery.give_up(connection, email_id, delivery.ERASED)
                return f"dropped: {delivery.ERASED}"
            case EmailWithheld():
                delivery.settle(connection, [email_id], EmailState.WITHHELD, now=now)
                return "withheld"
            case EmailRefused():
                reason, due = str(outcome), EmailState.DUE
                bounces.refuse(connection, email_id, reason, due, tokens=self.tokens, now=now)
                return f"refused: {reason}"
            case EmailNotFirst():
                # The other's reason, as its page shows it: no page may show a suppression.
                reason = str(outcome) or "another email goes first"
                delivery.defer(connection, email_id, reason, now=now)
                return "deferred: another email to this mailbox goes first"
            case SenderRefused():
                delivery.defer(connection, email_id, str(outcome), give_up_after=None, now=now)
                return f"deferred: {outcome}"
            case EmailDeferred() | MailServerUnreachable():
                delivery.defer(connection, email_id, str(outcome), now=now)
                return f"deferred: {outcome}"
            case _:
                delivery.defer(connection, email_id, "internal error, see the log", now=now)
                log_stack(log, outcome)
                return f"{_FAULT}: {describe(outcome)}"
