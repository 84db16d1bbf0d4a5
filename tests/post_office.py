"""An SMTP server for the tests: it keeps emails, or refuses and defers them when asked to."""

import asyncio
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.waiting import PATIENCE, wait_until


@dataclass(frozen=True)
class Arrived:
    """An email that arrived: envelope and message."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes

    @property
    def text(self) -> str:
        """The plain text part."""
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    @property
    def html(self) -> str:
        """The HTML part."""
        body = self.message.get_body(("html",))
        assert body is not None
        return str(body.get_content())

    @property
    def headers(self) -> str:
        """The headers of the message as they arrived."""
        return self.raw.partition(b"\r\n\r\n")[0].decode()

    @property
    def link(self) -> str:
        """The first link in the text."""
        return str(re.findall(r"https?://\S+", self.text)[0])

    def link_to(self, page: str) -> str:
        """The link in the text that leads to a page, such as `my` or `not-me`."""
        (link,) = re.findall(rf"https?://[^/\s]+/{page}/\S+", self.text)
        return str(link)

    @property
    def code(self) -> str:
        """The six digits in the text."""
        ((first, second),) = re.findall(r"(?m)^(\d{3})\xa0(\d{3})\s*$", self.text)
        return f"{first}{second}"


class PostOffice:
    """The server. `answers` maps a recipient to the reply that refuses it.

    `data_answer`, where set, is the reply to every message. `smtputf8` is whether it has that
    extension, as most servers do.
    """

    def __init__(self, port: int = 0) -> None:
        self.arrived: list[Arrived] = []
        self.answers: dict[str, str] = {}
        self.data_answer: str | None = None
        self.smtputf8 = True
        self.hangs_up = False  # in place of an answer to a message
        self._port = port
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on; the same after a restart."""
        return self._port

    def start(self) -> None:
        """Start to listen."""
        self._controller = _Controller(
            self, hostname="127.0.0.1", port=self._port, ready_timeout=PATIENCE
        )
        self._controller.start()
        self._port = self._controller.port

    def stop(self) -> None:
        """Stop to listen: connections are refused. Idempotent."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def mail_to(self, address: str, subject: str = "") -> Arrived:
        """Wait for the first email to an address, or the first with that subject."""
        for number in range(1, 100):
            mail = self.wait_for(number)[number - 1]
            if mail.recipients == [address] and subject in (mail.message["Subject"], ""):
                return mail
        raise AssertionError(address)

    def wait_for(self, number: int) -> list[Arrived]:
        """Return the emails as soon as `number` have arrived."""
        wait_until(lambda: len(self.arrived) >= number, f"{number} emails")
        return self.arrived

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Answer RCPT TO."""
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer DATA: keep the email."""
        if self.hangs_up:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "250 OK"
        if self.data_answer is not None:
            return self.data_answer
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.arrived.append(
            Arrived(str(envelope.mail_from), list(envelope.rcpt_tos), message, envelope.content)
        )
        return "250 OK"


class _Controller(Controller):
    """Finds out the port that the system chose for port 0, which aiosmtpd does not."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]

    def factory(self) -> SMTP:
        """Return the protocol."""
        return SMTP(
            self.handler, enable_SMTPUTF8=self.handler.smtputf8, hostname="sink.example.org"
        )
