"""The front: clients that send or read slowly, refused requests, and what the application gets."""

import asyncio
import socket
import sqlite3
import time
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Event
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from flask import Flask

from petition import create_app
from petition.database.base import db
from petition.web.middleware.body import MAX_BODY_BYTES
from petition.web.middleware.front import THREADS, Front
from petition.web.middleware.wsgi_call import PIECE_BYTES, build_environ
from petition.web.server import build_front
from tests import databases
from tests.bench import download
from tests.browser.site import Site, run_site
from tests.browsing import filled
from tests.factories import MakeApp, make_petition
from tests.waiting import PATIENCE

PATH = "/p/kuramshin/sign"
HALF_A_FORM = f"POST /ru{PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nname="
_Result = TypeVar("_Result")
ROWS = 50_000  # more than the buffers of a connection hold
HALF_A_HEAD = "GET / HTTP/1.1\r\nHos"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a running site that takes forms however fast they come."""
    folder = tmp_path_factory.mktemp("instance")
    with run_site(folder, MIN_FORM_SECONDS="0", RATELIMIT_ENABLED="no") as site:
        yield site


@pytest.fixture(scope="module")
def unfinished(site: Site) -> Iterator[tuple[list[socket.socket], list[socket.socket]]]:
    """Return connections on which half a form was sent, and those with half a head."""
    with ExitStack() as stack:
        forms = [stack.enter_context(connect(site, HALF_A_FORM)) for _ in range(60)]
        heads = [stack.enter_context(connect(site, HALF_A_HEAD)) for _ in range(60)]
        yield forms, heads


def connect(site: Site, sent: str = "", *, buffer: int = 0) -> socket.socket:
    """Return a connection on which so much was sent."""
    client = socket.socket()
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", urlsplit(site.url).port))
    client.sendall(sent.encode())
    return client


def read_all(client: socket.socket) -> bytes:
    """Return what the server sends until it closes the connection."""
    received = b""
    while data := client.recv(65_536):
        received += data
    return received


def get(site: Site, path: str) -> int:
    """Return the status of a page."""
    with closing(HTTPConnection("127.0.0.1", urlsplit(site.url).port or 0, PATIENCE)) as client:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        return answer.status


def sign(site: Site, email: str, *, chunked: bool = False) -> int:
    """Sign and return the status of the answer."""
    body = urlencode({key: value for key, value in filled(email=email).items() if value})
    content: Any = (part.encode() for part in (body[:9], body[9:])) if chunked else body
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with closing(HTTPConnection("127.0.0.1", urlsplit(site.url).port or 0, PATIENCE)) as client:
        client.request("POST", PATH, content, headers, encode_chunked=chunked)
        return client.getresponse().status


@pytest.mark.usefixtures("unfinished")
def test_half_forms_and_half_heads_stop_nobody(site: Site) -> None:
    for path in ("/healthz", "/p/kuramshin", "/my", "/readyz"):
        assert get(site, path) == 200
    assert sign(site, "anna@example.org") == 303


def test_readers_who_take_nothing_of_a_long_file_stop_nobody(site: Site) -> None:
    app = create_app({"INSTANCE_PATH": str(site.instance)})
    with databases.disconnecting(app), app.app_context():
        download.fill(1, ROWS)
    site.flask("organiser", "invite", "organiser@example.org")
    link = urlsplit(site.flask("organiser", "link", "organiser@example.org").strip()).path
    port = urlsplit(site.url).port or 0
    cookie = download.sign_in(port, link)
    request = (
        "GET /organisers/p/kuramshin/signatures.csv HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Cookie: {cookie}\r\n\r\n"
    )
    with ExitStack() as stack:
        readers = [stack.enter_context(connect(site, request, buffer=4096)) for _ in range(9)]
        readers.append(stack.enter_context(connect(site, request)))
        begun = {reader.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL) for reader in readers}
        assert begun == {b"HTTP/1.1 200"}
        for path in ("/healthz", "/p/kuramshin", "/my"):
            assert get(site, path) == 200
        assert sign(site, "berta@example.org") == 303
        answer = HTTPResponse(readers[-1])
        answer.begin()
        lines = answer.read().count(b"\r\n")
    assert lines == ROWS + 1, "whoever reads on gets the whole file"


def test_a_form_in_chunks_is_a_form(site: Site) -> None:
    assert sign(site, "chunk@example.org", chunked=True) == 303


def test_a_long_form_is_refused_before_it_is_read(site: Site) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Language: de\r\n"
    long = f"{head}Content-Length: {MAX_BODY_BYTES + 1}\r\n\r\nname="
    with connect(site, long) as client:
        answer = read_all(client).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert '<html lang="de"' in answer
    chunk = f"{MAX_BODY_BYTES + 1:x}\r\n{'a' * (MAX_BODY_BYTES + 1)}\r\n0\r\n\r\n"
    with connect(site, f"{head}Transfer-Encoding: chunked\r\n\r\n{chunk}") as client:
        assert client.recv(12) == b"HTTP/1.1 413"


def test_heads_without_end_are_refused(site: Site) -> None:
    with connect(site, f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {'a' * 40_000}\r\n\r\n") as client:
        assert client.recv(12) == b"HTTP/1.1 431"


# Last of those with the site: the server waits for ten seconds, while the other tests go on.
def test_half_forms_and_half_heads_are_ended(
    unfinished: tuple[list[socket.socket], list[socket.socket]],
) -> None:
    forms, heads = unfinished
    assert {read_all(head) for head in heads} == {b""}, "closed without an answer"
    for form in forms:
        answer = read_all(form).decode()
        assert answer.startswith("HTTP/1.1 408")
        assert '<html lang="ru"' in answer
        assert "content-security-policy" in answer


# --- the front by itself, in front of a small WSGI application


class Client:
    """One ASGI request: what was sent to it, and what its client does."""

    def __init__(self, path: str = "/", method: str = "GET", body: bytes = b"") -> None:
        self.sent: list[dict[str, Any]] = []
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "http_version": "1.1",
            "scheme": "http",
            "raw_path": path.encode(),
            "query_string": b"",
            "server": ("127.0.0.1", "80"),
            "client": ("192.0.2.1", "1234"),
            "headers": [(b"host", b"127.0.0.1"), (b"content-length", str(len(body)).encode())],
        }
        self._body = [body]
        self.taking = asyncio.Event()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        """Return the body, then wait until the client is gone."""
        if self._body:
            return {"type": "http.request", "body": self._body.pop(), "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        """Take the head of a response; take a body as soon as the client takes any."""
        if message["type"] == "http.response.body":
            await self.taking.wait()
        self.sent.append(message)

    @property
    def status(self) -> int:
        """The status of the response."""
        return int(self.sent[0]["status"])


def run_in_loop(coroutine: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine in a thread: in this one the loop of the browser tests may be running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result(PATIENCE)


def make_front(app: Flask, wsgi: Any, **options: Any) -> Front:
    """Return a front with the site's cache and pages, before another WSGI application."""
    site = build_front(app)
    return Front(
        wsgi,
        cache=app.extensions["page_cache"],
        visits=app.extensions["visits"],
        render_refusal=site._render_refusal,  # noqa: SLF001
        languages=("en",),
        **{"threads": 2, **options},
    )


def test_a_request_beyond_the_bound_is_refused_and_the_others_go_on(app: Flask) -> None:
    go = Event()

    def wsgi(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        assert go.wait(PATIENCE)
        start("200 OK", [])
        return [b"done"]

    async def run() -> tuple[list[Client], Client]:
        front = make_front(app, wsgi, max_requests=3)
        clients = [Client(f"/{number}") for number in range(4)]
        for client in clients:
            client.taking.set()
        tasks = [asyncio.create_task(front(c.scope, c.receive, c.send)) for c in clients]
        await tasks[3]
        go.set()
        await asyncio.gather(*tasks)
        return clients[:3], clients[3]

    served, refused = run_in_loop(run())
    assert [client.status for client in served] == [200, 200, 200]
    assert refused.status == 503
    assert (b"Retry-After", b"5") in refused.sent[0]["headers"]
    assert b"A lot of people are here right now" in refused.sent[1]["body"]


def test_a_long_response_is_pulled_while_its_reader_takes_it(app: Flask) -> None:
    pulled: list[int] = []
    closed = Event()

    class Chunks:
        def __iter__(self) -> Iterator[bytes]:
            for number in range(10):
                pulled.append(number)
                yield b"x" * PIECE_BYTES

        def close(self) -> None:
            closed.set()

    def wsgi(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        return Chunks()

    async def run() -> Client:
        front, client = make_front(app, wsgi), Client()
        task = asyncio.create_task(front(client.scope, client.receive, client.send))
        while not pulled:
            await asyncio.sleep(0.01)
        for _ in range(20):  # turns of the event loop, in which it could pull more
            await asyncio.sleep(0)
        assert pulled == [0]
        client.taking.set()
        await task
        return client

    client = run_in_loop(run())
    assert pulled == list(range(10))
    assert sum(len(message.get("body", b"")) for message in client.sent) == 10 * PIECE_BYTES
    assert [message.get("more_body") for message in client.sent[-2:]] == [True, False]
    assert client.sent[-1]["body"] == b""
    assert closed.is_set()


def test_a_reader_who_leaves_ends_the_call(app: Flask) -> None:
    closed: Future[int] = Future()

    class Endless:
        def __iter__(self) -> Iterator[bytes]:
            while True:
                yield b"x" * PIECE_BYTES

        def close(self) -> None:
            closed.set_result(1)

    def wsgi(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])
        return Endless()

    async def run() -> None:
        front, client = make_front(app, wsgi), Client()
        client.taking.set()
        task = asyncio.create_task(front(client.scope, client.receive, client.send))
        while len(client.sent) < 3:
            await asyncio.sleep(0)
        client.gone.set()
        await task

    run_in_loop(run())
    assert closed.result(PATIENCE) == 1


def test_a_fault_outside_flask_is_one_line_and_a_page(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def wsgi(_environ: WSGIEnvironment, _start: StartResponse) -> Iterable[bytes]:
        raise LookupError("anna@example.org")

    async def run() -> Client:
        client = Client()
        client.taking.set()
        await make_front(app, wsgi)(client.scope, client.receive, client.send)
        return client

    client = run_in_loop(run())
    assert client.status == 500
    assert "fault outside Flask: LookupError" in caplog.text
    assert "anna" not in caplog.text


def test_one_request_renders_an_expired_page_and_the_others_wait_for_it(
    app: Flask, petition: str
) -> None:
    rendered: list[str] = []

    def wsgi(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        rendered.append(environ["PATH_INFO"])
        return app.wsgi_app(environ, start)

    async def run() -> list[Client]:
        front = make_front(app, wsgi)
        clients = [Client(f"/p/{petition}") for _ in range(8)]
        for client in clients:
            client.taking.set()
        first, *others = clients
        await front(first.scope, first.receive, first.send)
        app.extensions["page_cache"].clear()
        await asyncio.gather(*(front(c.scope, c.receive, c.send) for c in others))
        return clients

    clients = run_in_loop(run())
    assert {client.status for client in clients} == {200}
    assert rendered == [f"/p/{petition}"] * 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_forms_that_wait_for_the_database_hold_up_no_page(
    make_app: MakeApp, database: str, tmp_path: Path
) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI=f"{database}?timeout={PATIENCE}")
    with app.app_context():
        slug = make_petition()
        db.session.remove()
    body = urlencode({key: value for key, value in filled().items() if value}).encode()
    form_type = (b"content-type", b"application/x-www-form-urlencoded")
    forms = [Client(f"/p/{slug}/sign", "POST", body) for _ in range(2 * THREADS)]

    async def run() -> None:
        front = build_front(app)
        for form in forms:
            form.scope["headers"].append(form_type)
            form.taking.set()
        tasks = [asyncio.create_task(front(c.scope, c.receive, c.send)) for c in forms]
        await asyncio.sleep(0)
        for _ in range(3):
            page = Client(f"/p/{slug}")
            page.taking.set()
            app.extensions["page_cache"].clear()
            await front(page.scope, page.receive, page.send)
            assert page.status == 200
        assert not any(task.done() for task in tasks)
        holder.close()
        await asyncio.gather(*tasks)

    with closing(sqlite3.connect(tmp_path / "petition.db", check_same_thread=False)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        run_in_loop(run())
    assert {form.status for form in forms} == {303}


def test_a_late_page_is_replaced_by_the_last_one(app: Flask, petition: str) -> None:
    go, late = Event(), Event()

    def wsgi(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        assert not late.is_set() or go.wait(PATIENCE)
        return app.wsgi_app(environ, start)

    async def run() -> list[Client]:
        front = make_front(app, wsgi, late_seconds=0.0)
        clients = [Client(f"/p/{petition}") for _ in range(3)]
        for client in clients:
            client.taking.set()
        first, *others = clients
        await front(first.scope, first.receive, first.send)
        late.set()
        app.extensions["page_cache"]._timer = lambda: time.monotonic() + 2  # noqa: SLF001
        tasks = [asyncio.create_task(front(c.scope, c.receive, c.send)) for c in others]
        while not all(client.sent for client in others):
            await asyncio.sleep(0)
        go.set()
        await asyncio.gather(*tasks)
        return clients

    clients = run_in_loop(run())
    assert {client.status for client in clients} == {200}
    assert [len(client.sent) for client in clients] == [2, 2, 2]


def test_the_application_gets_the_path_as_it_was_sent_and_no_header_of_another() -> None:
    client = Client("/a%20%C3%A9%FF%2Fb")
    client.scope["query_string"] = b"x=%C3%A9"
    client.scope["headers"] += [
        (b"x_forwarded_for", b"evil"),
        (b"x-forwarded-for", b"192.0.2.7"),
        (b"x-forwarded-for", b"192.0.2.8"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
    ]
    environ = build_environ(client.scope)
    assert environ["PATH_INFO"].encode("latin-1") == b"/a \xc3\xa9\xff/b"
    assert environ["QUERY_STRING"] == "x=%C3%A9"
    assert environ["HTTP_X_FORWARDED_FOR"] == "192.0.2.7,192.0.2.8"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["REMOTE_ADDR"] == "192.0.2.1"
    assert environ["CONTENT_LENGTH"] == "0"


def test_a_page_counts_the_visit_though_the_front_answers_it(app: Flask, petition: str) -> None:
    async def run() -> None:
        front = build_front(app)
        for _ in range(3):
            client = Client(f"/p/{petition}")
            client.scope["query_string"] = b"r=wa"
            client.taking.set()
            await front(client.scope, client.receive, client.send)
            assert client.status == 200

    run_in_loop(run())
    assert sum(app.extensions["visits"]._counts.values()) == 3  # noqa: SLF001
