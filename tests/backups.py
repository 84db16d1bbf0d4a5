"""A site with something in every kind of column, and copies of it."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import insert, select, update

from petition.database.base import db
from petition.database.transactions import snapshot, transaction
from petition.models import Email, Handover, Petition, Picture
from petition.operations.backup import tables
from petition.petitions import queries, updates
from petition.petitions.editing import petition_file
from petition.signatures import self_service
from tests.browsing import invite
from tests.factories import NEWS, TODAY, MakeApp, make_petition
from tests.signatures import confirm, sign, signature_of

LIST = b"number,name\r\n1,Anna\r\n" * 9_000  # longer than one part of a file


def fill(app: Flask) -> None:
    """Store a petition with news, a picture, an organiser, a pack, and 12 signatures, 9 counted."""
    slug = make_petition()
    petition_id = queries.get_id(slug)
    parsed = petition_file.parse_updates({"target": NEWS["target"]})
    updates.import_updates(slug, parsed, now=TODAY)
    invite(slug=slug)
    for number in range(12):
        email_id = sign(f"signer{number}@example.org", at=TODAY + timedelta(seconds=number))
        if number < 10:
            confirm(signature_of(email_id).id)
    sign("signer11@example.org")  # an alternate entry
    self_service.withdraw(1, now=TODAY)
    pack = {
        "petition_id": petition_id,
        "download_id": 7,
        "made_at": TODAY,
        "language": "en",
        "rows": 9,
        "withheld": 0,
        "size": 3,
        "sha256": "0" * 64,
        "list_sha256": hashlib.sha256(LIST).hexdigest(),
        "handed_over_on": date(2016, 5, 27),
    }
    picture = {"petition_id": petition_id, "name": "x", "digest": "d", "width": 1, "height": 1}
    with transaction() as connection:
        connection.execute(insert(Handover).values(pack))
        connection.execute(insert(Picture).values(picture | {"content": bytes(range(256))}))
        connection.execute(update(Petition).values(closed_at=None))
    folder = Path(app.instance_path) / "files"
    folder.mkdir(exist_ok=True)
    (folder / "7.csv").write_bytes(LIST)
    (folder / "7.pdf").write_bytes(os.urandom(400_000))
    (folder / "8.csv").write_bytes(b"asked for a moment ago, gone in an hour")


def content_of(app: Flask) -> dict[str, tuple[int, str]]:
    """Return the number of rows and the SHA-256 of each table."""
    with app.app_context(), snapshot() as connection:
        return {
            stored.name: tables.digest_rows(connection, stored)
            for stored in tables.read_tables(connection)
        }


def last_email_id() -> int:
    """Return the highest id of an email."""
    return max(db.session.scalars(select(Email.id)))


@contextmanager
def other_site(make_app: MakeApp, source: Any, folder: Path, **settings: Any) -> Iterator[Flask]:
    """Return an application without a database in an instance folder of its own."""
    folder.mkdir(mode=0o700)
    uri = source.empty(folder)
    app = make_app(SQLALCHEMY_DATABASE_URI=uri, INSTANCE_PATH=str(folder), **settings)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    source.end(uri)
