"""Organisers find signatures, look at one whole, and take all that match out of the count."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from petition.core.clock import now
from petition.core.errors import ItemNotFound, MatchesChanged, TooSoon
from petition.core.organiser_errors import UndoTooLate
from petition.database.base import db
from petition.models import AuditEntry, Invalidation, Signature
from petition.models.enums import InvalidReason, Role
from petition.organisers import moderation
from petition.organisers.review import duplicates, invalidation, listing, one_signature, removals
from petition.organisers.review.duplicates import Likeness
from petition.organisers.review.search import Criteria, Flag, State
from petition.signatures import self_service
from petition.web.organisers.review.signatures import read_criteria, write_criteria
from tests.browsing import (
    Client,
    csrf_of,
    deliver,
    enter,
    invite,
    my_page,
    press,
    signed,
    text_of,
    trail,
)
from tests.factories import TODAY, earlier, make_petition, tasks_of
from tests.post_office import PostOffice
from tests.signatures import (
    ENTRY,
    confirm,
    counted,
    in_threads,
    recounted_sums,
    sign,
    signature_of,
    stored_sums,
)

SEVERAL = InvalidReason.AUTOMATED


def add(email: str, name: str = "Anna Berg", *, day: int = 0, **changes: Any) -> int:
    """Sign and confirm; return the signature's id."""
    entry = replace(ENTRY, name=name, **changes)
    signature_id = signature_of(sign(email, entry=entry)).id
    confirm(signature_id, at=TODAY + timedelta(days=day))
    return signature_id


def ids(criteria: Criteria, petition_id: int = 1) -> list[int]:
    """Return the ids of the signatures that match, page by page."""
    found: list[int] = []
    before = None
    while True:
        page = listing.list_matching(petition_id, criteria, before=before)
        found += [signature.id for signature in page.signatures]
        before = page.next_before
        if before is None:
            return found


def test_a_name_is_found_by_its_beginning_or_whole_whatever_its_case(
    app: Flask, petition: str
) -> None:
    names = ("Жанна Д’Арк", "ЖАННА", "Anna  Straße", "Annabel", "Bo")
    for number, name in enumerate(names, start=1):
        add(f"{number}@example.org", name)
    assert ids(Criteria(term="жан")) == [2, 1]
    assert ids(Criteria(term="Жанна", exact=True)) == [2]
    assert ids(Criteria(term="anna STRASSE", exact=True)) == [3]
    assert ids(Criteria(term="ANNA")) == [3, 4]
    assert ids(Criteria(term="%n")) == []
    self_service.correct(5, replace(ENTRY, name="Anna Z"), now=TODAY)
    assert ids(Criteria(term="ANNA")) == [3, 5, 4], "as it was corrected"
    make_petition("another")
    assert ids(Criteria(term="anna"), petition_id=2) == []


def test_an_address_is_found_in_every_spelling_also_of_an_unconfirmed_signature(
    app: Flask, petition: str
) -> None:
    add("Anna.Berg+petition@gmail.com")
    sign("anna@example.org")
    add("annalisa@example.org")
    assert ids(Criteria(term="annaberg@gmail.com", is_address=True, exact=True)) == [1]
    assert ids(Criteria(term="anna.berg@GOOGLEMAIL.com", is_address=True, exact=True)) == [1]
    assert ids(Criteria(term="anna.b@", is_address=True)) == []
    assert ids(Criteria(term="anna.b", is_address=True)) == [1]
    assert ids(Criteria(term="annab", is_address=True)) == [1]
    assert ids(Criteria(term="ANNA", is_address=True)) == [2, 1, 3]
    assert ids(Criteria(term="anna.berg@g", is_address=True)) == [1]
    assert ids(Criteria(term="anna@example.org", is_address=True)) == [2]
    assert ids(Criteria(term="no address@", is_address=True, exact=True)) == []


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        (Criteria(), [5, 4, 3, 2]),
        (Criteria(state=State.WAITING), [1]),
        (Criteria(state=State.INVALIDATED), [6]),
        (Criteria(state=State.HIDDEN), [2]),
        (Criteria(country="KZ"), [3]),
        (Criteria(domain="Example.NET"), [4]),
        (Criteria(flag=Flag.TAGGED), [5]),
        (Criteria(flag=Flag.DISPOSABLE), [3]),
        (Criteria(organisation="Union"), [4]),
        (Criteria(since="2016-05-28"), [5, 4]),
        (Criteria(until="2016-05-27"), [3, 2]),
        (Criteria(since="2016-05-27", until="2016-05-28"), [4, 3]),
        (Criteria(until="9999-12-31", country="KZ"), [3]),
        (Criteria(language="ru"), []),
        (Criteria(version=1, country="SE"), [5, 4, 2]),
        (Criteria(up_to=2), [3, 2]),
    ],
)
def test_filters_find_what_they_say(
    app: Flask, petition: str, criteria: Criteria, found: list[int]
) -> None:
    sign("waiting@example.org")
    add("hidden@example.org")
    add("far@mailinator.com", country="KZ", day=1)
    add("union@example.net", organisation="Union", day=2)
    add("tag+x@example.org", day=3)
    add("out@example.org", day=4)
    invalidation.invalidate(1, 6, SEVERAL, now=TODAY)
    with db.engine.begin() as connection:
        hidden = Signature.table().update().where(Signature.id == 2)
        connection.execute(hidden.values(name_hidden=True))
    assert ids(criteria) == found


@pytest.mark.parametrize("criteria", [Criteria(), Criteria(state="waiting"), Criteria(term="an")])
def test_pages_follow_each_other_without_gaps(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch, criteria: Criteria
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    monkeypatch.setattr(listing, "COUNTED_UP_TO", 4)
    for number in range(5):
        if criteria.state == State.WAITING:
            sign(f"{number}@example.org")
        else:
            add(f"{number}@example.org")
    expected = [1, 2, 3, 4, 5] if criteria.term else [5, 4, 3, 2, 1]
    assert ids(criteria) == expected
    page = listing.list_matching(1, criteria)
    assert page.is_more
    self_service.withdraw(page.signatures[-1].id, now=TODAY)
    again = listing.list_matching(1, criteria, before=page.next_before)
    assert again.signatures, "whoever withdrew takes no page away"


@pytest.mark.parametrize("criteria", [Criteria(country="NO"), Criteria(domain="rare.example")])
def test_a_page_with_filters_looks_through_so_many_numbers(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch, criteria: Criteria
) -> None:
    monkeypatch.setattr(listing, "NUMBERS_AT_ONCE", 3)
    monkeypatch.setattr(listing, "PAGE_SIZE", 2)
    for n in range(1, 11):
        if n in {1, 8, 9, 10}:
            add(f"{n}@rare.example", country="NO")
        else:
            add(f"{n}@example.org")
    pages: list[tuple[list[int | None], int, tuple[int, int] | None]] = []
    before: int | None = None
    while not pages or before:
        page = listing.list_matching(1, criteria, before=before)
        numbers = [one.number for one in page.signatures]
        pages.append((numbers, page.number, page.searched))
        before = page.next_before
    assert pages == [([10, 9], 3, (8, 10)), ([8], 1, (6, 8)), ([], 0, (3, 5)), ([1], 1, (1, 2))]
    everything = listing.list_matching(1, Criteria())
    assert (everything.number, everything.searched) == (10, None)


def test_an_organiser_searches_further_where_a_page_with_filters_ends(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "NUMBERS_AT_ONCE", 2)
    for n in range(1, 5):
        add(
            f"{n}@example.org",
            "Bo Rare" if n == 1 else "Anna Berg",
            country="SE" if n == 1 else "DE",
        )
    invite(Role.EDITOR)
    client = enter(app)
    page = client.get(f"/organisers/p/{petition}/signatures?country=SE")
    assert "Searched: signatures 3 to 4." in text_of(page)
    assert "0 found" in text_of(page)
    assert "Bo Rare" not in page.text
    link = re.search(r'href="([^"]+before=[^"]+)">Search further<', page.text)
    assert link
    page = client.get(html.unescape(link[1]))
    assert "Searched: signatures 1 to 2." in text_of(page)
    assert "Bo Rare" in page.text
    assert "Search further" not in page.text


def test_no_page_begins_after_a_signature_of_another_petition(app: Flask, petition: str) -> None:
    add("anna@example.org", "Anna Berg")
    add("axel@example.org", "Axel Berg")
    other = signature_of(sign("other@example.org", make_petition("other")))
    confirm(other.id)
    found = listing.list_matching(1, Criteria(term="a"), before=other.id)
    assert [one.name for one in found.signatures] == ["Anna Berg", "Axel Berg"]


def test_a_search_is_recorded_without_its_words_and_they_are_in_no_address(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for number in range(52):
        add(f"{number}@example.org", f"Anna {number:02}")
    organiser_id = invite()
    inside, path = enter(app), f"/organisers/p/{petition}/signatures"
    answer = press(inside, path, term="anna")
    assert answer.status_code == 200
    assert "52 found" in text_of(answer)
    assert "Anna 49" in answer.text
    assert "Anna 50" not in answer.text
    assert 'href="' in answer.text
    assert not re.search(r'(href|action)="[^"]*anna', answer.text)
    assert trail()[-1] == ("signatures.search", organiser_id, 1, "beginning of name, 52 found")
    (before,) = re.findall(r'name="before" value="(\d+)"', answer.text)
    more = press(inside, path, term="anna", before=before)
    assert "Anna 50" in more.text
    press(inside, path, by="address", term="7@example.org", exact="y")
    assert trail()[-1][3] == "address, 1 found"
    recorded = trail()
    assert press(inside, path, term="a").status_code == 422
    inside.get(path)
    assert trail() == recorded, "neither a refused search nor the list is recorded"


def test_filters_are_kept_from_page_to_page_and_wrong_ones_are_told(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_SIZE", 1)
    for number in range(2):
        add(f"{number}@example.org", country="KZ")
    invite()
    inside, path = enter(app), f"/organisers/p/{petition}/signatures"
    page = inside.get(f"{path}?country=KZ&state=counted&domain=")
    (more,) = re.findall(r'href="([^"]*before=[^"]*)"', page.text)
    assert "country=KZ" in more
    assert "domain" not in more
    assert "No. 1" in text_of(inside.get(more.replace("&amp;", "&")))
    wrong = inside.get(f"{path}?since=soon&version=0")
    assert wrong.status_code == 422
    assert "Enter a day" in wrong.text
    assert 'value="soon"' in wrong.text


def test_looking_at_a_signature_is_recorded_and_its_signer_sees_the_day(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    page = my_page(client, petition, post_office)
    assert "Looked at by the organisers" not in client.get(page).text
    organiser_id = invite()
    inside, path = enter(app), f"/organisers/p/{petition}/signatures/1"
    closed = inside.get(path)
    assert "Signature no. 1" in closed.text
    assert "anna@example.org" not in closed.text
    assert "Anna Berg" not in closed.text
    assert "signature.show" not in {action for action, *_ in trail()}
    opened = text_of(press(inside, path))
    assert "anna@example.org" in opened
    assert "Please confirm: sent" in opened
    assert trail()[-1] == ("signature.show", organiser_id, 1, "signature 1")
    assert db.session.scalar(select(AuditEntry.signature_id).order_by(AuditEntry.id.desc())) == 1
    assert "Looked at by the organisers" in client.get(page).text
    data = client.get(f"{page}/data.json").json
    assert data is not None
    assert len(data["looked_at"]) == 1
    assert (
        press(inside, "/organisers/", f"/organisers/p/{petition}/signatures/9").status_code == 404
    )


def test_one_is_taken_out_and_put_back_with_buttons(app: Flask, petition: str) -> None:
    add("anna@example.org")
    invite()
    inside, path = enter(app), f"/organisers/p/{petition}/signatures/1"
    refused = press(inside, path, f"{path}/invalidate", reason="other", note="")
    assert refused.status_code == 422
    assert "Say what the reason is." in refused.text
    press(inside, path, f"{path}/invalidate", reason="other", note="A joke.")
    page = text_of(inside.get(path))
    assert "The signature no longer counts." in page
    assert "Another reason" in page
    assert "A joke." in page
    assert counted() == 0
    press(inside, path, f"{path}/restore")
    assert "counts again" in inside.get(path).text
    assert counted() == 1
    press(inside, path, f"{path}/hide")
    assert "The name is hidden" in inside.get(path).text


def test_an_email_goes_again_within_the_limits_of_the_signers_own_button(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    signed(client, post_office, petition)
    start = now()
    with pytest.raises(TooSoon):
        one_signature.resend(1, 1, now=start + timedelta(minutes=1))
    sent = [one_signature.resend(1, 1, now=start + timedelta(minutes=n)) for n in (3, 6)]
    assert sent == [True, False], "two in an hour"
    deliver(app)
    confirm(1)
    earlier(hours=2)
    invite()
    inside, path = enter(app), f"/organisers/p/{petition}/signatures/1"
    press(inside, path, f"{path}/resend")
    assert "on its way" in inside.get(path).text
    press(inside, path, f"{path}/resend")
    assert "Wait two minutes" in inside.get(path).text
    assert deliver(app)
    assert "/my/" in post_office.arrived[-1].text
    with pytest.raises(ItemNotFound):
        one_signature.resend(2, 1, now=TODAY)


@pytest.mark.parametrize(
    ("email", "changes", "reasons"),
    [
        ("a@example.net", {"country": "SE"}, [Likeness.NAME_AND_COUNTRY]),
        ("a@example.net", {"country": "DE"}, []),
        ("a@example.net", {"country": "DE", "postcode": "1"}, [Likeness.NAME_AND_POSTCODE]),
        (
            "a@example.net",
            {"country": "DE", "name": "Ana Berg", "organisation": "Union"},
            [Likeness.ORGANISATION_AND_NAME],
        ),
        ("a@example.net", {"name": "Olof Ek", "organisation": "Union", "country": "DE"}, []),
        ("annaberg@example.org", {"name": "Olof Ek"}, [Likeness.ADDRESS]),
        ("anna.berg+x@example.org", {"name": "Olof Ek"}, [Likeness.ADDRESS]),
        ("annaberg@example.com", {"name": "Olof Ek"}, []),
    ],
)
def test_possible_duplicates_have_their_reasons(
    app: Flask, petition: str, email: str, changes: dict[str, Any], reasons: list[Likeness]
) -> None:
    add("anna.berg@example.org", postcode="1", organisation="Union")
    other = add(email, **changes)
    signature = db.session.get_one(Signature, 1)
    found = duplicates.find(signature)
    assert [(one.signature.id, one.reasons) for one in found] == (
        [(other, reasons)] * bool(reasons)
    )
    (mirrored,) = duplicates.find(db.session.get_one(Signature, other)) or (None,)
    assert (mirrored.reasons if mirrored else []) == reasons


def many(number: int) -> None:
    for n in range(number):
        add(f"{n}@bots.example")
    add("person@example.org")


BOTS = Criteria(domain="bots.example")


def test_all_that_match_are_taken_out_in_batches_and_come_back_whole(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removals, "BATCH_SIZE", 2)
    many(5)
    before = stored_sums()
    criteria, number = removals.preview(1, BOTS)
    assert number == 5
    add("later@bots.example")
    with pytest.raises(MatchesChanged):
        removals.start(1, criteria, SEVERAL, expected=4, now=TODAY)
    removal = removals.start(1, criteria, SEVERAL, expected=5, now=TODAY)
    assert removals.run_batches(removal, now=TODAY) == 2
    assert counted() == 3, "a request does two batches"
    (task,) = [task for task in tasks_of(app) if task.name == "removals"]
    task.run(TODAY)
    assert counted() == 2, "whoever signed after the number was shown is not touched"
    assert stored_sums() == recounted_sums()
    stored = db.session.get_one(Invalidation, removal, populate_existing=True)
    assert (stored.signatures, stored.criteria) == (5, {})
    assert stored.finished_at
    removals.undo(1, removal, now=TODAY + timedelta(days=30))
    removals.undo(1, removal, now=TODAY + timedelta(days=99))
    assert removals.run_unfinished(now=TODAY) == 2
    self_service.withdraw(7, now=TODAY)
    assert stored_sums() == before
    assert [action for action, *_ in trail()][-2:] == [
        "signatures.invalidate",
        "signatures.restore",
    ]


def test_batches_at_once_take_each_signature_out_once(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removals, "BATCH_SIZE", 1)
    many(6)
    criteria, number = removals.preview(1, BOTS)
    removal = removals.start(1, criteria, SEVERAL, expected=number, now=TODAY)

    def do(worker: int) -> None:
        for _ in range(8):
            removals.run_batches(removal, most=1, now=TODAY)
            if worker:
                invalidation.restore(1, 1, now=TODAY)

    in_threads(app, 3, do)
    removals.run_unfinished(now=TODAY)
    assert counted() == 2, "the one that was put back by itself stays"
    assert stored_sums() == recounted_sums()
    with pytest.raises(UndoTooLate):
        removals.undo(1, removal, now=TODAY + timedelta(days=31))
    with pytest.raises(ItemNotFound):
        removals.undo(2, removal, now=TODAY)


def test_the_number_is_shown_before_and_a_removal_is_undone_on_its_page(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    many(3)
    organiser_id = invite()
    inside, path = enter(app), f"/organisers/p/{petition}"
    page = inside.get(f"{path}/signatures?domain=bots.example")
    criteria = _hidden(page.text, "criteria")
    shown = press(inside, path, f"{path}/signatures/remove", criteria=criteria)
    assert "3 counted signatures match." in text_of(shown)
    fields = {name: _hidden(shown.text, name) for name in ("criteria", "seen")}
    assert press(inside, path, f"{path}/removals", **fields).status_code == 422
    assert counted() == 4
    invalidation.invalidate(1, 1, SEVERAL, now=TODAY)
    lost = press(inside, path, f"{path}/removals", reason="automated", **fields)
    assert lost.status_code == 409
    assert "they were 3, and are 2" in text_of(lost)
    fields = {name: _hidden(lost.text, name) for name in ("criteria", "seen")}
    done = press(inside, path, f"{path}/removals", reason="automated", note="From one", **fields)
    assert done.status_code == 303
    assert counted() == 1
    listed = text_of(inside.get(f"{path}/removals"))
    assert "2 signatures : Sent by a program" in listed.replace("signatures:", "signatures :")
    assert "From one" in listed
    assert trail()[-1][3] == "invalidation 2, automated, 2 signatures"
    assert trail()[-1][1] == organiser_id
    press(inside, f"{path}/removals", f"{path}/removals/2/undo")
    assert counted() == 3
    assert "Undone on" in inside.get(f"{path}/removals").text


def _hidden(page: str, name: str) -> str:
    (value,) = re.findall(rf'name="{name}"[^>]* value="([^"]*)"', page)[-1:]
    return str(value).replace("&#34;", '"').replace("&quot;", '"')


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"state": 1}', '{"since": "soon"}', '{"x": "y"}', '{"version": -1}']
    + ['{"version": 99999999999999999999}', '{"term": "\\u0000"}', "[" * 5_000],
)
def test_criteria_that_we_did_not_write_are_refused(app: Flask, petition: str, text: str) -> None:
    invite()
    inside, path = enter(app), f"/organisers/p/{petition}"
    assert press(inside, path, f"{path}/signatures/remove", criteria=text).status_code == 400
    assert read_criteria(write_criteria(BOTS)) == BOTS


@pytest.mark.parametrize("role", list(Role))
def test_viewers_have_no_tab_of_signatures(app: Flask, petition: str, role: Role) -> None:
    invite(role)
    page = enter(app).get(f"/organisers/p/{petition}")
    assert (f"/organisers/p/{petition}/signatures" in page.text) == (role != Role.VIEWER)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("criteria", "index"),
    [
        (Criteria(), "uq_signature_petition_id_number"),
        (Criteria(state=State.INVALIDATED), "ix_signature_invalidated"),
        (Criteria(state=State.WAITING), "ix_signature_pending"),
        (Criteria(term="anna"), "ix_signature_name_key"),
        (Criteria(term="anna", exact=True), "ix_signature_name_key"),
        (Criteria(term="anna@example", is_address=True), "mailbox_key"),
        (Criteria(term="anna.b@example", is_address=True), "mailbox_key"),
        (Criteria(term="anna@example.org", is_address=True, exact=True), "mailbox_key"),
    ],
)
def test_lists_and_searches_are_read_by_an_index(
    app: Flask, petition: str, criteria: Criteria, index: str
) -> None:
    executed: list[tuple[str, Any]] = []

    def listen(_connection: object, _cursor: object, sql: str, binds: Any, *_: object) -> None:
        executed.append((sql, binds))

    add("anna@example.org")
    event.listen(db.engine, "before_cursor_execute", listen)
    listing.list_matching(1, criteria, before=1)
    event.remove(db.engine, "before_cursor_execute", listen)
    with db.engine.connect() as connection:
        for sql, binds in executed:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", binds)
            steps = [str(step[3]) for step in plan]
            if "signature.id = ?" not in sql:
                assert any(index in step or "mailbox" in step for step in steps), steps
            assert not [step for step in steps if step == "SCAN signature"], steps


def comment(email: str, words: str = "Because.") -> int:
    return add(email, comment=words, display="full")


def test_several_comments_are_decided_at_once_and_refused_ones_taken_up_again(
    app: Flask, client: Client, petition: str
) -> None:
    for number in range(3):
        comment(f"{number}@example.org", f"Word {number}.")
    comment("changed@example.org")
    organiser_id = invite()
    inside, path = enter(app), f"/organisers/p/{petition}/comments"
    page = inside.get(path)
    assert "Anna Berg , Sweden, English" in text_of(page)
    chosen = re.findall(r'name="chosen" value="([^"]+)"', page.text)
    assert len(chosen) == 4
    self_service.correct(4, replace(ENTRY, comment="Changed.", display="full"), now=TODAY)
    csrf = csrf_of(page)

    def decide(decision: str, *ticked: str, state: str = "") -> str:
        fields = {"csrf_token": csrf, "decision": decision, "chosen": list(ticked)}
        answer = inside.post(f"{path}{state}", data=fields)
        assert answer.status_code == 303
        return text_of(inside.get(answer.location))

    assert "Some comments have changed" in decide("shown", *chosen)
    assert trail()[-1] == ("comment.shown", organiser_id, 1, "3 signatures: 1, 2, 3")
    assert "Word 2." in client.get(f"/p/{petition}").text
    decide("refused", chosen[2])
    assert trail()[-1][3] == "signature 3"
    assert "Word 2." not in inside.get(path).text
    assert "Word 2." in inside.get(f"{path}?state=refused").text
    recorded = trail()
    decide("refused", chosen[2])
    assert trail() == recorded, "nothing changed"
    assert "Tick some comments first." in decide("shown")
    decide("waiting", chosen[2], state="?state=refused")
    assert "Unread comments: 2" in text_of(inside.get(path))
    assert "Word 2." not in client.get(f"/p/{petition}").text
    assert inside.post(path, data={"csrf_token": csrf, "decision": "x"}).status_code == 400
    decide("shown", "1:0000", "x", "99:1", "")


def test_many_decisions_fit_in_an_entry_of_the_trail(app: Flask, petition: str) -> None:
    ids = [comment(f"{number}@example.org") for number in range(2)]
    words = moderation._ids_in_words([*ids, *range(1_000_000, 1_000_050)])  # noqa: SLF001
    assert words == "52 signatures, 1 to 1000049"
