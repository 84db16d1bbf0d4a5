"""The servers under load: the site and the floor, by the same command line."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from petition.core.config import ROOT
from petition.operations import supervisor
from tests.browser.site import free_port

WORKERS = 2


class Server:
    """A running web server and the processes of it."""

    def __init__(self, command: list[str], environment: dict[str, str], port: int) -> None:
        self.port = port
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment)

    def wait(self, path: str) -> None:
        """Wait until it answers."""
        end = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5).close()
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return

    def processes(self) -> list[int]:
        """Return the ids of the processes that answer requests; none where there is no /proc."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in children.read_text().split()] if children.exists() else []

    def end(self) -> None:
        """End it in order."""
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def running(environment: dict[str, str]) -> Iterator[tuple[Server, Server]]:
    """Run the floor and the site side by side; only one is under load at a time."""
    floor_port, site_port = free_port(), int(environment["PETITION_SITE_URL"].rpartition(":")[2])
    command = supervisor.web_command("127.0.0.1", floor_port, WORKERS)
    bare = [*command[: command.index("--factory")], "tests.bench.floor:app"]
    with ExitStack() as stack:
        floor = Server(bare, dict(os.environ), floor_port)
        stack.callback(floor.end)
        site = Server(
            supervisor.web_command("127.0.0.1", site_port, WORKERS), environment, site_port
        )
        stack.callback(site.end)
        floor.wait("/")
        site.wait("/readyz")
        yield floor, site


@contextmanager
def mail_sink() -> Iterator[int]:
    """Run an SMTP server that takes every mail and keeps none, in a process of its own."""
    port = free_port()
    listen = ["-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    process = subprocess.Popen([sys.executable, "-m", "aiosmtpd", *listen])
    try:
        time.sleep(1.5)
        yield port
    finally:
        process.terminate()
        process.wait(30)
