"""Several connections to the mail server, each used by a thread of its own."""

import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from math import ceil
from typing import Self

from petition.core.errors import EmailNotTried, MailServerUnreachable
from petition.mail.smtp import OutgoingMessage
from petition.mail.transports import Connect, Send

MAX_CONNECTIONS = 4
EMAILS_PER_CONNECTION = 12  # further ones are worth another connection
SECONDS = 0.5  # in which the emails of a batch are begun

Outcomes = dict[int, Exception | None]  # by id of the email; None: the server has it


class Senders:
    """The connections: one for a few emails, up to four for many, as far as the server allows."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._sends: list[Send] = []
        self._limit = MAX_CONNECTIONS
        self.unreachable: MailServerUnreachable | None = None  # why nothing is sent any more
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        pool = ThreadPoolExecutor(MAX_CONNECTIONS, thread_name_prefix="sender")
        self._pool = self._resources.enter_context(pool)
        return self

    def __exit__(self, *error: object) -> None:
        self._resources.close()

    @property
    def is_connected(self) -> bool:
        """Whether the mail server has accepted a connection."""
        return bool(self._sends)

    def send(self, messages: Mapping[int, OutgoingMessage]) -> Outcomes:
        """Send messages, by id of their emails, and return what came of each.

        What is not begun within `SECONDS`, or before the server fails, is EmailNotTried.
        """
        try:
            self._open(ceil(len(messages) / EMAILS_PER_CONNECTION))
        except MailServerUnreachable as error:
            self.unreachable = error
            return dict.fromkeys(messages, EmailNotTried())
        waiting = deque(messages.items())
        outcomes: Outcomes = {}
        end = time.monotonic() + SECONDS

        def send_waiting(send: Send) -> None:
            while waiting:
                try:
                    email_id, message = waiting.popleft()
                except IndexError:  # another thread was faster
                    return
                if self.unreachable is not None or time.monotonic() > end:
                    outcomes[email_id] = EmailNotTried()
                    continue
                try:
                    send(message)
                    outcomes[email_id] = None
                except Exception as error:  # noqa: BLE001 (the worker records it)
                    outcomes[email_id] = error
                    if isinstance(error, MailServerUnreachable):
                        self.unreachable = error

        # Flask-Mail asks for the current application.
        threads = [self._pool.submit(copy_context().run, send_waiting, one) for one in self._sends]
        for thread in threads:
            thread.result()
        return outcomes

    def _open(self, wanted: int) -> None:
        """Open connections. Raises: MailServerUnreachable if there is none."""
        while len(self._sends) < min(wanted, self._limit):
            try:
                self._sends.append(self._resources.enter_context(self._connect()))
            except MailServerUnreachable:
                if not self._sends:
                    raise
                self._limit = len(self._sends)  # the server allows no more
