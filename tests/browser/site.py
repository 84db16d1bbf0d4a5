"""The site as it runs: `flask serve`, two processes, a SQLite file, mails to a real SMTP server."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from petition.core.config import ROOT
from tests.post_office import PostOffice

Open = Callable[..., Page]


@dataclass(frozen=True)
class Site:
    """A running site."""

    url: str
    instance: Path
    environment: dict[str, str]
    post_office: PostOffice

    @property
    def log(self) -> str:
        """What web server and mail worker have written so far."""
        return (self.instance / "site.log").read_text(encoding="utf-8")

    def flask(self, *command: str) -> str:
        """Run a command of the site and return what it prints."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *command],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    instance: Path,
    post_office: PostOffice,
    *,
    prepare: Callable[[Site], None] | None = None,
    **settings: str,
) -> Iterator[Site]:
    """Run the site for real, with the sample petition, and end it in order. `prepare` is done
    before anything else.
    """
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PETITION_INSTANCE_PATH": str(instance),
        "PETITION_SECRET_KEY": "a key for tests alone, of no use elsewhere",
        "PETITION_SITE_URL": f"http://127.0.0.1:{port}",
        "PETITION_MAIL_SERVER": "127.0.0.1",
        "PETITION_MAIL_PORT": str(post_office.port),
        "PETITION_CHECK_MX": "no",  # the addresses of the tests are in no DNS
        **{f"PETITION_{name}": value for name, value in settings.items()},
    }
    site = Site(f"http://127.0.0.1:{port}", instance, environment, post_office)
    if prepare is not None:
        prepare(site)
    site.flask("setup")
    command = [sys.executable, "-m", "flask", "serve", "--port", str(port)]
    with (instance / "site.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_ready(site.url, process)
        yield site
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, "SIGTERM ends web server and worker in order"


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert process.poll() is None, "the site ended by itself"
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310 (our own address)
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)
