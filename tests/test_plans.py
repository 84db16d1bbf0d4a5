"""What runs at every signature, letter and download finds its rows by an index.

Both peers measured fall below one signature a second at a million rows, for want of an index.
"""

import pytest
from flask import Flask
from sqlalchemy import Connection, event

from petition import bursts, export, moderation, outbox, petitions, posting, supporters
from petition.extensions import db
from petition.prepared import Prepared

STATEMENTS = {
    "what is signed": petitions._SIGNABLE,  # noqa: SLF001
    "a letter to a signer": posting._POST_TO_SIGNER,  # noqa: SLF001
    "a letter to an organiser": posting._POST_TO_ORGANISER,  # noqa: SLF001
    "whether a letter is due": outbox._IS_DUE,  # noqa: SLF001
    "whether a burst holds it": bursts._OPEN_BURST,  # noqa: SLF001
    "the next letter": outbox._CLAIM,  # noqa: SLF001
    "a letter that was sent": outbox._SETTLED,  # noqa: SLF001
    "the download": export._ROWS,  # noqa: SLF001
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_is_read_through_and_no_result_is_sorted(app: Flask, name: str) -> None:
    statement: Prepared = STATEMENTS[name]
    with db.engine.connect() as connection:
        sql, binds, _ = statement._for(connection.dialect)  # noqa: SLF001 (the SQL as it is sent)
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", tuple(None for _ in binds))
        steps = [str(step[3]) for step in plan]
    steps = [step for step in steps if step != "SCAN had"]  # one row: what a reader has had
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_the_page_says_of_signers_is_found_by_an_index(app: Flask, petition: str) -> None:
    asked: list[tuple[str, object]] = []

    def listen(connection: Connection, cursor: object, sql: str, binds: object, *_: object) -> None:
        asked.append((sql, binds))

    event.listen(db.engine, "before_cursor_execute", listen)
    supporters.company(1)
    supporters.sums(1)
    supporters.page(1, before=1_000)
    moderation.waiting(1)
    moderation.waiting_count(1)
    moderation.shown(1, before=1_000)
    event.remove(db.engine, "before_cursor_execute", listen)
    of_signatures = [(sql, binds) for sql, binds in asked if "FROM signature" in sql]
    assert len(of_signatures) >= 5
    with db.engine.connect() as connection:
        for sql, binds in of_signatures:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", binds)  # type: ignore[arg-type]
            steps = [str(step[3]) for step in plan]
            assert not [step for step in steps if step.startswith("SCAN")], (sql, steps)
