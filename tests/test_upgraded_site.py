"""On a migrated database of an earlier release people sign, confirm and are exported."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from petition.database.base import db
from petition.models import Email
from tests import upgrades
from tests.browsing import Client, confirmed, count_of, deliver, path_of
from tests.post_office import PostOffice

SLUG = "free-them"


@pytest.fixture(params=upgrades.RELEASES, ids="-".join)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with upgrades.migrated(request, tmp_path) as uri:
        yield uri


def test_people_sign_confirm_and_are_exported(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    last_email = db.session.scalar(select(func.max(Email.id))) or 0
    deliver(app)
    waited = {mail.recipients[0]: mail for mail in post_office.arrived}
    assert client.post(path_of(waited["dora@example.org"].link)).status_code == 303
    if "hugo@example.org" in waited:
        assert "the organisers had downloaded a list" in waited["hugo@example.org"].text
        assert "No list" in waited["cecil@example.org"].text
    confirmed(client, post_office, SLUG, name="Ida New", email="ida@example.org")
    assert count_of(client, SLUG) == 4
    exported = app.test_cli_runner().invoke(args=["export", SLUG]).stdout
    rows = csv.DictReader(io.StringIO(exported.removeprefix("\ufeff"), newline=""))
    assert [row["name"] for row in rows] == ["Anna Berg", "Вера", "Dora", "Ida New"]
    db.session.rollback()
    first_new = select(func.min(Email.id)).where(Email.id > last_email)
    assert db.session.scalar(first_new) == last_email + 1, "ids go on"
