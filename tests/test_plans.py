"""What runs at every signature, letter and download finds its rows by an index.

Both peers measured fall below one signature a second at a million rows, for want of an index.
"""

import pytest
from flask import Flask

from petition import export, outbox, petitions, signing
from petition.extensions import db
from petition.prepared import Prepared

STATEMENTS = {
    "whether the mailbox has signed": signing._FIND_SIGNED,  # noqa: SLF001
    "what is signed": petitions._SIGNABLE,  # noqa: SLF001
    "a letter to a signer": outbox._POST_TO_SIGNER,  # noqa: SLF001
    "a letter to an organiser": outbox._POST_TO_ORGANISER,  # noqa: SLF001
    "whether a letter is due": outbox._IS_DUE,  # noqa: SLF001
    "the next letter": outbox._CLAIM,  # noqa: SLF001
    "a letter that was sent": outbox._SENT,  # noqa: SLF001
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
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps
