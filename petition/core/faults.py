"""Faults in words, without the errors' own messages, which may hold personal data.

A database says "Key (mailbox_key)=(anna@example.org) already exists"; a codec quotes its input.
"""

import errno
import logging
import os
import re
import sqlite3
from collections.abc import Iterator
from traceback import extract_tb

from petition.core.config import ROOT

_SQLITE = {  # by primary result code
    sqlite3.SQLITE_PERM: "database may not be opened",
    sqlite3.SQLITE_BUSY: "database is locked",
    sqlite3.SQLITE_LOCKED: "database is locked",
    sqlite3.SQLITE_READONLY: "database is read-only",
    sqlite3.SQLITE_IOERR: "disk cannot be read or written",
    sqlite3.SQLITE_CORRUPT: "database is damaged",
    sqlite3.SQLITE_FULL: "disk is full",
    sqlite3.SQLITE_CANTOPEN: "database cannot be opened",
    sqlite3.SQLITE_NOTADB: "database file is not a database",
}
_POSTGRESQL = {  # by SQLSTATE or its class
    "08": "database cannot be reached: connection lost",
    "25006": "database is read-only",
    "28": "database cannot be reached: it refuses the user or password",
    "3D": "database cannot be reached: there is none of this name",
    "53100": "disk is full",
    "53300": "database cannot be reached: too many connections",
    "53": "database is out of resources",
    "57P": "database cannot be reached: it is stopping or starting",
    "58": "disk cannot be read or written",
}
_UNREACHABLE = (  # what psycopg says without a SQLSTATE
    ("connection refused", "connection refused"),
    ("no such file", "no such socket"),
    ("timeout|timed out", "timeout"),
    ("name or service|resolve", "unknown host"),
    ("starting up|shutting down", "it is stopping or starting"),
    ("authentication", "it refuses the user or password"),
    ("too many", "too many connections"),
)


def find_outage(error: BaseException) -> str | None:
    """Return why the database cannot be used now, or None for an error of another kind."""
    return next((text for cause in _causes(error) if (text := _outage(cause))), None)


def describe(error: BaseException) -> str:
    """Return the cause of an error and its place in the code, in one line."""
    causes = list(_causes(error))
    texts = [text for cause in causes if (text := _outage(cause) or _os_error(cause))]
    names = dict.fromkeys(type(cause).__name__ for cause in causes)
    return f"{texts[0] if texts else ' from '.join(names)} ({_place(error)})"


def log_fault(log: logging.Logger, error: BaseException, message: str, *args: object) -> None:
    """Log a fault in one line. With LOG_STACKS its stack follows."""
    log.error(f"{message}: %s", *args, describe(error))  # noqa: G004 (a constant of the caller)
    log_stack(log, error)


def log_stack(log: logging.Logger, error: BaseException) -> None:
    """Log the stack of an error and its causes without their messages, if LOG_STACKS is set."""
    if log.isEnabledFor(logging.DEBUG):
        for cause in _causes(error):
            frames = extract_tb(cause.__traceback__)
            lines = [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
            log.debug("%s", "\n".join([type(cause).__name__, *lines]))


def set_up_log(*, stacks: bool) -> None:
    """Log to standard error, with times; `stacks` is the setting LOG_STACKS."""
    logging.basicConfig(format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("petition").setLevel(logging.DEBUG if stacks else logging.INFO)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, the driver's error after that of SQLAlchemy."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        yield cause
        seen.append(cause)
        cause = getattr(cause, "orig", None) or cause.__cause__


def _outage(error: BaseException) -> str | None:
    if isinstance(error, sqlite3.Error):
        return _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    module, name = type(error).__module__, type(error).__name__
    if module.startswith("sqlalchemy") and name == "TimeoutError":
        return "no connection to the database is free"
    if not module.startswith("psycopg"):
        return None
    state: str = getattr(error, "sqlstate", None) or ""
    if state:
        return next((text for key, text in _POSTGRESQL.items() if state.startswith(key)), None)
    if name not in {"OperationalError", "InterfaceError", "ConnectionTimeout"}:
        return None
    said = str(error).lower()
    reasons = (reason for pattern, reason in _UNREACHABLE if re.search(pattern, said))
    return f"database cannot be reached: {next(reasons, 'connection lost')}"


def _os_error(error: BaseException) -> str | None:
    if not isinstance(error, OSError) or error.errno is None:
        return None
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "disk is full"
    return f"{type(error).__name__}: {os.strerror(error.errno).lower()}"


def _place(error: BaseException) -> str:
    """Return file and line of the innermost frame in this site's code, else in any."""
    frames = extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(f"{ROOT}/petition/")]
    for frame in (own or frames)[-1:]:
        return f"{frame.filename.removeprefix(f'{ROOT}/')}:{frame.lineno} in {frame.name}"
    return "no place"
