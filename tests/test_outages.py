"""While the database is away: pages go on, forms come back filled, the log has one line a fault."""

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from threading import Event, Thread
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError

from petition.cli.mail import worker_for
from petition.core.faults import describe, find_outage
from petition.database.base import db
from petition.database.group_commit import group_commit_of
from petition.database.transactions import transaction
from petition.models import Signature
from petition.web.middleware import page_cache
from tests.browsing import browser, filled
from tests.factories import MakeApp, make_petition
from tests.post_office import PostOffice
from tests.waiting import PATIENCE, wait_until

COMMENT = '  <b>"Zwei\r\nZeilen" & Ünïcode\t\'  '
_FIELD = r'<input type="hidden" name="(\w+)" value="([^"]*)"'


def is_sqlite(uri: str) -> bool:
    """Return whether a database is a SQLite file."""
    return uri.startswith("sqlite")


@dataclass
class Server:
    """A database that can be stopped: a SQLite file is held, a socket is taken away."""

    uri: str
    folder: Path

    @contextmanager
    def stopped(self, app: Flask) -> Iterator[None]:
        """Stop it. On SQLite nobody can read, either."""
        if is_sqlite(self.uri):
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
            with closing(sqlite3.connect(self.folder / "petition.db", timeout=PATIENCE)) as holder:
                holder.execute("PRAGMA locking_mode=EXCLUSIVE")
                holder.execute("BEGIN EXCLUSIVE")
                yield
            return
        parts = urlsplit(self.uri)
        socket = Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432"
        target = socket.readlink()
        name = parts.path.strip("/")
        with psycopg.connect(f"postgresql:///postgres?host={target.parent}&user=postgres") as admin:
            socket.unlink()
            query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname=%s"
            admin.execute(query, (name,))
            yield
        socket.symlink_to(target)


@pytest.fixture
def server(database: str, tmp_path: Path) -> Iterator[Server]:
    """Return the test's database, to stop."""
    if is_sqlite(database):
        yield Server(f"{database}?timeout=0", tmp_path)
        return
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path has at most 107 bytes
    original = parse_qs(urlsplit(database).query)["host"][0]
    (folder / ".s.PGSQL.5432").symlink_to(Path(original) / ".s.PGSQL.5432")
    yield Server(database.replace(original, str(folder)), folder)
    shutil.rmtree(folder)


@pytest.fixture
def site(make_app: MakeApp, server: Server) -> Flask:
    """Return an application on the database that can be stopped, with a petition."""
    app = make_app(SQLALCHEMY_DATABASE_URI=server.uri)
    with app.app_context():
        make_petition()
        db.session.remove()
    return app


def fields_of(page: str) -> dict[str, str]:
    """Return the fields that the form of a page sends."""
    return {name: unescape(value) for name, value in re.findall(_FIELD, page)}


def test_a_form_comes_back_filled_and_pages_go_on(
    site: Flask, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(site, use_cookies=False)
    cache, seconds = site.extensions["page_cache"], [0.0]
    cache._timer = lambda: seconds[0]  # noqa: SLF001 (time is given)
    assert client.get("/p/free-them").status_code == 200
    sent = filled(comment=COMMENT, language="en")
    with server.stopped(site):
        away = client.post("/p/free-them/sign", data=sent)
        assert away.status_code == 503
        assert int(away.headers["Retry-After"]) > 0
        assert away.headers["Cache-Control"] == "no-store"
        assert "Refresh" not in away.headers, "only people send forms again"
        assert "everything you entered is still on this page" in away.text
        assert fields_of(away.text) == sent, "not a character is lost"
        page = client.get("/p/free-them/signatures")
        assert page.status_code == 503
        assert page.headers["Refresh"] == page.headers["Retry-After"]
        for _ in range(3):  # expired, and again before and after the next try
            seconds[0] += page_cache.RETRY_SECONDS - 1
            cache.clear()
            assert client.get("/p/free-them").status_code == 200
        assert client.post("/p/free-them").status_code == 405, "no form gets a page of before"
        seconds[0] += page_cache.STALE_SECONDS + page_cache.RETRY_SECONDS
        assert client.get("/p/free-them").status_code == 503, "but not for ever"
        assert client.get("/readyz").status_code == 503
        assert client.get("/healthz").status_code == 200
    kind = "database is locked" if is_sqlite(server.uri) else "database cannot be reached"
    messages = [record.getMessage() for record in caplog.records]
    assert messages
    for message in messages:
        assert re.fullmatch(rf"fault in \w+ [\w.]+: {kind}[^\n]* \(petition/[^\n]+\)", message)
    again = client.post("/p/free-them/sign", data=fields_of(away.text))
    assert again.status_code == 303, "the connections of before are replaced"
    seconds[0] += page_cache.RETRY_SECONDS
    assert client.get("/p/free-them").status_code == 200
    with site.app_context():
        stored = db.session.scalars(select(Signature.comment)).one()
        assert stored == "\n".join(COMMENT.strip().splitlines())


def test_the_mail_worker_goes_on_when_the_database_is_back(
    site: Flask, server: Server, post_office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stop = Event()

    def work() -> None:
        with site.app_context():
            worker_for(site).run(stop)

    def faults() -> list[str]:
        messages = [record.getMessage() for record in caplog.records]
        return [message for message in messages if message.startswith("mail worker failed")]

    worker = Thread(target=work)
    with server.stopped(site):
        worker.start()
        wait_until(faults, "the worker has met it")
    assert browser(site, use_cookies=False).post("/p/free-them/sign", data=filled()).location
    post_office.wait_for(1)
    stop.set()
    worker.join(PATIENCE)
    assert not worker.is_alive()
    (fault,) = faults()
    assert "\n" not in fault


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("pragma", "cause"),
    [("max_page_count=1", "disk is full"), ("query_only=ON", "database is read-only")],
)
def test_a_file_that_takes_no_more_is_told_in_a_line(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, pragma: str, cause: str
) -> None:
    app = make_app()
    with app.app_context():
        make_petition()
        db.session.remove()
        event.listen(db.engine, "connect", lambda file, _: file.execute(f"PRAGMA {pragma}"))
        db.engine.dispose()
    client = browser(app, use_cookies=False)
    answers = [
        client.post("/p/free-them/sign", data=filled(email=f"{n}@example.org", comment="x" * 999))
        for n in range(20)
    ]
    assert {answer.status_code for answer in answers[-5:]} == {503}
    assert client.get("/p/free-them").status_code == 200
    assert cause in caplog.text
    assert "example.org" not in caplog.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_forms_that_wait_for_the_file_fail_together(site: Flask, server: Server) -> None:
    begun: list[object] = []
    failed: list[OperationalError] = []

    def write() -> None:
        with site.app_context(), suppress_into(failed), transaction():
            pass

    with site.app_context():
        engine = db.engine
    writer = group_commit_of(engine)

    def wait_for_the_others(connection: object) -> None:
        begun.append(connection)
        wait_until(lambda: writer._queue == 3, "the others wait")  # noqa: SLF001

    event.listen(engine, "engine_connect", wait_for_the_others)
    with closing(sqlite3.connect(server.folder / "petition.db")) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        threads = [Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert (len(begun), len(failed)) == (1, 4)
    event.remove(engine, "engine_connect", wait_for_the_others)
    with site.app_context(), transaction():
        pass


@contextmanager
def suppress_into(failed: list[OperationalError]) -> Iterator[None]:
    """Collect an error of the database."""
    try:
        yield
    except OperationalError as error:
        failed.append(error)


def test_causes_are_named_without_personal_data() -> None:
    assert find_outage(psycopg.errors.AdminShutdown("anna@example.org")) is not None
    refused = psycopg.OperationalError(
        'connection to "10.0.0.1" failed: Connection refused\nIs it?'
    )
    assert describe(refused).startswith("database cannot be reached: connection refused (")
    assert "disk is full" in describe(OSError(28, "anna@example.org"))
    assert find_outage(sqlite3.IntegrityError("anna@example.org")) is None
    assert "anna" not in describe(ValueError("anna@example.org")) + describe(OSError("anna"))
