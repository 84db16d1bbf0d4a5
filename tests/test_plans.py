"""What runs at every signature, letter and download finds its rows by an index.

Both peers measured fall below one signature a second at a million rows, for want of an index.
"""

import pytest
from flask import Flask
from sqlalchemy import Connection, event

from petition.abuse import bursts
from petition.database.base import db
from petition.database.compiled import CompiledStatement
from petition.organisers import export, moderation
from petition.outbox import delivery, enqueue
from petition.petitions import queries, supporters

STATEMENTS = {
    "what is signed": queries._SIGNABLE,  # noqa: SLF001
    "an email to a signer": enqueue._INSERT_FOR_SIGNER,  # noqa: SLF001
    "an email to an organiser": enqueue._INSERT_FOR_ORGANISER,  # noqa: SLF001
    "whether an email is due": delivery._ANY_DUE,  # noqa: SLF001
    "whether a burst holds it": bursts._OPEN_BURST,  # noqa: SLF001
    "the next email": delivery._CLAIM,  # noqa: SLF001
    "an email that was sent": delivery._SETTLE,  # noqa: SLF001
    "the download": export._ROWS,  # noqa: SLF001
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
        step for step in steps if step != "SCAN counts"
    ]  # one row: the counts of earlier emails
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_the_page_says_of_signers_is_found_by_an_index(app: Flask, petition: str) -> None:
    asked: list[tuple[str, object]] = []

    def listen(connection: Connection, cursor: object, sql: str, binds: object, *_: object) -> None:
        asked.append((sql, binds))

    event.listen(db.engine, "before_cursor_execute", listen)
    supporters.get_shown(1)
    supporters.get_totals(1)
    supporters.list_shown(1, before=1_000)
    moderation.list_waiting(1)
    moderation.count_waiting(1)
    moderation.list_shown(1, before=1_000)
    event.remove(db.engine, "before_cursor_execute", listen)
    of_signatures = [(sql, binds) for sql, binds in asked if "FROM signature" in sql]
    assert len(of_signatures) >= 5
    with db.engine.connect() as connection:
        for sql, binds in of_signatures:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", binds)  # type: ignore[arg-type]
            steps = [str(step[3]) for step in plan]
            assert not [step for step in steps if step.startswith("SCAN")], (sql, steps)
