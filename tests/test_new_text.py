"""A new version of the text: earlier signers are shown what changed and agree, or not; both counts.

That the sums are right whatever happens: `test_sums`.
"""

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import event

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import ChangedMeanwhile, SignatureGone
from petition.database.base import db
from petition.models import Signature
from petition.models.enums import InvalidReason, PetitionState
from petition.operations import retention
from petition.organisers.export import Format
from petition.organisers.review import invalidation
from petition.petitions import counts, lifecycle, queries
from petition.signatures import new_text, self_service
from tests.browsing import Client, my_page, sign_in, text_of, token_for
from tests.exports import export_of
from tests.factories import TODAY, change_text
from tests.post_office import PostOffice
from tests.signatures import confirm, in_threads, sign, signature_of

CHANGED = "The text has changed since you signed"
READ = {"action": "confirm_text", "version": "2"}


def signed(email: str, language: str = "en") -> int:
    """Sign and confirm; return the id of the signature."""
    signature = signature_of(sign(email, language=language))
    confirm(signature.id)
    return signature.id


def stored(signature_id: int = 1) -> Signature:
    """Return a signature as it is stored now."""
    db.session.remove()
    return db.session.get_one(Signature, signature_id)


def present_text() -> tuple[int, int]:
    """Return both counts."""
    db.session.remove()
    found = counts.get_count("free-them")
    return found.count, found.present_text


def test_it_works_from_the_change_to_both_counts(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    path = my_page(client, petition, post_office)
    assert CHANGED not in client.get(path).text
    change_text(reason="It was too short.", letter="We **beg** you to free them.")
    page = client.get(path)
    assert CHANGED in page.text
    assert "It was too short." in text_of(page)
    assert "<del>ask</del><ins>beg</ins>" in page.text
    assert f"/p/{petition}/versions" in page.text
    assert stored().confirmed_version is None, "opening the page changes nothing"
    assert "Of these for the present text, signed or confirmed later: 0." in text_of(
        client.get(f"/en/p/{petition}")
    )
    version = re.search(r'name="version" value="(\d)"', page.text)
    assert version
    answer = client.post(path, data={"action": "confirm_text", "version": version[1]})
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert CHANGED not in page.text
    assert f"Also version 2, since {now():%-d %B %Y}" in text_of(page)
    assert (stored().text_version, stored().confirmed_version) == (1, 2)
    for public in (f"/en/p/{petition}", f"/en/p/{petition}/versions"):
        assert (
            "Confirmed signatures: 1. Of these for the present text, signed or confirmed later: 1."
            in text_of(client.get(public))
        )
    count = client.get(f"/p/{petition}/count.json").json
    assert count is not None
    assert (count["count"], count["present_text"]) == (1, 1)
    data = client.get(f"{path}/data.json").json
    assert data is not None
    assert data["signature"]["confirmed_version"] == 2


def test_confirming_twice_is_once_with_its_first_date(app: Flask, petition: str) -> None:
    signature_id = signed("anna@example.org")
    change_text(reason="Shorter.")
    new_text.confirm(signature_id, 2, now=TODAY)
    in_threads(app, 6, lambda _: new_text.confirm(signature_id, 2, now=now()))
    assert stored().version_confirmed_at == TODAY
    assert present_text() == (1, 1)


@pytest.mark.parametrize("version", ["2", "4", "", "two", "9" * 5_000])
def test_what_is_not_the_version_that_is_newest_now_stores_nothing(
    app: Flask, client: Client, petition: str, version: str
) -> None:
    signature_id = signed("anna@example.org")
    change_text(reason="Shorter.")
    change_text(reason="Clearer.", letter="We **demand** that you free them.")
    path = f"/my/{token_for(app, tokens.SELF_SERVICE, signature_id)}"
    answer = client.post(path, data={"action": "confirm_text", "version": version})
    assert answer.status_code == 409
    assert "The text has changed again while you read. Nothing is saved." in text_of(answer)
    assert "<del>ask</del>" in answer.text
    assert "<ins>demand</ins>" in answer.text
    assert "Clearer." in text_of(answer)
    assert stored().confirmed_version is None
    assert client.post(path, data={"action": "confirm_text", "version": "3"}).status_code == 303
    assert present_text() == (1, 1)


def test_a_later_version_asks_again_and_shows_the_difference_since_what_was_confirmed(
    app: Flask, client: Client, petition: str
) -> None:
    signature_id = signed("anna@example.org")
    path = f"/my/{token_for(app, tokens.SELF_SERVICE, signature_id)}"
    change_text(reason="Clearer.", letter="We **beg** you to free them.")
    client.post(path, data=READ)
    change_text(reason="Politer.", letter="We **invite** you to free them.")
    assert present_text() == (1, 0)
    page = client.get(path)
    assert "<del>beg</del><ins>invite</ins>" in page.text
    assert "Also version 2" in text_of(page)


def test_only_a_counted_signature_is_asked(app: Flask, client: Client, petition: str) -> None:
    signature = signature_of(sign("anna@example.org"))
    change_text(reason="Shorter.")
    path = f"/my/{token_for(app, tokens.SELF_SERVICE, signature.id)}"
    assert CHANGED not in client.get(path).text
    assert client.post(path, data=READ).status_code == 410
    confirm(signature.id)
    assert CHANGED in client.get(path).text
    invalidation.invalidate(1, signature.id, InvalidReason.DUPLICATE, now=now())
    assert CHANGED not in client.get(path).text
    with pytest.raises(SignatureGone):
        new_text.confirm(99, 2, now=now())


def test_a_translation_that_has_not_changed_is_not_asked_about(app: Flask, petition: str) -> None:
    signed("anna@example.org")
    russian = signed("boris@example.org", "ru")
    change_text(reason="Shorter.")
    assert present_text() == (2, 1)
    with pytest.raises(ChangedMeanwhile):
        new_text.confirm(russian, 2, now=now())
    assert queries.get_petition(petition, "ru").present_text == 1


def test_both_counts_fall_with_a_signature_and_rise_again_with_it(
    app: Flask, petition: str
) -> None:
    first, second = signed("anna@example.org"), signed("boris@example.org")
    change_text(reason="Shorter.")
    signed("carla@example.org")
    assert present_text() == (3, 1)
    new_text.confirm(first, 2, now=TODAY)
    new_text.confirm(second, 2, now=TODAY)
    assert present_text() == (3, 3)
    invalidation.invalidate(1, first, InvalidReason.DUPLICATE, now=TODAY)
    assert present_text() == (2, 2)
    invalidation.restore(1, first, now=TODAY)
    assert present_text() == (3, 3)
    self_service.withdraw(second, now=TODAY)
    assert present_text() == (2, 2)


def test_a_petition_with_one_version_says_nothing_and_reads_no_sum(
    app: Flask, client: Client, petition: str
) -> None:
    signed("anna@example.org")
    statements: list[str] = []

    def listen(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(db.engine, "before_cursor_execute", listen)
    assert present_text() == (1, 1)
    assert queries.get_petition(petition, "en").present_text is None
    event.remove(db.engine, "before_cursor_execute", listen)
    assert not [one for one in statements if "signature_sum" in one]
    assert "present text" not in client.get(f"/en/p/{petition}").text


def test_files_and_figures_tell_both_versions(app: Flask, petition: str) -> None:
    first = signed("anna@example.org")
    signed("boris@example.org")
    change_text(reason="Shorter.")
    new_text.confirm(first, 2, now=TODAY)
    lines = b"".join(export_of(format=Format.JSONL)).splitlines()
    versions = [(one["text_version"], one["confirmed_version"]) for one in map(json.loads, lines)]
    assert versions == [(1, 2), (1, None)]
    inside = sign_in(app)
    page = text_of(inside.get(f"/organisers/p/{petition}"))
    assert "Confirmed 2 For the present text 1" in page
    assert "Version 1, English 1 Version 2, English 1" in page
    assert "text,en-2,1" in inside.get(f"/organisers/p/{petition}/figures.csv").text


def test_when_it_was_confirmed_is_a_day_once_the_data_is_erased(app: Flask, petition: str) -> None:
    signature_id = signed("anna@example.org")
    change_text(reason="Shorter.")
    new_text.confirm(signature_id, 2, now=TODAY)
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    retention.run(purge_days=14, anonymise_days=180, now=TODAY + timedelta(days=181))
    assert stored().version_confirmed_at == TODAY.replace(hour=0)
    assert present_text() == (1, 1)
    with pytest.raises(SignatureGone):
        new_text.confirm(signature_id, 2, now=TODAY)
