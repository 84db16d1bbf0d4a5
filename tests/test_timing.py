"""The work of an answer does not depend on whether an address has signed.

`make timing` measures what is left.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from petition.database.base import db
from tests.browsing import Client, confirmed, deliver, filled
from tests.factories import earlier
from tests.post_office import PostOffice

KINDS = ("new", "pending", "confirmed", "typed by another since")
OF_SIGNERS = re.compile(r"\b(?:signature|alternate_entry|email|suppression)\b")
VALUES = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|\bNULL\b")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements about signers that reach SQLite, without their values."""
    executed: list[str] = []

    def keep(sql: str) -> None:
        statement = VALUES.sub("?", sql)
        # SQLite reports a statement again for what follows from a foreign key.
        if OF_SIGNERS.search(sql) and statement not in executed[-1:]:
            executed.append(statement)

    def listen(connection: Any, *_: object) -> None:
        connection.set_trace_callback(keep)

    event.listen(db.engine, "checkout", listen)
    yield executed
    event.remove(db.engine, "checkout", listen)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_statements_are_the_same_for_a_new_a_pending_and_a_confirmed_address(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    confirmed(client, post_office, petition, email="confirmed@example.org")
    client.post(f"/p/{petition}/sign", data=filled(email="pending@example.org"))
    deliver(app)
    earlier(minutes=3)
    done = {kind: way(app, client, petition, kind) for kind in KINDS}
    assert len(done["new"]["status"]) == 1, "open pages ask for it again and again"
    for step, expected in done["new"].items():
        assert expected, step
        for kind in KINDS:
            assert done[kind][step] == expected, (step, kind)


def way(app: Flask, client: Client, petition: str, kind: str) -> dict[str, list[str]]:
    """Sign with an address of a kind and go on from there; return the statements of each step."""
    done: dict[str, list[str]] = {}
    address = f"{kind.replace(' ', '-')}@example.org"

    def do(step: str, path: str, **data: str) -> str:
        db.session.rollback()
        with statements() as executed:
            answer = client.post(path, data=data) if data else client.get(path)
        done[step] = list(executed)
        if step.startswith(("resend", "correct")) and "too soon" not in step:
            assert answer.status_code == 303, step
        return str(answer.location).partition("?")[0]

    pending = do("sign", f"/p/{petition}/sign", **filled(email=address))
    if kind == "typed by another since":
        client.post(f"/p/{petition}/sign", data=filled(email=address, name="Another"))
    do("pending, waiting", pending)
    deliver(app)
    do("pending, sent", pending)
    do("status", f"{pending}/status")
    do("code", f"{pending}/code", code="000000")
    do("code that is none", f"{pending}/code", code="x")
    do("resend too soon", pending, again="1")
    earlier(minutes=3)
    again = do("resend", pending, again="1")
    do("correct from", f"{again}/address", email=f"from-{address}")
    do("pending, corrected", pending)
    own = do("sign for another", f"/p/{petition}/sign", **filled(email=f"own-{address}"))
    corrected = do("correct to", f"{own}/address", email=address)
    do("pending after the correction", corrected)
    do("my", "/my", email=address)
    return done
