"""Group commit on SQLite: threads that write share a commit, and none shares another's error."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from petition.database import engine as engines
from petition.database import group_commit
from petition.database.group_commit import GroupCommit
from tests.waiting import PATIENCE, wait_until


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Return an engine on a new file with one table, whose groups wait as long as a busy machine.

    Of the usual 0.05 seconds, starting two threads there can take more.
    """
    monkeypatch.setattr(group_commit, "MAX_SECONDS", PATIENCE)
    engine = create_engine(f"sqlite:///{tmp_path / 'test.db'}", pool_reset_on_return=None)
    engines.configure(engine)
    with GroupCommit(engine).join() as connection:
        connection.execute(text("CREATE TABLE item (name TEXT PRIMARY KEY)"))
    yield engine
    engine.dispose()


@pytest.fixture
def commits(engine: Engine) -> list[int]:
    """Return a list that grows with every commit."""
    counted: list[int] = []
    event.listen(engine, "commit", lambda _connection: counted.append(1))
    return counted


class Members:
    """Threads that write within one group: all but the first wait until the first lets go."""

    def __init__(self, engine: Engine) -> None:
        self.group = GroupCommit(engine)
        self.results: dict[str, BaseException | None] = {}
        self._threads = ExitStack()

    def insert(self, name: str, *, before: Event | None = None, after: Any = None) -> Thread:
        """Insert a row in a thread; it waits for `before` inside and calls `after`."""

        def run() -> None:
            try:
                with self.group.join() as connection:
                    if before is not None:
                        assert before.wait(PATIENCE)
                    connection.execute(text("INSERT INTO item VALUES (:name)"), {"name": name})
                    if after is not None:
                        after()
                self.results[name] = None
            except BaseException as error:  # noqa: BLE001 (the test looks at it)
                self.results[name] = error

        thread = Thread(target=run)
        thread.start()
        return thread

    def waiting(self) -> int:
        """How many threads wait for their turn."""
        return self.group._queue  # noqa: SLF001


def stored(engine: Engine) -> set[str]:
    """Return what another connection reads."""
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT name FROM item")))


def insert_together(engine: Engine, **after: Any) -> Members:
    """Insert a, b and c in one group, calling a function after one of them."""
    members, go = Members(engine), Event()
    threads = [members.insert("a", before=go, after=after.get("a"))]
    wait_until(lambda: members.group._group is not None, "a has begun")  # noqa: SLF001
    threads += [members.insert(name, after=after.get(name)) for name in "bc"]
    wait_until(lambda: members.waiting() == 2, "b and c wait")
    go.set()
    for thread in threads:
        thread.join(PATIENCE)
    return members


def test_threads_that_wait_share_one_commit(engine: Engine, commits: list[int]) -> None:
    members = insert_together(engine)
    assert members.results == dict.fromkeys("abc")
    assert stored(engine) == {*"abc"}
    assert len(commits) == 1


@pytest.mark.parametrize("failing", ["a", "b", "c"])
def test_one_that_fails_leaves_the_others_whole(engine: Engine, failing: str) -> None:
    def fail() -> None:
        raise LookupError(failing)

    members = insert_together(engine, **{failing: fail})
    assert isinstance(members.results.pop(failing), LookupError)
    assert set(members.results.values()) == {None}
    assert stored(engine) == {*"abc"} - {failing}


def test_a_broken_constraint_is_one_members_own(engine: Engine) -> None:
    group = GroupCommit(engine)
    with group.join() as connection:
        connection.execute(text("INSERT INTO item VALUES ('a')"))
    members = Members(engine)
    members.insert("a").join(PATIENCE)
    assert isinstance(members.results["a"], IntegrityError)
    assert stored(engine) == {"a"}


def test_nobody_goes_on_before_the_commit(engine: Engine) -> None:
    seen: dict[str, set[str]] = {}
    members = insert_together(engine, c=lambda: seen.update(before=stored(engine)))
    assert seen == {"before": set()}, "what is not committed is not read"
    assert members.results == dict.fromkeys("abc")


def test_a_commit_that_fails_fails_for_all(engine: Engine) -> None:
    def fail(_connection: object) -> None:
        raise OperationalError("COMMIT", (), OSError("disk full"))

    event.listen(engine, "commit", fail)
    members = insert_together(engine)
    event.remove(engine, "commit", fail)
    assert {type(error) for error in members.results.values()} == {OperationalError}
    assert stored(engine) == set()
    after = Members(engine)
    after.insert("d").join(PATIENCE)
    assert after.results == {"d": None}
    assert stored(engine) == {"d"}


def test_a_transaction_that_sqlite_rolls_back_fails_for_all(engine: Engine) -> None:
    def roll_back() -> None:
        group = members[0].group._group  # noqa: SLF001
        assert group is not None
        group._driver.rollback()  # noqa: SLF001 (SQLite does so on a full disk)
        raise OperationalError("INSERT", (), OSError("disk full"))

    members = [Members(engine)]
    go = Event()
    threads = [members[0].insert("a", before=go)]
    wait_until(lambda: members[0].group._group is not None, "a has begun")  # noqa: SLF001
    threads.append(members[0].insert("b", after=roll_back))
    wait_until(lambda: members[0].waiting() == 1, "b waits")
    go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert {type(error) for error in members[0].results.values()} == {OperationalError}
    assert stored(engine) == set()


def test_a_savepoint_that_cannot_be_set_fails_for_all_and_holds_nobody(engine: Engine) -> None:
    members, go = Members(engine), Event()

    def deny_savepoints() -> None:
        group = members.group._group  # noqa: SLF001
        assert group is not None
        group._driver.set_authorizer(  # noqa: SLF001
            lambda action, what, *_: int(action == sqlite3.SQLITE_SAVEPOINT and what == "BEGIN")
        )

    threads = [members.insert("a", before=go, after=deny_savepoints)]
    wait_until(lambda: members.group._group is not None, "a has begun")  # noqa: SLF001
    threads.append(members.insert("b"))
    wait_until(lambda: members.waiting() == 1, "b waits")
    go.set()
    wait_until(lambda: set(members.results) == {"a", "b"}, "both have ended")
    for thread in threads:
        thread.join(PATIENCE)
    assert None not in members.results.values()
    assert stored(engine) == set()
    after = Members(engine)
    after.insert("c").join(PATIENCE)
    assert after.results == {"c": None}


def test_forms_that_queue_for_threads_do_not_wait_one_after_the_other(tmp_path: Path) -> None:
    file = tmp_path / "test.db"
    engine = create_engine(f"sqlite:///{file}?timeout=0.5", pool_reset_on_return=None)
    engines.configure(engine)
    group, tried = GroupCommit(engine), []

    def write() -> None:
        try:
            with group.join() as connection:
                connection.execute(text("CREATE TABLE IF NOT EXISTS item (name TEXT)"))
            tried.append(True)
        except OperationalError:
            tried.append(False)

    write()
    assert tried.pop()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        for _ in range(20):
            write()
        assert time.monotonic() - began < 5, "20 times half a second"
        assert tried == [False] * 20
        other.execute("ROLLBACK")
    write()
    assert tried.pop(), "as soon as it can"
    engine.dispose()


def test_many_threads_lose_nothing(engine: Engine, commits: list[int]) -> None:
    members, start = Members(engine), Barrier(16)

    def insert_twenty(number: int) -> None:
        start.wait(PATIENCE)
        for k in range(20):
            members.insert(f"{number} {k}").join(PATIENCE)

    threads = [Thread(target=insert_twenty, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert members.results == {f"{n} {k}": None for n in range(16) for k in range(20)}
    assert len(stored(engine)) == 320
    assert len(commits) <= 320
