"""Generate load: open connections, each sending its next request when the last is answered.

One process with plain sockets. It shares the processors with the server, so its cost is in every
figure.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.waiting import PATIENCE

CONNECTIONS = 8
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """The result: answers per second, and percentiles of the response time in ms."""

    per_second: float
    p50: float
    p99: float
    answers: int


class WrongAnswerError(Exception):
    """Raised when an answer is not the expected one: the figures of such a run are wrong."""


@dataclass
class _Connection:
    socket: socket.socket
    sent: float = 0.0
    answer: bytes = b""


def get(path: str) -> bytes:
    """Return a request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n\r\n".encode()


def post(path: str, body: str, network: str = "192.0.2.1") -> bytes:
    """Return a request that submits a form from a network, as a proxy reports it."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Forwarded-For: {network}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def put_under_load(
    port: int,
    requests: Iterator[bytes],
    *,
    expect: bytes,
    seconds: float,
    connections: int = CONNECTIONS,
) -> Load:
    """Send requests on some connections for some seconds, or until there are no more.

    Raises WrongAnswerError at the first answer whose status is not `expect`.
    """
    selector = selectors.DefaultSelector()
    opened = [_open(port) for _ in range(connections)]
    times: list[float] = []
    start = time.perf_counter()
    for connection in opened:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        _send(connection, next(requests))
    waiting = connections
    while waiting:
        for key, _ in selector.select(timeout=PATIENCE):
            connection = key.data
            if not _receive(connection, expect):
                continue
            now = time.perf_counter()
            times.append(now - connection.sent)
            following = next(requests, None) if now - start < seconds else None
            if following is None:
                waiting -= 1
                selector.unregister(connection.socket)
            else:
                _send(connection, following)
    duration = time.perf_counter() - start
    for connection in opened:
        connection.socket.close()
    times.sort()
    p50, p99 = (times[int(len(times) * share)] * 1_000 for share in (0.5, 0.99))
    return Load(len(times) / duration, p50, p99, len(times))


def _open(port: int) -> _Connection:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(connection)


def _send(connection: _Connection, request: bytes) -> None:
    connection.answer = b""
    connection.sent = time.perf_counter()
    connection.socket.sendall(request)


def _receive(connection: _Connection, expect: bytes) -> bool:
    """Receive a part of the answer and return whether it is complete."""
    data = connection.socket.recv(262_144)
    if not data:
        raise WrongAnswerError("the server closed the connection")
    connection.answer += data
    head, end, body = connection.answer.partition(END_OF_HEAD)
    if not end:
        return False
    if head[9:12] != expect:
        raise WrongAnswerError(head[:200].decode("latin-1"))
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)
