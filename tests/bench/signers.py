"""Signers for a site whose processes are killed, and the mail server that their links come from."""

import socket
from collections import Counter
from itertools import count
from queue import Empty, SimpleQueue
from threading import Event, Thread
from urllib.parse import urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.bench.__main__ import filled
from tests.bench.load import post
from tests.post_office import PostOffice
from tests.waiting import PATIENCE

SIGNERS = 4
PAUSE_SECONDS = 0.02  # of a signer between two signatures, so that the emails keep pace


class CountedMail(PostOffice):
    """Counts emails by recipient and by whether they ask to confirm; keeps the links that do."""

    def __init__(self) -> None:
        super().__init__()
        self.received: Counter[tuple[str, bool]] = Counter()
        self.links: SimpleQueue[tuple[str, str]] = SimpleQueue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer DATA: count the email."""
        answer = await super().handle_DATA(server, session, envelope)
        email = self.arrived.pop()
        path = urlsplit(email.link).path
        key = email.recipients[0], "/confirm/" in path
        self.received[key] += 1
        if key[1] and self.received[key] == 1:
            self.links.put((email.recipients[0], path))
        return answer


class Signers:
    """Threads that sign with new addresses and confirm by the links that arrive."""

    def __init__(self, port: int, mail: CountedMail) -> None:
        self.signed: list[str] = []  # the acknowledged ones, as are the confirmed ones
        self.confirmed: list[str] = []
        self.refused: Counter[str] = Counter()  # answers other than 303
        self._port, self._links = port, mail.links
        self._numbers = count()
        self._stop = Event()
        self._threads = [Thread(target=self._run, daemon=True) for _ in range(SIGNERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let each finish its request."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            number = next(self._numbers)
            (form,) = filled("/p/kuramshin/sign", [number])
            if self._is_acknowledged(form):
                self.signed.append(f"s{number}@domain{number % 5_000}.net")
            try:
                address, path = self._links.get_nowait()
            except Empty:
                continue
            if self._is_acknowledged(post(path, "entry=1")):
                self.confirmed.append(address)

    def _is_acknowledged(self, request: bytes) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as connection:
                connection.sendall(request)
                head = connection.recv(4096)
        except ConnectionError:
            return False
        status = head[9:12].decode()
        if status not in {"", "303"}:
            self.refused[status] += 1
        return status == "303"
