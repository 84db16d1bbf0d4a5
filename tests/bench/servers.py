"""The servers under load: the site and the bare application, by the same command line."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from petition.core.config import ROOT
from tests.browser.site import free_port, run_flask
from tests.waiting import PATIENCE, wait_until, wait_until_answering

WORKERS = 2


class Server:
    """A running web server."""

    def __init__(self, command: list[str], environment: dict[str, str], port: int) -> None:
        self.port = port
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment)

    def wait(self, path: str) -> None:
        """Wait until it answers."""
        wait_until_answering(f"http://127.0.0.1:{self.port}{path}", self._process)

    def processes(self) -> list[int]:
        """Return the ids of its worker processes; none where there is no /proc."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()] if children.exists() else []

    def end(self) -> None:
        """Stop it with SIGTERM."""
        self._process.terminate()
        self._process.wait(PATIENCE)


@contextmanager
def run_servers(environment: dict[str, str]) -> Iterator[tuple[Server, Server]]:
    """Run the bare application and the site; only one is under load at a time."""
    bare_port = free_port()
    bare_command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(bare_port)),
        *("--workers", str(WORKERS), "--blocking-threads", "1", "--http", "1", "--no-ws"),
        *("--backlog", "2048", "--log-level", "warning", "tests.bench.bare_app:app"),
    ]
    with ExitStack() as stack:
        bare = Server(bare_command, dict(os.environ), bare_port)
        stack.callback(bare.end)
        bare.wait("/")
        yield bare, stack.enter_context(run_site(environment))


@contextmanager
def run_site(environment: dict[str, str]) -> Iterator[Server]:
    """Run the web processes of the site."""
    port = int(environment["PETITION_SITE_URL"].rpartition(":")[2])
    command = [sys.executable, "-m", "tests.bench.site", str(port), str(WORKERS)]
    site = Server(command, environment, port)
    try:
        site.wait("/readyz")
        yield site
    finally:
        site.end()


@contextmanager
def new_instance(**variables: str) -> Iterator[dict[str, str]]:
    """Set up a site in a temporary folder and yield its environment."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "PETITION_INSTANCE_PATH": folder,
            "PETITION_TRUSTED_PROXIES": "1",  # each form comes from another network
            "PETITION_SITE_URL": f"http://127.0.0.1:{free_port()}",
            **variables,
        }
        run_flask(environment, "setup")
        yield environment


@contextmanager
def mail_sink() -> Iterator[int]:
    """Run an SMTP server that accepts and discards every email, in its own process."""
    port = free_port()
    listen = ["-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    process = subprocess.Popen([sys.executable, "-m", "aiosmtpd", *listen])
    try:
        wait_until(lambda: _accepts(port), "the SMTP server accepts", process=process)
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
