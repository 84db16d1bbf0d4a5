"""A database of an earlier release migrates with all its rows."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import text

from petition.database import schema
from petition.database.base import Base, db
from petition.organisers import audit_trail
from petition.petitions import queries
from petition.petitions.questions import ASKED_BY_DEFAULT
from tests import upgrades
from tests.browsing import Client, count_of
from tests.signatures import recounted_sums, stored_sums

SLUG = "free-them"


@pytest.fixture(scope="module", params=upgrades.RELEASES, ids="-".join)
def release(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Return the address of a database of an earlier release, migrated. Tests here only read it."""
    with upgrades.migrated(request, tmp_path_factory.mktemp("upgrades")) as uri:
        yield uri


@pytest.fixture
def database(release: str) -> str:
    return release


def since(name: str) -> pytest.MarkDecorator:
    """Run a test on the releases that have a migration."""
    return pytest.mark.parametrize("release", upgrades.since(name), indirect=True, ids="-".join)


def rows(statement: str) -> list[Sequence[Any]]:
    return [tuple(row) for row in db.session.execute(text(statement))]


def test_tables_columns_and_indexes_are_those_of_the_models(app: Flask, client: Client) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert schema.read_columns(db.engine) == set(schema.declared_columns())
    assert client.get("/readyz").status_code == 200


def test_what_was_signed_is_there_with_its_sums_and_hashes(app: Flask, client: Client) -> None:
    signatures = rows(
        "SELECT name, entry, entries, text_language, number FROM signature"
        " WHERE petition_id = 1 AND email LIKE '%@example.org' ORDER BY id"
    )
    assert [row[0] for row in signatures] == ["Anna Berg", "Boris", "Вера", "Dora"]
    assert [row[3:] for row in signatures] == [
        ("en", 1),
        ("en", None),  # a German reader under a text in English
        ("ru", 2),
        ("en", None),
    ]
    assert (
        rows("SELECT organiser FROM petition_text WHERE petition_id = 1")
        == [("The committee",)] * 2
    )
    assert count_of(client, SLUG) == 2
    assert "Anna Berg" in client.get(f"/p/{SLUG}/signatures").text
    assert stored_sums() == recounted_sums()
    hash_mailbox = app.extensions["tokens"].hash_mailbox
    hashes = rows("SELECT mailbox_key, mailbox_hash FROM signature")
    assert all(
        stored == ("" if key.startswith("anonymised:") else hash_mailbox(key))
        for key, stored in hashes
    )


def test_a_petition_of_before_tells_nothing_beside_its_text(app: Flask, client: Client) -> None:
    view = queries.get_petition(SLUG, "en")
    assert (view.facts, view.plan, view.victory, view.as_of) == ([], [], None, "")
    assert view.asked == ASKED_BY_DEFAULT
    assert set(rows("SELECT answers FROM signature")) == {("",)}
    assert view.text.portrait_caption == view.portrait_credit == ""
    assert "What happens with your signature" in client.get(f"/en/p/{SLUG}").text


def test_the_audit_trail_is_hashed_in_its_order_and_goes_on(app: Flask) -> None:
    found = audit_trail.verify()
    assert found.faults == []
    assert [found.entries] == [len(rows("SELECT id FROM audit_entry"))]
    assert rows("SELECT id, entry_id, hash FROM audit_head") == [(1, *found.head)]


@since("0002")
def test_second_entries_bursts_withdrawals_and_suppressions_are_there(app: Flask) -> None:
    assert rows("SELECT name, country, entry FROM alternate_entry") == [("Boris Two", "FR", 2)]
    assert rows("SELECT id, kind, seen, state FROM burst ORDER BY id") == [
        (1, "domain", 20, "released"),
        (3, "domain", 22, "open"),  # recorded twice before 0007; it holds the emails of both
        (4, "network", 40, "open"),
    ]
    held = rows(
        "SELECT name, burst_id FROM email JOIN signature ON signature.id = signature_id"
        " WHERE email.state = 'held' ORDER BY name"
    )
    assert held == [("Emil", 3), ("Fay", 3), ("Gus", 4)]
    withdrawals = "SELECT address, list_downloaded, entry FROM email WHERE kind = 'withdrawn'"
    assert rows(f"{withdrawals} ORDER BY id") == [
        ("cecil@example.org", False, None),
        ("hugo@example.org", True, None),
    ]
    assert rows("SELECT hash, bounce FROM suppression ORDER BY hash") == [
        ("5".zfill(32), ""),
        ("6".zfill(32), "5.1.1"),
    ]


@since("0003")
def test_updates_pictures_offices_and_visits_are_there(app: Flask, client: Client) -> None:
    assert "They are heard" in client.get(f"/p/{SLUG}/updates").text
    assert rows("SELECT visits FROM visit") == [(12,)]
    assert rows("SELECT postal FROM target") == [("Street 1\nStockholm",)]
    assert bytes(rows("SELECT content FROM picture")[0][0]) == bytes.fromhex("52494646ff00")


@since("0004")
def test_hidden_names_and_tries_of_codes_are_there(app: Flask) -> None:
    assert rows("SELECT email FROM signature WHERE name_hidden") == [("vera@example.org",)]
    boris = app.extensions["tokens"].hash_mailbox("boris@example.org")
    tries = "SELECT scope, subject, value FROM counter WHERE scope LIKE 'code:%'"
    assert rows(tries) == [("code:1", boris, 3)]
