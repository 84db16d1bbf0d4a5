"""`flask serve` keeps the site up: processes that are killed come back, and none is left behind."""

import fcntl
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from petition.core import config
from petition.core.config import ROOT
from tests.bench.kills import kill_processes
from tests.bench.signers import CountedMail
from tests.browsing import filled
from tests.post_office import PostOffice
from tests.supervised_site import WEB_PROCESSES, SupervisedSite, memory_of, supervised_site
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="processes are found in /proc"
)


FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def post_office() -> Iterator[PostOffice]:
    """Return the SMTP server of the site."""
    with PostOffice() as office:
        yield office


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, post_office: PostOffice
) -> Iterator[SupervisedSite]:
    """Return the site that all tests use: a start is expensive."""
    with supervised_site(tmp_path_factory.mktemp("instance"), post_office) as site:
        yield site


@pytest.fixture
def site(running: SupervisedSite) -> SupervisedSite:
    """Return the running site, every process started; begin it again if a test ended it."""
    if running.supervisor.poll() is not None:
        running.start()
    running.wait_until_complete()
    return running


def sign(site: SupervisedSite, email: str) -> None:
    """Sign the sample petition and see the pending page."""
    form = urlencode(filled(email=email)).encode()
    with urlopen(f"{site.url}/p/kuramshin/sign", form, PATIENCE) as page:  # noqa: S310
        assert "/pending/" in page.url


def refusal(site: SupervisedSite, port: int) -> str:
    """Start the site once more, check that it is refused with one line, and return the line."""
    result = subprocess.run(
        site.command(port),
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    return line


def test_a_killed_web_process_comes_back(site: SupervisedSite) -> None:
    for _ in range(2):
        worker = site.wait_until_complete()
        killed = min(site.web_processes())
        site.kill(killed)
        assert site.wait_until_complete() == worker, "the mail worker went on"
        assert killed not in site.web_processes()
        assert site.answers()


def test_the_site_comes_back_when_all_its_web_processes_are_killed(site: SupervisedSite) -> None:
    for process_id in site.web_processes():
        site.kill(process_id)
    wait_until(site.answers, "the site answers", process=site.supervisor)


def test_a_killed_mail_worker_comes_back_and_delivers(
    site: SupervisedSite, post_office: PostOffice
) -> None:
    killed, web = site.wait_until_complete(), site.web_processes()
    site.kill(killed)
    sign(site, "anna@example.org")
    assert post_office.mail_to("anna@example.org").code
    assert site.wait_until_complete() != killed
    assert site.web_processes() == web, "the web processes went on"


def test_no_process_outlives_the_supervisor_and_the_site_starts_again(
    site: SupervisedSite, post_office: PostOffice
) -> None:
    site.kill(site.supervisor.pid)
    assert site.processes() == set()
    site.start()
    sign(site, "berta@example.org")
    assert post_office.mail_to("berta@example.org").code


def test_a_second_start_on_an_instance_folder_is_refused(site: SupervisedSite) -> None:
    children = site.children()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
    assert "is being served already" in refusal(site, port)
    assert site.answers()
    assert site.children() == children


def test_a_port_that_another_program_uses_is_refused(
    tmp_path: Path, post_office: PostOffice
) -> None:
    site = SupervisedSite(tmp_path, post_office)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", site.port))
        other.listen()
        assert f"cannot be listened on: 127.0.0.1:{site.port}" in refusal(site, site.port)
    assert site.processes() == set()


def test_sigterm_ends_every_process_in_order(site: SupervisedSite) -> None:
    site.end()
    earlier = site.log
    site.start()
    site.wait_until_complete()
    children = site.children()
    assert site.end() == 0
    assert site.processes() == set(), "the supervisor waits for the others"
    assert len(children) == 3
    assert "ended" not in site.log.removeprefix(earlier), "no process failed or was restarted"
    version = f"version {config.version()}"
    for what, number in (("web server", WEB_PROCESSES), ("mail worker", 1)):
        lines = [line for line in site.log.removeprefix(earlier).splitlines() if what in line]
        assert len([line for line in lines if "started" in line and version in line]) == number
        assert len([line for line in lines if line.endswith("stopped")]) == number
        assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line) for line in lines)


def test_a_stop_lets_a_request_that_has_begun_be_answered(site: SupervisedSite) -> None:
    database = site.instance / "petition.db"
    form = urlencode(filled(email="last@example.org")).encode()
    with closing(sqlite3.connect(database, isolation_level=None)) as other, ExitStack() as stack:
        other.execute("BEGIN IMMEDIATE")
        connection = stack.enter_context(closing(HTTPConnection("127.0.0.1", site.port)))
        connection.request("POST", "/p/kuramshin/sign", form, FORM_HEADERS)
        wait_until(lambda: is_locked(Path(f"{database}-turn")), "the request waits for the disk")
        site.supervisor.send_signal(signal.SIGTERM)
        wait_until(lambda: not site.answers(), "further requests are refused")
        other.execute("ROLLBACK")
        assert connection.getresponse().status == 303
    assert site.end() == 0
    with closing(sqlite3.connect(database)) as stored:
        assert ("last@example.org",) in stored.execute("SELECT email FROM signature").fetchall()


def is_locked(file: Path) -> bool:
    """Return whether a process holds the lock of a file."""
    with file.open("ab") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_at_rest_all_processes_together_need_at_most_220_mb(site: SupervisedSite) -> None:
    site.end()
    site.start()
    site.wait_until_complete()
    assert 0 < memory_of(site.processes()) <= 220


def test_no_signature_is_lost_when_processes_are_killed(database: str, tmp_path: Path) -> None:
    with CountedMail() as mail:
        report = kill_processes(tmp_path, database, mail, kills=3)
    assert report.kills.total() == 3
    assert report.faults == []
