"""Tor is never refused: its exits are fetched once a day, from a real server here, and known to
processes that run already.
"""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest
from flask import Flask
from sqlalchemy import select

from petition.abuse import burst_detection, tor
from petition.abuse.networks import Networks
from petition.core.clock import now
from petition.database.base import db
from petition.models import Email
from tests.browsing import browser, post
from tests.factories import TODAY, MakeApp, make_petition, tasks_of

EXIT, OTHER = "198.51.100.7", "203.0.113.9"
pytestmark = pytest.mark.usefixtures("stopped_clock")
LIST = f"# exits\n\n{EXIT}\n  192.0.2.0/30  # a family\n2001:db8::7\nnonsense\n192.0.2.300\n"
KNOWN = {EXIT, "192.0.2.0", "192.0.2.3", "2001:db8::7"}
UNKNOWN = {OTHER, "192.0.2.4", "2001:db8::8", "::c633:6407"}


class Server(ThreadingHTTPServer):
    """Serves what `body`, `status`, `length` and `sent_to` say, and counts who asks."""

    body = LIST.encode()
    status = 200
    length: int | None = None  # that is promised, where it is not the body's
    sent_to = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/exits?all=1"


class Answer(BaseHTTPRequestHandler):
    """One answer of the server."""

    server: Server

    def do_GET(self) -> None:
        """Answer, or send away from the first address."""
        self.server.asked.append((self.path, self.headers["User-Agent"]))
        away = self.server.sent_to and self.path.startswith("/exits")
        self.send_response(302 if away else self.server.status)
        if away:
            self.send_header("Location", self.server.sent_to)
        body = b"" if away else self.server.body
        self.send_header("Content-Length", str(self.server.length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server for a while."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a running server of a list."""
    with serving() as server:
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return where the list is kept."""
    return tmp_path / tor.EXITS_FILE


def held(exits: tor.TorExits, addresses: set[str]) -> set[str]:
    """Return those of the addresses that are exits."""
    return {address for address in addresses if ip_address(address) in exits}


def run_tasks(app: Flask, at_hour: float = 0) -> None:
    """Let a worker that has just begun look at its tasks, some hours from noon."""
    for task in tasks_of(app):
        if task.name == "tor exits":
            task.run_if_due(TODAY + timedelta(hours=at_hour))
    for thread in threading.enumerate():
        if thread.name == "tor exits":
            thread.join()


# --- fetching


def test_the_list_is_fetched_into_a_file_that_nobody_else_reads(server: Server, file: Path) -> None:
    assert tor.fetch(server.address, file, now=TODAY) == 3
    assert held(tor.TorExits(file), KNOWN | UNKNOWN) == KNOWN
    lines = file.read_text(encoding="ascii").splitlines()
    assert lines == [f"{EXIT}/32", "192.0.2.0/30", "2001:db8::7/128"], "what is no exit is not kept"
    assert file.stat().st_mode & 0o777 == 0o600
    assert server.asked == [("/exits?all=1", "petition")]
    assert [path.name for path in file.parent.iterdir()] == [tor.EXITS_FILE], (
        "no unfinished one is left"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"body": b"<!doctype html>\n<title>Sign in to this network</title>\n"},
        {"body": b""},
        {"body": b"# nobody\n"},
        {"body": b"0.0.0.0/0\n::/0\n128.0.0.0/1\n10.0.0.0/15\n2001::/31\n"},
        {"body": b"\xff\xfe1\x009\x002\x00"},
        {"body": f"{OTHER}\n".encode() * 150_000 + b"\n" * tor.MAX_BYTES},
        {"body": b"203.0.113.9\n203.0.113.", "length": 4_000},
        {"status": 404},
        {"status": 500},
        {"sent_to": "/exits"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_is_no_list_leaves_the_earlier_one(
    server: Server, file: Path, changes: dict[str, object]
) -> None:
    tor.fetch(server.address, file, now=TODAY)
    earlier = file.read_bytes()
    for name, value in changes.items():
        setattr(server, name, value)
    with pytest.raises((OSError, ValueError)):
        tor.fetch(server.address, file, now=TODAY + timedelta(days=1))
    assert file.read_bytes() == earlier
    assert held(tor.TorExits(file), KNOWN | UNKNOWN) == KNOWN


def test_a_server_that_hangs_up_or_is_gone_leaves_the_earlier_list(file: Path) -> None:
    file.write_text(f"{EXIT}\n", encoding="ascii")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"

        def hang_up() -> None:
            silent.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises((OSError, ValueError)):
            tor.fetch(address, file, now=TODAY)
        thread.join()
    with pytest.raises(ConnectionRefusedError):
        tor.fetch(address, file, now=TODAY)
    assert held(tor.TorExits(file), {EXIT, OTHER}) == {EXIT}


def test_a_list_that_has_moved_is_followed(server: Server, file: Path) -> None:
    server.sent_to = "/moved"
    assert tor.fetch(server.address, file, now=TODAY) == 3
    assert [path for path, _ in server.asked] == ["/exits?all=1", "/moved"]


@pytest.mark.parametrize(
    ("listed", "sent_to"),
    [
        ("http://example.org/", "ftp://example.org/"),
        ("http://example.org/", "file:///etc/hosts"),
        ("https://example.org/", "http://example.org/"),
    ],
)
def test_a_list_that_has_moved_to_another_scheme_is_not_followed(listed: str, sent_to: str) -> None:
    handler, request = tor.SafeRedirects(), Request(listed)  # noqa: S310 (nothing is opened)
    with pytest.raises(HTTPError) as refused:
        handler.redirect_request(request, BytesIO(), 302, "Found", HTTPMessage(), sent_to)
    refused.value.close()


def test_networks_too_wide_are_left_out_of_a_good_list(server: Server, file: Path) -> None:
    server.body = b"0.0.0.0/0\n203.0.0.0/15\n::/0\n" + LIST.encode()
    assert tor.fetch(server.address, file, now=TODAY) == 3
    assert held(tor.TorExits(file), KNOWN | UNKNOWN) == KNOWN


# --- knowing them


def test_a_file_that_changes_is_noticed_by_who_has_read_it(file: Path) -> None:
    exits = tor.TorExits(file)
    assert held(exits, {EXIT, OTHER}) == set(), "there is none yet"
    file.write_text(f"{EXIT}\n", encoding="ascii")
    assert held(exits, {EXIT, OTHER}) == {EXIT}
    os.utime(file, (0, 0))
    other = file.with_suffix(".new")
    other.write_text("198.51.100.8\n", encoding="ascii")
    os.utime(other, (0, 0))
    other.replace(file)
    assert held(exits, {EXIT, "198.51.100.8"}) == {"198.51.100.8"}, "of the same size and date"
    file.unlink()
    assert held(exits, {EXIT, "198.51.100.8"}) == set()


def test_a_list_put_there_by_hand_lets_not_everybody_in(file: Path) -> None:
    file.write_bytes(b"0.0.0.0/0\n::/0\n\xff\n198.51.0.0/16\r\n2001:db8::/32\n")
    everybody = {EXIT, OTHER, "2001:db8:7::1", "2001:db9::1"}
    assert held(tor.TorExits(file), everybody) == {EXIT, "2001:db8:7::1"}


def test_an_unreadable_list_is_logged_once_and_has_no_exits(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.mkdir()
    exits = tor.TorExits(file)
    assert held(exits, {EXIT, OTHER}) == set()
    assert [record.getMessage() for record in caplog.records] == [
        "tor-exits.txt cannot be read: IsADirectoryError"
    ]


def test_networks_know_exits_in_every_spelling_of_an_address(file: Path) -> None:
    file.write_text(LIST, encoding="ascii")
    known = Networks((), (), tor.TorExits(file))
    for address in (EXIT, f"::ffff:{EXIT}", "2001:0DB8:0::7", "2001:db8::7%eth0"):
        assert known.is_never_refused(address)
        assert not known.is_allowed(address), "the extra step is for them, too"
    for stranger in (OTHER, f"::ffff:{OTHER}", "2001:db8::8", "", "unix:", None):
        assert not known.is_never_refused(stranger)
    assert not Networks((), ()).is_never_refused(EXIT)


# --- the task


@pytest.fixture
def fetching(make_app: MakeApp, server: Server) -> Iterator[Flask]:
    """Return an application with limits in force that fetches the list of the server."""
    app = make_app(
        RATELIMIT_ENABLED=True,
        RATELIMIT_FREE=1,
        RATELIMIT_MOST=1,
        TRUSTED_PROXIES=1,
        TOR_EXITS=server.address,
    )
    with app.app_context():
        yield app


def test_an_exit_gets_the_challenge_and_is_never_refused(fetching: Flask) -> None:
    make_petition()
    client = browser(fetching, use_cookies=False)

    def statuses(name: str, network: str) -> list[int]:
        return [post(client, f"{name}{n}@example.org", network).status_code for n in range(4)]

    assert statuses("a", EXIT) == [303, 429, 429, 429], "no list yet"
    run_tasks(fetching)
    assert statuses("b", EXIT) == [303, 422, 422, 422], "and the site goes on running"
    assert statuses("c", f"::ffff:{EXIT}") == [422] * 4
    assert statuses("d", OTHER) == [303, 429, 429, 429]


def test_whoever_asks_for_an_email_over_tor_is_not_refused_either(fetching: Flask) -> None:
    run_tasks(fetching)
    client = browser(fetching, use_cookies=False)
    asked = {"email": "anna@example.org"}
    for network, last in ((EXIT, 422), (OTHER, 429)):
        headers = {"X-Forwarded-For": network}
        codes = [client.post("/my", data=asked, headers=headers).status_code for _ in range(6)]
        assert codes == [200] * 4 + [last] * 2


def test_many_signatures_from_an_exit_are_no_burst(
    make_app: MakeApp, server: Server, file: Path
) -> None:
    app = make_app(RATELIMIT_ENABLED=True, RATELIMIT_FREE=1_000, TRUSTED_PROXIES=1)
    tor.fetch(server.address, file, now=TODAY)
    with app.app_context():
        make_petition()
        client = browser(app, use_cookies=False)
        for number in range(60):
            post(client, f"a{number}@example.org", network=EXIT)
        assert burst_detection.detect(now=now()) == []
        assert db.session.scalars(select(Email.state).distinct()).all() == ["due"]
        for number in range(60):
            post(client, f"b{number}@example.org", network=OTHER)
        assert len(burst_detection.detect(now=now())) == 1


def test_the_list_is_fetched_once_a_day_whoever_works(fetching: Flask, server: Server) -> None:
    for hour in (0, 0.5, 1, 12, 23):
        run_tasks(fetching, hour)
    assert len(server.asked) == 1
    run_tasks(fetching, 24)
    assert len(server.asked) == 2
    run_tasks(fetching, 24.5)
    assert len(server.asked) == 2


def test_a_failure_is_one_line_and_is_tried_again_in_an_hour(
    fetching: Flask, server: Server, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text(f"{EXIT}\n", encoding="ascii")
    os.utime(file, (0, 0))
    server.status = 404
    with caplog.at_level(logging.INFO, logger="petition"):
        run_tasks(fetching)
        run_tasks(fetching, 0.1)
        assert fetching.extensions["networks"].is_never_refused(EXIT)
        server.status = 200
        run_tasks(fetching, 1)
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [
        ("WARNING", "tor exits: not fetched (HTTPError), the earlier list stays"),
        ("INFO", "tor exits: 3 known"),
    ]


def test_a_server_that_does_not_answer_delays_no_email(make_app: MakeApp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        app = make_app(RATELIMIT_ENABLED=True, TOR_EXITS=address)
        with app.app_context():
            (task,) = (task for task in tasks_of(app) if task.name == "tor exits")
            task.run_if_due(TODAY)
            assert "tor exits" in {thread.name for thread in threading.enumerate()}, "it waits"
            silent.accept()[0].close()
            run_tasks(app)  # waits until that thread has ended


@pytest.mark.parametrize(
    "settings",
    [{"TOR_EXITS": ""}, {"RATELIMIT_ENABLED": False}]
    + [{"SITE_URL": f"http://{host}:5000"} for host in ("127.0.0.1", "localhost", "[::1]")],
)
def test_nobody_is_asked_where_it_is_switched_off_or_the_site_is_tried_out(
    make_app: MakeApp, server: Server, file: Path, settings: dict[str, object]
) -> None:
    app = make_app(**{"RATELIMIT_ENABLED": True, "TOR_EXITS": server.address, **settings})
    with app.app_context():
        run_tasks(app)
        assert server.asked == []
        file.write_text(f"{EXIT}\n", encoding="ascii")
        assert app.extensions["networks"].is_never_refused(EXIT), "a list put there by hand is used"
