"""The site by `flask serve`: its processes are found in /proc (Linux) and can be killed."""

import os
import random
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from petition.core.config import ROOT
from tests.browser.site import run_flask
from tests.databases import SECRET_KEY
from tests.post_office import PostOffice
from tests.waiting import PATIENCE, wait_until, wait_until_answering

WEB_PROCESSES = 2
_LISTENS = "0A"  # the state in /proc/net/tcp


class SupervisedSite:
    """A site with the sample petition. It accepts any number of forms, as fast as they come."""

    def __init__(self, instance: Path, mail: PostOffice, **settings: str) -> None:
        self.port = unused_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.instance = instance
        self.environment = {
            "PATH": os.environ["PATH"],
            "PETITION_INSTANCE_PATH": str(instance),
            "PETITION_SECRET_KEY": SECRET_KEY,
            "PETITION_SITE_URL": self.url,
            "PETITION_MAIL_SERVER": "127.0.0.1",
            "PETITION_MAIL_PORT": str(mail.port),
            "PETITION_CHECK_MX": "no",
            "PETITION_TOR_EXITS": "",
            "PETITION_MIN_FORM_SECONDS": "0",
            "PETITION_TRUSTED_PROXIES": "1",
            "PETITION_RATELIMIT_ENABLED": "no",
            "PETITION_RATELIMIT_MAILS": "0",
            "PETITION_BURST_LEAST": "100000",
            **{f"PETITION_{name}": value for name, value in settings.items()},
        }
        run_flask(self.environment, "setup")

    def command(self, port: int) -> list[str]:
        """Return the command that serves it on a port."""
        workers = ("--workers", str(WEB_PROCESSES))
        return [sys.executable, "-m", "flask", "serve", "--port", str(port), *workers]

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.instance / "site.log").open("ab") as log:
            self.supervisor = subprocess.Popen(
                self.command(self.port), cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        wait_until_answering(f"{self.url}/readyz", self.supervisor)

    def end(self) -> int:
        """End it with SIGTERM and return the exit status. Idempotent."""
        self.supervisor.send_signal(signal.SIGTERM)
        return self.supervisor.wait(PATIENCE)

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return (self.instance / "site.log").read_text(encoding="utf-8")

    def answers(self) -> bool:
        """Return whether it answers a request now."""
        try:
            urllib.request.urlopen(f"{self.url}/readyz", timeout=PATIENCE).close()  # noqa: S310
        except OSError:
            return False
        return True

    def processes(self) -> set[int]:
        """Return the ids of all its processes, with or without a supervisor."""
        mark = f"PETITION_INSTANCE_PATH={self.instance}\0".encode()
        found = set()
        for file in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):  # it has ended, or is another user's
                if mark in file.read_bytes():
                    found.add(int(file.parent.name))
        return found

    def children(self) -> set[int]:
        """Return the ids of the running processes that the supervisor has started."""
        return self.processes() - {self.supervisor.pid}

    def web_processes(self) -> set[int]:
        """Return the ids of the processes that listen on the port."""
        sockets = {
            f"socket:[{fields[9]}]"
            for line in Path("/proc/net/tcp").read_text().splitlines()
            if (fields := line.split())[1].endswith(f":{self.port:04X}") and fields[3] == _LISTENS
        }
        return {child for child in self.children() if sockets & _open_files(child)}

    def mail_worker(self) -> int | None:
        """Return the id of the mail worker, or None while not every process has started."""
        web, children = self.web_processes(), self.children()
        complete = len(web) == WEB_PROCESSES and len(children) == WEB_PROCESSES + 1
        return (children - web).pop() if complete and web < children else None

    def wait_until_complete(self) -> int:
        """Wait until every process runs, and return the id of the mail worker."""
        wait_until(self.mail_worker, "every process has started", process=self.supervisor)
        return self.mail_worker() or self.wait_until_complete()

    def kill(self, process_id: int) -> None:
        """Kill a process and wait until it is gone; with the supervisor, until all others are."""
        processes = {process_id}
        if process_id == self.supervisor.pid:
            processes |= self.processes()
        os.kill(process_id, signal.SIGKILL)
        if process_id == self.supervisor.pid:
            self.supervisor.wait(PATIENCE)
            processes |= self.processes()  # and one that it was about to start
        wait_until_gone(processes)


@contextmanager
def supervised_site(instance: Path, mail: PostOffice, **settings: str) -> Iterator[SupervisedSite]:
    """Run the site, end it with SIGTERM and check that nothing of it is left."""
    site = SupervisedSite(instance, mail, **settings)
    try:
        site.start()
        yield site
        children = site.children()
        status = site.end()
        wait_until_gone(children)
        assert (status, site.processes()) == (0, set())
    except AssertionError as error:
        error.add_note(f"The log of the site ends with:\n{site.log[-2_000:]}")
        raise
    finally:
        site.supervisor.kill()
        site.supervisor.wait(PATIENCE)


def wait_until_gone(processes: Iterable[int]) -> None:
    """Wait until processes have ended and closed their files."""
    wait_until(lambda: not any(map(_is_running, processes)), f"{processes} are gone")


def memory_of(processes: Iterable[int]) -> float:
    """Return the memory of processes in MB (PSS: what they share counts once); 0 without /proc."""
    kilobytes = 0
    for process in processes:
        text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
        found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
        kilobytes += int(found.group(1)) if found else 0
    return kilobytes / 1024


def unused_port() -> int:
    """Return a port below those of clients: none of them gets it while the site is down."""
    while True:
        port = random.randint(20_000, 32_000)  # noqa: S311
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _is_running(process_id: int) -> bool:
    """Return whether a thread of a process has not ended; one that has is a zombie."""
    for file in Path(f"/proc/{process_id}/task").glob("*/stat"):
        with suppress(OSError):
            if file.read_text().rpartition(") ")[2][0] not in "ZX":
                return True
    return False


def _open_files(process_id: int) -> set[str]:
    files = set()
    with suppress(OSError):
        for link in Path(f"/proc/{process_id}/fd").iterdir():
            with suppress(OSError):
                files.add(str(link.readlink()))
    return files
