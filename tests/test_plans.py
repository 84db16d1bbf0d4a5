"""Statements that run at every signature, email, page and download find their rows by an index.

Two comparable sites fall below one signature a second at a million rows, for want of an index.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from petition.abuse import bursts
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.models import Signature
from petition.organisers import audit_trail, moderation
from petition.organisers.export import Profile
from petition.organisers.handover import queries as export_queries
from petition.organisers.news import refill
from petition.organisers.overview import figures
from petition.outbox import delivery, enqueue
from petition.petitions import signing_terms, sums, supporters
from petition.signatures import self_service
from tests.browsing import enter, invite
from tests.factories import TODAY, make_petition

STATEMENTS = {
    "what is signed": signing_terms._SIGNING_TERMS,  # noqa: SLF001
    "an email to a signer": enqueue._INSERT_FOR_SIGNER,  # noqa: SLF001
    "an email to an organiser": enqueue._INSERT_FOR_ORGANISER,  # noqa: SLF001
    "whether an email is due": delivery._ANY_DUE,  # noqa: SLF001
    "whether a burst holds it": bursts._OPEN_BURST,  # noqa: SLF001
    "the next email": delivery._CLAIM,  # noqa: SLF001
    "the next news": delivery._CLAIM_NEWS,  # noqa: SLF001
    "whether news is due": delivery._ANY_NEWS_DUE,  # noqa: SLF001
    "the readers of news": CompiledStatement(refill.next_readers(1, 0, 9)),
    "an email that was sent": CompiledStatement(delivery._update_due(0)),  # noqa: SLF001
    "the download": export_queries.rows("sqlite", Profile.ORGANISER, frozenset()),
    "the hand-over file": export_queries.rows("sqlite", Profile.HANDOVER, frozenset()),
    "its end": export_queries.COUNT,
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_is_read_through_and_no_result_is_sorted(app: Flask, name: str) -> None:
    statement: CompiledStatement = STATEMENTS[name]
    with db.engine.connect() as connection:
        sql, binds, _ = statement._for(connection.dialect)  # noqa: SLF001 (the SQL as it is sent)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(None for _ in binds))
        steps = [str(step[3]) for step in plan]
    steps = [
        # One row, the counts of earlier emails; and the rows that are claimed.
        step
        for step in steps
        if step not in {"SCAN counts", "SCAN first_due"}
    ]
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements that are executed, with their parameters."""
    executed: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, sql: str, binds: object, *_: object) -> None:
        executed.append((sql, binds))

    event.listen(db.engine, "before_cursor_execute", listen)
    yield executed
    event.remove(db.engine, "before_cursor_execute", listen)


def scans_of_signatures(executed: list[tuple[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return the statements that read all signatures, with their plans."""
    found = []
    with db.engine.connect() as connection:
        for sql, binds in executed:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", binds)
            steps = [str(step[3]) for step in plan]
            # The index of pending entries holds these alone, and they are purged.
            read_through = {step for step in steps if step.startswith("SCAN signature")}
            if read_through - {"SCAN signature USING INDEX ix_signature_pending"}:
                found.append((sql, steps))
    return found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_pages_say_of_signers_is_found_by_an_index(app: Flask, petition: str) -> None:
    with statements() as executed:
        supporters.get_shown(1)
        supporters.get_totals(1)
        supporters.list_shown(1, before=1_000)
        supporters.list_organisations(1)
        figures.get_figures(1, now=TODAY)
        sums.count_on([1, 2], TODAY.date())
        moderation.count_waiting_of([1, 2])
        moderation.list_waiting(1)
        moderation.count_waiting(1)
        moderation.list_shown(1, before=1_000)
    assert len([sql for sql, _ in executed if "FROM signature" in sql]) >= 9
    assert not scans_of_signatures(executed)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("read", "index"),
    [
        (lambda: audit_trail.list_entries(1, before=1_000), "ix_audit_entry_petition_id_id"),
        (
            lambda: db.session.scalars(
                self_service._downloads(  # noqa: SLF001
                    Signature(petition_id=1, confirmed_at=TODAY, handover=True, entry=1)
                )
            ).all(),
            "ix_audit_entry_download",
        ),
    ],
)
def test_entries_of_the_audit_trail_are_found_by_an_index(
    app: Flask, read: Callable[[], object], index: str
) -> None:
    with statements() as executed:
        read()
    ((sql, binds),) = executed
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", binds).all()
    steps = [str(step[3]) for step in plan]
    assert index in steps[0]
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 4),
        ("/p/free-them", 11),
        ("/p/free-them/signatures", 6),
        ("/organisers/", 12),
        ("/organisers/p/free-them", 17),
    ],
)
def test_a_page_takes_few_statements_and_none_scans_signatures(
    app: Flask, path: str, most: int
) -> None:
    for slug in ("free-them", *(f"petition-{n}" for n in range(29))):
        make_petition(slug)
    invite()
    inside = enter(app)
    with statements() as executed:
        assert inside.get(path).status_code == 200
    assert 0 < len(executed) <= most, executed
    assert not scans_of_signatures(executed)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("count", "index"),
    [
        (lambda: figures.count_pending(1), "ix_signature_pending"),
        (lambda: moderation.count_waiting(1), "ix_signature_comment"),
        (lambda: moderation.count_waiting_of([1]), "ix_signature_comment"),
    ],
)
def test_what_waits_is_counted_from_the_index_alone(
    app: Flask, petition: str, count: Callable[[], object], index: str
) -> None:
    with statements() as executed:
        count()
    (counting,) = [(sql, binds) for sql, binds in executed if "FROM signature \n" in sql]
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {counting[0]}", counting[1])
        assert index in str(plan.one()[3])
        steps = connection.exec_driver_sql(f"EXPLAIN {counting[0]}", counting[1]).all()
    # Cursor 0 is the table: no column is read from it.
    assert not [step for step in steps if step[1] == "Column" and step[2] == 0]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("the next email", "ix_email_due_at"),
        ("the next news", "ix_email_news"),
        ("the readers of news", "ix_signature_news"),
    ],
)
def test_what_waits_is_found_by_its_partial_index(app: Flask, name: str, index: str) -> None:
    with db.engine.connect() as connection:
        sql, binds, _ = STATEMENTS[name]._for(connection.dialect)  # noqa: SLF001
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(None for _ in binds))
        assert index in " ".join(str(step[3]) for step in plan)
