"""The supervisor: starts the processes of the site and restarts those that end.

Each process is a fork, so it shares the memory of the application that is loaded before. It ends
when the supervisor has ended, however that was: a pipe tells it.
"""

import fcntl
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import FrameType

from petition.core import config
from petition.core.errors import AlreadyServed, PortUnavailable
from petition.core.faults import log_fault

LOCK_FILE = "serve.lock"
RESTART_SECONDS = 1.0
STOP_SECONDS = 60.0  # an email being sent is finished, unless its server is silent for so long
POLL_SECONDS = 0.1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)


def run(processes: Mapping[str, Callable[[], object]]) -> int:
    """Run functions as processes, by name, until SIGTERM or SIGINT; return the exit status.

    A process that ends is started again after a second.
    """
    return _Supervisor(processes).run()


class _Supervisor:
    def __init__(self, processes: Mapping[str, Callable[[], object]]) -> None:
        self._processes = processes
        self._names: dict[int, str] = {}  # by process id
        self._due: dict[str, float] = dict.fromkeys(processes, 0.0)  # when one is to be started
        self._stopping = False
        self._pipe = os.pipe()  # its writing end is open here alone

    def run(self) -> int:
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)
        while not self._stopping:
            self._collect_ended()
            for name in [name for name, at in self._due.items() if at <= time.monotonic()]:
                del self._due[name]
                self._start(name)
            _tell_systemd("READY=1\nWATCHDOG=1")
            time.sleep(POLL_SECONDS)
        _tell_systemd("STOPPING=1")
        self._end_all()
        return 0

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start(self, name: str) -> None:
        _flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # the child has handlers of its own
        process_id = os.fork()
        if process_id:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
            self._names[process_id] = name
            return
        status = 1
        try:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
            os.close(self._pipe[1])
            Thread(target=_end_with_parent, args=(self._pipe[0],), daemon=True).start()
            self._processes[name]()
            status = 0
        except BaseException as error:  # noqa: BLE001 (whatever it is, the process ends)
            log_fault(log, error, "the %s process failed", name)
        finally:
            try:
                _flush()
            finally:
                os._exit(status)

    def _collect_ended(self) -> None:
        while self._names:
            process_id, status = os.waitpid(-1, os.WNOHANG)
            if not process_id:
                return
            name = self._names.pop(process_id, None)
            if name is None:
                continue  # an orphan that the system gave to process 1
            self._due[name] = time.monotonic() + RESTART_SECONDS
            if not self._stopping:
                code = os.waitstatus_to_exitcode(status)
                log.warning("the %s process ended (%d), restarting it", name, code)

    def _end_all(self) -> None:
        for process_id in self._names:
            os.kill(process_id, signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while self._names and time.monotonic() < end:
            self._collect_ended()
            time.sleep(POLL_SECONDS)
        for process_id in self._names:
            os.kill(process_id, signal.SIGKILL)
            os.waitpid(process_id, 0)


def _tell_systemd(state: str) -> None:
    """Tell systemd the state (sd_notify), where it runs us: it restarts what stays silent."""
    if name := config.systemd_socket():
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.sendto(state.encode(), name.replace("@", "\0", 1))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # nobody reads the log, or the disk is full
            stream.flush()


def _end_with_parent(pipe: int) -> None:
    """End this process at once when the writing end of the pipe is closed: the parent is gone."""
    os.read(pipe, 1)
    os._exit(1)


@contextmanager
def exclusive(instance: Path, database: str) -> Iterator[None]:
    """Let one supervisor serve an instance folder, from a database. Raises: AlreadyServed."""
    with (instance / LOCK_FILE).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServed(str(instance)) from None
        file.truncate(0)
        file.write(database.encode())
        file.flush()
        yield


def served_database(instance: Path) -> str:
    """Return the database of the site that is being served from an instance folder, or ""."""
    file = instance / LOCK_FILE
    if not file.exists():
        return ""
    with file.open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return lock.read().decode()
    return ""


@contextmanager
def reserved_port(host: str, port: int) -> Iterator[None]:
    """Hold a port, so that only processes which share it with us can listen on it.

    Raises: PortUnavailable when it is taken or may not be used.
    """
    try:
        *kind, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(*kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)  # alone: fails beside any other that listens
        holder = socket.socket(*kind)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(address)
    except OSError as error:
        raise PortUnavailable(f"{host}:{port}: {error.strerror or error}") from error
    with holder:
        yield
