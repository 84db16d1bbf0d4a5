"""The suite's PostgreSQL sorts text by a language, as a distribution's default install does.

Every test that asks for a database runs on it, so none may rely on the order of bytes.
"""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from petition.database import counters
from petition.database.base import db
from petition.database.transactions import transaction
from tests import databases
from tests.factories import TODAY


@pytest.fixture
def database(postgresql_source: databases.Source, tmp_path: Path) -> Iterator[str]:
    """Return the address of a PostgreSQL database."""
    uri = postgresql_source.new(tmp_path)
    yield uri
    postgresql_source.end(uri)


def test_a_busy_network_is_found_where_text_is_sorted_by_language(app: Flask) -> None:
    in_order = db.session.scalar(text("SELECT 'a' < 'B' AND 'sign:1:abc' > 'sign:1:~'"))
    if not in_order and os.environ.get("CI") != "true":
        pytest.skip(f"no definitions of {databases.LOCALE} here: PostgreSQL sorts by bytes")
    assert in_order
    use = counters.Use("sign:1", "abc", timedelta(minutes=10))
    with transaction() as connection:
        counters.increment(connection, [use], now=TODAY)
        counters.increment(connection, [use], now=TODAY)
        assert counters.current(connection, "sign:1", now=TODAY) == ([("abc", 2)], 0)
