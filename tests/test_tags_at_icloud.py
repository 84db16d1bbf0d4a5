"""Signatures with a tagged address at iCloud, from before tags there made an address of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from petition.database.base import db
from petition.models import Organiser, Signature
from tests import databases, upgrades
from tests.browsing import Client, count_of, deliver, filled
from tests.post_office import PostOffice

ADDRESS = "Fay+x@icloud.com"
# One signature kept its key when 0012 made it another's mailbox; that one was made again since.
TWICE = "UPDATE signature SET address_key = 'gus+x@me.com', mailbox_key = '{}' WHERE id = {}"
STATEMENTS = (
    TWICE.format("gus@me.com", 2),
    TWICE.format("gus+x@me.com", 3),
    "UPDATE signature SET email = 'Fay+x@icloud.com', mailbox_key = 'fay@icloud.com' WHERE id = 1",
    "UPDATE signature SET address_key = 'fay+x@icloud.com' WHERE id = 1",
    "UPDATE organiser SET email = 'Fay+x@icloud.com', mailbox_key = 'fay@icloud.com' WHERE id = 1",
)


@pytest.fixture(params=[(kind, "0014") for kind in databases.KINDS], ids="-".join)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with upgrades.migrated(request, tmp_path, *STATEMENTS) as uri:
        yield uri


def test_a_tagged_address_stays_one_signer_and_the_untagged_is_another(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    signature = db.session.get_one(Signature, 1)
    assert signature.mailbox_key == "fay+x@icloud.com"
    assert db.session.scalars(select(Organiser.mailbox_key)).first() == "fay+x@icloud.com"
    slug = "free-them"
    count = count_of(client, slug)
    deliver(app)
    for address, is_known in ((ADDRESS, True), ("fay@icloud.com", False)):
        before = len(post_office.arrived)
        client.post(f"/p/{slug}/sign", data=filled(email=address))
        deliver(app)
        mail = post_office.wait_for(before + 1)[-1]
        assert ("/confirm/" not in mail.text) == is_known
    assert count_of(client, slug) == count


def test_a_key_that_another_signature_has_stays_with_that_one(app: Flask) -> None:
    keys = [db.session.get_one(Signature, number).mailbox_key for number in (2, 3)]
    assert keys == ["gus@me.com", "gus+x@me.com"]
