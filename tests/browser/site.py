"""The site as `flask serve` runs it: two processes, a SQLite file, emails to an SMTP server."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from playwright.sync_api import Page

from petition import create_app
from petition.core import config
from petition.core.config import ROOT
from tests import databases
from tests.post_office import PostOffice
from tests.waiting import PATIENCE, wait_until_answering

OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class Site:
    """A running site."""

    url: str
    instance: Path
    environment: dict[str, str]
    post_office: PostOffice

    @property
    def log(self) -> str:
        """What web server and mail worker have logged so far."""
        return (self.instance / "site.log").read_text(encoding="utf-8")

    def create_app(self) -> Flask:
        """Return an application with the settings of the site."""
        settings = config.load(self.instance, self.environment)
        return create_app(settings | {"INSTANCE_PATH": str(self.instance)})

    def flask(self, *command: str) -> str:
        """Run a command in this process, where all is loaded already, and return its output."""
        with databases.disconnecting(self.create_app()) as app:
            result = app.test_cli_runner(catch_exceptions=False).invoke(args=command)
        assert result.exit_code == 0, result.output
        return result.stdout


def run_flask(environment: dict[str, str], *command: str) -> str:
    """Run a command of the site and return its output."""
    return subprocess.run(
        [sys.executable, "-m", "flask", *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def free_port() -> int:
    """Return a port that no process listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def run_site(
    instance: Path, *, prepare: Callable[[Site], None] | None = None, **settings: str
) -> Iterator[Site]:
    """Run the site with the sample petition and a mail server, and stop both at the end.

    `prepare` is called before the site starts.
    """
    port = free_port()
    with PostOffice() as post_office:
        environment = {
            "PATH": os.environ["PATH"],
            "PETITION_INSTANCE_PATH": str(instance),
            "PETITION_SECRET_KEY": "a key for tests alone, of no use elsewhere",
            "PETITION_SITE_URL": f"http://127.0.0.1:{port}",
            "PETITION_MAIL_SERVER": "127.0.0.1",
            "PETITION_MAIL_PORT": str(post_office.port),
            "PETITION_CHECK_MX": "no",  # the tests' domains are not in the DNS
            **{f"PETITION_{name}": value for name, value in settings.items()},
        }
        site = Site(f"http://127.0.0.1:{port}", instance, environment, post_office)
        if prepare is not None:
            prepare(site)
        site.flask("setup")
        with _serving(site, port):
            yield site


@contextmanager
def _serving(site: Site, port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "flask", "serve", "--port", str(port)]
    with (site.instance / "site.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=site.environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        wait_until_answering(f"{site.url}/readyz", process)
        yield
    except AssertionError as error:
        error.add_note(f"The log of the site ends with:\n{site.log[-2_000:]}")
        raise
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE)
    assert status == 0, "SIGTERM stops web server and worker in order"
