"""The supervisor: runs the web server and the mail worker as two processes and keeps both up."""

import signal
import subprocess
import sys
import time
from types import FrameType

from petition.core.config import ROOT

RESTART_SECONDS = 2.0
WEB_STOP_SECONDS = 10  # Granian kills a worker that missed the signal while it was starting
WORKER_COMMAND = (sys.executable, "-m", "flask", "outbox", "run")
STOP_SECONDS = 60.0  # an email being sent is finished, unless its server is silent for so long


def serve(host: str, port: int, workers: int) -> int:
    """Run web server and mail worker until SIGTERM or SIGINT; return the exit status.

    A mail worker that ends is restarted. When the web server ends (its port is in use, say), both
    stop with status 1.
    """
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    web, worker = _start(*web_command(host, port, workers)), _start(*WORKER_COMMAND)
    while not stopping and web.poll() is None:
        if worker.poll() is not None:
            sys.stderr.write(f"the mail worker ended ({worker.returncode}), restarting it\n")
            time.sleep(RESTART_SECONDS)
            worker = _start(*WORKER_COMMAND)
        time.sleep(0.2)
    for process in (web, worker):
        process.terminate()  # does nothing to one that has ended
    for process in (web, worker):
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return 0 if stopping else 1


def web_command(host: str, port: int, workers: int) -> list[str]:
    """Return Granian's command line.

    One blocking thread for each worker: more made signing slower (SQLite's write lock and Python's
    GIL). No access log: no addresses and tokens are written.
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
