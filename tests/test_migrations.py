"""A database of an earlier release comes along with everything that is in it."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import databases

BEFORE = """
INSERT INTO petition (id, slug, state, source_language, contact, asks_postcode, created_at)
    VALUES (1, 'p', 'open', 'en', 'c@example.org', {no}, '2016-05-26 12:00:00');
INSERT INTO tally (petition_id, counted, last_number, changed_at)
    VALUES (1, 1, 1, '2016-05-26 12:00:00');
INSERT INTO signature (id, petition_id, name, email, address_key, mailbox_key, country, postcode,
    organisation, role, comment, display, handover, updates, language, channel, text_language,
    text_version, entry, signed_at, confirmed_at, number)
    VALUES (7, 1, 'Anna', 'a@example.org', 'a@example.org', 'a@example.org', 'SE', '', '', '', '',
    'hidden', {no}, {no}, 'en', '', 'en', 1, 3, '2016-05-26 12:00:00', '2016-05-26 12:00:00', 1);
INSERT INTO letter (id, kind, state, signature_id, attempts, reason, created_at, due_at)
    VALUES (11, 'confirm', 'due', 7, 2, 'later', '2016-05-26 12:00:00', '2016-05-26 12:00:00');
INSERT INTO letter (id, kind, state, signature_id, attempts, reason, created_at, due_at)
    VALUES (12, 'already_signed', 'withheld', 7, 0, '', '2016-05-26 12:00:00',
    '2016-05-26 12:00:00')
"""


@pytest.mark.parametrize("kind", databases.KINDS)
def test_what_was_there_is_there(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    source: databases.Source = request.getfixturevalue(f"{kind}_source")
    uri = source.empty(tmp_path)
    databases.migrate(uri, tmp_path, "0001")
    engine = create_engine(uri)
    no = "0" if kind == "sqlite" else "false"
    with engine.begin() as connection:
        for statement in BEFORE.format(no=no).split(";"):
            connection.execute(text(statement))
    databases.migrate(uri, tmp_path)
    with engine.begin() as connection:
        assert connection.execute(
            text("SELECT name, entry, entries, name_hidden FROM signature WHERE id = 7")
        ).one() == ("Anna", 3, 3, False)
        assert connection.execute(text("SELECT counted FROM tally")).scalar_one() == 1
        letters = connection.execute(
            text("SELECT id, kind, state, entry, attempts, reason FROM email ORDER BY id")
        ).all()
        assert list(map(tuple, letters)) == [
            (11, "confirm", "due", 3, 2, "later"),
            (12, "confirm", "withheld", 3, 0, ""),
        ]
        new = connection.execute(
            text(
                "INSERT INTO email (kind, state, suppressed, address, language, mailbox_hash,"
                " attempts, reason, created_at, due_at)"
                " VALUES ('confirm', 'due', :no, '', '', '', 0, '',"
                " '2016-05-26 12:00:00', '2016-05-26 12:00:00') RETURNING id"
            ),
            {"no": False},
        ).scalar_one()
        assert new == 13, "numbers go on"
        connection.execute(text("DELETE FROM signature"))
        kept = connection.execute(text("SELECT count(*) FROM email")).scalar_one()
    engine.dispose()
    source.end(uri)
    assert kept == 3, "a letter outlives its signature"
