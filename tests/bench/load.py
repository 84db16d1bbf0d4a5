"""The load: open connections, each sending its next request when the last is answered.

One process, plain sockets. It shares the processors with the server: what it costs is in every
figure, the floor's included.
"""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

CONNECTIONS = 8
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Load:
    """What came of a load: answers per second, and how long the slowest hundredth took (ms)."""

    per_second: float
    p99: float
    answers: int


class WrongAnswerError(Exception):
    """An answer that was not the expected one: figures of such a run mean nothing."""


@dataclass
class _Connection:
    socket: socket.socket
    sent: float = 0.0
    answer: bytes = b""


def get(path: str) -> bytes:
    """Return a request for a page."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n\r\n".encode()


def post(path: str, body: str, network: str = "192.0.2.1") -> bytes:
    """Return a request that sends a form, from a network as a proxy names it."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: en\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"X-Forwarded-For: {network}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def put_under_load(port: int, requests: Iterator[bytes], *, expect: bytes, seconds: float) -> Load:
    """Send requests for so many seconds, or until there are no more.

    Raises WrongAnswerError at the first answer whose status is not `expect`.
    """
    selector = selectors.DefaultSelector()
    connections = [_open(port) for _ in range(CONNECTIONS)]
    times: list[float] = []
    began = time.perf_counter()
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        _send(connection, next(requests))
    waiting = len(connections)
    while waiting:
        for key, _ in selector.select(timeout=30):
            connection = key.data
            if not _receive(connection, expect):
                continue
            now = time.perf_counter()
            times.append(now - connection.sent)
            following = next(requests, None) if now - began < seconds else None
            if following is None:
                waiting -= 1
                selector.unregister(connection.socket)
            else:
                _send(connection, following)
    took = time.perf_counter() - began
    for connection in connections:
        connection.socket.close()
    times.sort()
    return Load(len(times) / took, times[int(len(times) * 0.99)] * 1000, len(times))


def _open(port: int) -> _Connection:
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(connection)


def _send(connection: _Connection, request: bytes) -> None:
    connection.answer = b""
    connection.sent = time.perf_counter()
    connection.socket.sendall(request)


def _receive(connection: _Connection, expect: bytes) -> bool:
    """Read what has come and say whether the answer is whole."""
    piece = connection.socket.recv(262_144)
    if not piece:
        raise WrongAnswerError("the server hung up")
    connection.answer += piece
    head, found, body = connection.answer.partition(END_OF_HEAD)
    if not found:
        return False
    if head[9:12] != expect:
        raise WrongAnswerError(head[:200].decode("latin-1"))
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)
