"""The audit trail on pages: that of a petition for organisers, and the downloads for signers."""

import re
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import text

from petition import audit
from petition.core.clock import now
from petition.database.transactions import transaction
from petition.models.enums import AuditAction, Role
from petition.organisers import access, audit_trail
from petition.petitions import queries
from petition.signatures.identity import parse_address
from tests.browsing import Client, enter, invite, my_page, text_of
from tests.factories import TODAY, make_petition
from tests.post_office import PostOffice


def test_organisers_read_the_trail_of_their_petition_a_page_at_a_time(app: Flask) -> None:
    petition_id = queries.get_id(make_petition())
    other_id = queries.get_id(make_petition("another"))
    colleague, me = 41, invite(Role.EDITOR, "free-them")
    inside = enter(app)
    with transaction() as connection:
        for number in range(1, 104):
            audit.record(
                connection,
                AuditAction.PETITION_RECOUNT,
                TODAY,
                organiser_id=colleague if number == 1 else me,
                petition_id=petition_id,
                detail=f"{number} to {number + 1}",
            )
        audit.record(connection, AuditAction.PETITION_PAUSE, TODAY, petition_id=other_id)
    first = inside.get("/organisers/p/free-them/audit")
    assert first.text.count(" became ") == audit_trail.PAGE_SIZE
    assert "103 became 104" in text_of(first)
    assert "Paused the petition" not in first.text
    link = first.text.partition('href="/organisers/p/free-them/audit?before=')[2].partition('"')[0]
    second = text_of(inside.get(f"/organisers/p/free-them/audit?before={link}"))
    assert "3 became 4" in second
    assert "1 became 2 Organiser 41 ," in second
    assert "Show earlier ones" not in second


def test_only_admins_read_who_another_organiser_is(app: Flask) -> None:
    petition_id = queries.get_id(make_petition())
    address = parse_address("colleague@example.net", lambda _mailbox: "")
    colleague = access.invite(address, role=Role.EDITOR, slug=None, language="en", now=TODAY)
    with transaction() as connection:
        of_colleague: dict[str, Any] = {"organiser_id": colleague, "petition_id": petition_id}
        audit.record(connection, AuditAction.NAME_HIDE, TODAY, **of_colleague)
    invite(Role.ADMIN)
    page = "/organisers/p/free-them/audit"
    assert "colleague@example.net" in enter(app).get(page).text
    with transaction() as connection:
        connection.execute(text("UPDATE organiser SET role = 'editor'"))
    seen = enter(app).get(page).text
    assert f"Organiser {colleague}" in seen
    assert "colleague@example.net" not in seen


def test_signers_see_when_lists_with_their_name_were_downloaded(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    mine, today = my_page(client, petition, post_office), now()
    with transaction() as connection:
        for days in range(12):
            at = today + timedelta(days=days)
            values: dict[str, Any] = {"organiser_id": 5, "petition_id": 1, "detail": "csv"}
            audit.record(connection, AuditAction.SIGNATURES_DOWNLOAD, at, **values)
        before = today - timedelta(days=30)
        audit.record(connection, AuditAction.SIGNATURES_DOWNLOAD, before, petition_id=1)
        audit.record(connection, AuditAction.SIGNATURES_DOWNLOAD, today, petition_id=2)
    page = client.get(mine)
    assert "Lists with it were downloaded 12 times, each time by an organiser" in text_of(page)
    expected = [f"{today + timedelta(days=number):%-d %B %Y}" for number in range(12)]
    listed = page.text.partition("downloaded 12 times")[2]
    assert re.findall("<li>([^<]+)</li>", listed)[:10] == expected[:1:-1]
