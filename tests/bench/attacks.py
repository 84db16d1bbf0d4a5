"""Measure the site under attack: half forms, half heads and slow readers, all at once."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import repeat
from statistics import median
from urllib.parse import urlsplit

from tests.bench.download import sign_in
from tests.bench.load import Load, get, put_under_load
from tests.bench.output import print_line
from tests.bench.servers import Server
from tests.supervised_site import memory_of
from tests.waiting import PATIENCE

HALF_FORMS, HALF_HEADS, SLOW_READERS = 500, 200, 20
SECONDS = 3.0  # half a form is answered after ten
ROUNDS = 2


def measure(site: Server, link: str, slug: str, sign: Callable[[], Load]) -> bool:
    """Print what the attack costs others; return whether it is within the bounds."""
    page = repeat(get("/p/kuramshin"))

    def load_page() -> Load:
        return put_under_load(site.port, page, expect=b"200", seconds=SECONDS)

    cookie = sign_in(site.port, urlsplit(link).path)
    usual = [(load_page(), sign()) for _ in range(ROUNDS)]
    before = memory_of(site.processes())
    attacked = []
    for _ in range(ROUNDS):
        with ExitStack() as stack:
            for connection in _attack(site, f"/organisers/p/{slug}/signatures.csv", cookie):
                stack.enter_context(connection)
            attacked.append((load_page(), sign()))
            extra = memory_of(site.processes()) - before
    slower = _median(attacked, 0, "p50") / _median(usual, 0, "p50")
    rate = _median(attacked, 1, "per_second") / _median(usual, 1, "per_second")
    within = slower <= 2 and rate >= 0.5 and extra <= 60
    print_line(
        f"{'under attack':24} page's median {slower:.2f} of usual (at most 2), signing {rate:.2f}"
        f" (at least 0.5), {extra:.0f} MB more (at most 60)   {'ok' if within else 'FAILED'}"
    )
    return within


def _median(pairs: list[tuple[Load, Load]], index: int, name: str) -> float:
    return median(float(getattr(pair[index], name)) for pair in pairs)


def _attack(site: Server, path: str, cookie: str) -> Iterator[socket.socket]:
    form = "POST /p/kuramshin/sign HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999\r\n\r\nname="
    file = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n"
    for number, text in ((HALF_FORMS, form), (HALF_HEADS, "GET / HT"), (SLOW_READERS, file)):
        for _ in range(number):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(PATIENCE)
            client.connect(("127.0.0.1", site.port))
            client.sendall(text.encode())
            yield client
