"""The site as it runs: a web server and a mail worker, two processes under one that keeps both
up.
"""

import signal
import subprocess
import sys
import time
from types import FrameType

from petition.core.config import ROOT

RESTART_SECONDS = 2.0
WEB_STOP_SECONDS = 10  # a process told to end while it still begins may not have heard
STOP_SECONDS = 60.0  # a letter under way is finished, unless its server says nothing for so long


def serve(host: str, port: int, workers: int) -> int:
    """Run web server and mail worker until SIGTERM or SIGINT, and return the exit status.

    A mail worker that dies is started again. When the web server ends (its port is taken, say), so
    does this.
    """
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    web = _start(*web_command(host, port, workers))
    mail = _start(sys.executable, "-m", "flask", "outbox", "run")
    while not stopping and web.poll() is None:
        if mail.poll() is not None:
            sys.stderr.write(f"the mail worker ended ({mail.returncode}); starting it again\n")
            time.sleep(RESTART_SECONDS)
            mail = _start(sys.executable, "-m", "flask", "outbox", "run")
        time.sleep(0.2)
    ended_by_itself = not stopping
    for process in (web, mail):
        if process.poll() is None:
            process.terminate()
    for process in (web, mail):
        _end(process)
    return 1 if ended_by_itself else 0


def web_command(host: str, port: int, workers: int) -> list[str]:
    """Return Granian's command line.

    One blocking thread a worker: more made signing slower (SQLite's writers and Python's lock
    collide). HTTP/1.1 alone, no access log: addresses and tokens are written nowhere.
    """
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--blocking-threads", "1", "--http", "1", "--no-ws", "--backlog", "2048"),
        *("--log-level", "warning", "--no-access-log", "--respawn-failed-workers"),
        *("--workers-kill-timeout", str(WEB_STOP_SECONDS)),
        *("--factory", "petition:create_served_app"),
    ]


def _start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, cwd=ROOT)  # noqa: S603 (our own commands, no shell)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
