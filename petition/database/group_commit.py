"""Group commit on SQLite: what several threads write is committed in one transaction.

A commit waits for the disk, and one connection writes to the file at a time. A disk that needs 5 ms
would allow 200 signatures a second, if each had a commit of its own.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from threading import Event, Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from petition.database.engine import busy_seconds, write_lock

MAX_MEMBERS = 64
MAX_SECONDS = 0.05  # that the first member waits for others
NO_WAIT_SECONDS = 5.0  # after a group that could not begin, in which all that waited are answered


class GroupCommit:
    """The writer of a process. Each thread's part is a savepoint: one may fail alone.

    A thread that leaves and finds another waiting passes the transaction on; one that finds none
    commits for all. Nobody goes on before the commit: what is acknowledged is on the disk.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()  # held by the thread that writes
        self._queue_lock = Lock()
        self._queue = 0  # threads that wait for their turn
        self._group: _Group | None = None
        # Of the last group that waited in vain to begin.
        self._failed_at, self._failure = -NO_WAIT_SECONDS, BaseException()

    @contextmanager
    def join(self) -> Iterator[Connection]:
        """Write within the group; return when it is committed.

        Raises: OperationalError when the commit failed. Then nothing of the group is stored. So do
        all that have waited while a group could not begin, instead of waiting one after the other.
        Those who come in the next seconds, as from a queue of forms, begin at once or not at all.
        """
        group = self._enter()
        try:
            yield group.connection
        except BaseException as error:
            group.roll_back_member(error)
            self._leave(group)
            raise
        group.release_member()
        self._leave(group)
        group.wait()

    def _enter(self) -> "_Group":
        came_at = time.monotonic()
        with self._queue_lock:
            self._queue += 1
        self._lock.acquire()
        with self._queue_lock:
            self._queue -= 1
        group = self._group
        try:
            if group is None:
                group = self._group = self._begin(came_at)
            group.begin_member()
        except BaseException as error:
            if group is None:
                self._lock.release()
            else:  # its other members wait
                group.fail(error)
                self._leave(group)
            raise
        return group

    def _begin(self, came_at: float) -> "_Group":
        if came_at < self._failed_at:
            raise OperationalError("BEGIN", (), self._failure) from self._failure
        waits = came_at >= self._failed_at + NO_WAIT_SECONDS
        try:
            return _Group(self._engine, waits=waits)
        except BaseException as error:
            if waits:
                self._failed_at, self._failure = time.monotonic(), error
            raise

    def _leave(self, group: "_Group") -> None:
        try:
            if group.failed or group.is_full() or not self._queue:
                self._group = None
                group.commit()
        finally:
            self._lock.release()


class _Group:
    """One transaction of several members. Unless it `waits`, it begins only if it can at once."""

    def __init__(self, engine: Engine, *, waits: bool) -> None:
        self._resources = ExitStack()
        try:
            self.connection = self._resources.enter_context(engine.connect())
            self._resources.enter_context(write_lock(self.connection))
            self.connection.execution_options(write=True)
            with nullcontext() if waits else busy_seconds(self.connection, 0):
                self._transaction = self.connection.begin()
        except BaseException:
            self._resources.close()
            raise
        self._driver: Any = self.connection.connection.driver_connection
        self._until = time.monotonic() + MAX_SECONDS
        self._members = 0
        self._ended = Event()
        self._error: BaseException | None = None

    @property
    def failed(self) -> bool:
        return self._error is not None

    def is_full(self) -> bool:
        return self._members >= MAX_MEMBERS or time.monotonic() > self._until

    def fail(self, error: BaseException) -> None:
        self._error = error

    def begin_member(self) -> None:
        self._members += 1
        self._driver.execute("SAVEPOINT member")

    def release_member(self) -> None:
        try:
            self._driver.execute("RELEASE member")
        except BaseException as error:  # noqa: BLE001
            self.fail(error)

    def roll_back_member(self, error: BaseException) -> None:
        """Undo what one member wrote; if SQLite has undone everything, the group has failed."""
        try:
            self._driver.execute("ROLLBACK TO member")
            self._driver.execute("RELEASE member")
        except BaseException:  # noqa: BLE001
            self.fail(error)

    def commit(self) -> None:
        """Commit, or roll back a group that failed; let all members go on."""
        try:
            with self._resources:
                try:
                    if self._error is None:
                        self._transaction.commit()
                except BaseException as error:  # noqa: BLE001 (each member raises it)
                    self._error = error
                if self._error is not None:
                    self.connection.invalidate()  # closes it, which rolls back whatever is open
        finally:
            self._ended.set()

    def wait(self) -> None:
        self._ended.wait()
        if self._error is not None:
            raise OperationalError("COMMIT", (), self._error) from self._error


_writers: WeakKeyDictionary[Engine, GroupCommit] = WeakKeyDictionary()
_writers_lock = Lock()


def group_commit_of(engine: Engine) -> GroupCommit:
    """Return the writer of this process for an engine."""
    with _writers_lock:
        writer = _writers.get(engine)
        if writer is None:
            writer = _writers[engine] = GroupCommit(engine)
        return writer
