"""The organisers' pages: closed to everybody else, entered by a link that works once, no password
anywhere.
"""

import csv
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError
from werkzeug.test import EnvironBuilder

from petition.abuse import bursts
from petition.abuse.rate_limits import FormSender
from petition.core import tokens
from petition.core.clock import now
from petition.core.organiser_errors import OrganiserExists, OrganiserNotFound, SignInLinkUsed
from petition.database.transactions import transaction
from petition.models.enums import InvalidReason, Role
from petition.organisers import access, paper
from petition.organisers.paper import SheetForm
from petition.organisers.permissions import ROLES, SITE_ACTIONS, Action
from petition.organisers.review import invalidation
from petition.petitions import updates
from petition.petitions.editing import petition_file
from petition.web.middleware.translations import get_catalogue
from petition.web.organisers.actions import ACTIONS
from petition.web.organisers.guard import may_be_long
from tests.browsing import (
    ORGANISER,
    Client,
    browser,
    confirmed,
    csrf_of,
    deliver,
    enter,
    invite,
    path_of,
    press,
    signed,
    text_of,
    token_for,
    trail,
)
from tests.exports import PACK
from tests.factories import (
    FLOOD,
    NEWS,
    SITE,
    TODAY,
    change_text,
    make_file,
    make_petition,
    parse_address,
)
from tests.post_office import PostOffice

Call = tuple[Action, str, str, str | None]  # action, method, path, slug


def closed_routes(app: Flask, petitions: dict[str, int]) -> Iterator[Call]:
    """Yield a call of every method of every closed route on every petition.

    What removes people comes late, and sign-out last.
    """
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("organisers.")]
    assert {rule.endpoint for rule in rules} == ACTIONS.keys(), "a route declares its action"
    late = tuple(
        f"organisers.{name}"
        for name in (
            *("delete_scan", "remove_sheet"),
            *("remove_person", "site_remove_person", "sign_out"),
        )
    )
    for rule in sorted(
        rules, key=lambda rule: 1 + late.index(rule.endpoint) if rule.endpoint in late else 0
    ):
        action = ACTIONS[rule.endpoint]
        if action is None:
            continue
        slugs: list[str | None] = [*petitions] if "<slug>" in rule.rule else [None]
        for slug in slugs:
            path = rule.rule.replace("<int:number>", "1").replace("<code>", "en")
            path = path.replace("<state>", "paused")
            colleague = 1 if slug is None else 1 + petitions[slug]
            path = path.replace("<int:organiser_id>", str(colleague))
            path = path.replace("<int:session_id>", "99")
            path = path.replace("<any(pdf, csv):kind>", "pdf")
            if slug is not None:
                path = re.sub(r"<int:\w+>", str(petitions[slug]), path.replace("<slug>", slug))
            assert "<" not in path, f"teach this test what to fill into {rule.rule}"
            for method in sorted((rule.methods or set()) - {"OPTIONS"}):
                yield action, method, path, slug


@pytest.mark.parametrize("role", [*Role, None])
def test_every_route_asks_the_table_who_may(
    app: Flask, petition: str, post_office: PostOffice, role: Role | None
) -> None:
    petitions = {petition: 1, make_petition("another"): 2}
    for name, petition_id in petitions.items():
        signer = {"email": f"signer@{name}.net", "display": "full", "comment": "Because."}
        confirmed(browser(app), post_office, name, **signer)
        with transaction() as connection:
            bursts.record(connection, petition_id, FLOOD, now=now())
        file = petition_file.parse_updates({"update": NEWS["update"][:1]})
        updates.import_updates(name, file, now=now())
    for slug in (None, *petitions):  # 1, 2 and 3
        address = parse_address(f"colleague@{slug or 'site'}.net")
        access.invite(address, role=Role.VIEWER, slug=slug, language="en", now=now())
    for name, petition_id in petitions.items():
        confirmed(browser(app), post_office, name, email=f"taken-out@{name}.net")
        removed = petition_id + 2
        invalidation.invalidate(petition_id, removed, InvalidReason.OTHER, now=now())
        change_text(name, reason="It was too long.")
    inside = browser(app)
    if role is not None:
        invite(role, slug=None if role == Role.ADMIN else petition)
        inside = enter(app)
        organiser_id = access.get_sign_in_link(ORGANISER).organiser_id
        for petition_id in petitions.values():
            make_file(app, petition_id, organiser_id)
        for petition_id in petitions.values():
            make_file(app, petition_id, organiser_id, PACK, keep_until=None)
            sheet = SheetForm("Lund 1", 20, None, b"RIFF")
            paper.add(petition_id, sheet, organiser_id=organiser_id, now=now())
    form = {
        "csrf_token": csrf_of(inside.get("/organisers/", follow_redirects=True)),
        "needed": "no",
        "state": "released",
        "role": "viewer",
        "was": "viewer",
        "step": "preview",  # of a text
        "contact": "committee@example.org",
        "title": "Free them",
        **dict.fromkeys(("format", "own-format"), "csv"),
        **dict.fromkeys(("reason", "own-reason"), "duplicate"),
        "own-keep_until": str(now().date()),
        "language": "en",
        "version": "1",
        "handed_over_on": "2016-05-26",
        "place": "the embassy in London",
        "action": "save",
        "change": "pause",
        **{f"{part}_en": "Letters" for part in ("title", "body", "note")},
        "decision": "waiting",
        "criteria": "{}",
        "label": "Lund 2",
        "names": "20",
        "term": "Anna",
        "shown": "The Union",
        "questions_1_text_en": "City",
        "questions_1_kind": "text",
    }
    for action, method, path, slug in closed_routes(app, petitions):
        answer = inside.open(path, method=method, data=form)
        at_sign_in = (answer.location or "").partition("?")[0] == "/organisers/sign-in"
        case = (method, path, answer.status_code, answer.location)
        if role is None:
            assert at_sign_in == (method != "POST"), case
            assert answer.status_code == (403 if method == "POST" else 303), case
        elif slug not in (None, petition) and role != Role.ADMIN:
            assert answer.status_code == 404, case
        elif role in ROLES[action] and (action not in SITE_ACTIONS or role == Role.ADMIN):
            # Some want a form of their own.
            more = ("/people", "/hand-on", "/code", "/confirm", "/off", "/paper/1", "/paper/2")
            asks_more = path.endswith(more) and method == "POST"
            assert answer.status_code in ({303, 422} if asks_more else {200, 303, 409}), case
            assert at_sign_in == (action == Action.SIGN_OUT), case
        else:
            assert answer.status_code == 403, case


def test_every_action_has_its_roles_and_a_route() -> None:
    assert {*Action} == ROLES.keys() == {action for action in ACTIONS.values() if action}


def test_nothing_else_answers_under_organisers(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert rule.rule.startswith("/organisers") == rule.endpoint.startswith("organisers."), rule


def test_a_route_without_a_declared_action_is_refused(
    app: Flask, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    invite(Role.ADMIN)
    inside = enter(app)
    monkeypatch.delitem(ACTIONS, "organisers.petition")
    assert inside.get(f"/organisers/p/{petition}").status_code == 403
    signed_out = browser(app).get(f"/organisers/p/{petition}")
    assert signed_out.location == "/organisers/sign-in"


def test_the_mailed_link_signs_in_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    invite()
    deliver(app)
    (mail,) = post_office.arrived
    assert mail.message["Subject"] == "You are invited to work on a petition"
    link = path_of(mail.link)
    inside = browser(app)
    assert "Sign me in" in inside.get(link).text
    assert inside.get("/organisers/").status_code == 303, "opening the link signs nobody in"
    assert press(inside, link).location == "/organisers/"
    assert "Free them" in inside.get("/organisers/").text
    other = browser(app)
    spent = press(other, link)
    assert spent.status_code == 410
    assert "sign-in link no longer works" in spent.text
    assert other.get("/organisers/").status_code == 303


def test_asking_for_a_link_says_the_same_to_organisers_and_strangers(
    app: Flask, post_office: PostOffice
) -> None:
    invite()
    deliver(app)
    pages = []
    for email in ("organiser@example.org", "stranger@example.org"):
        answer = press(browser(app), "/organisers/sign-in", email=email)
        pages.append((answer.status_code, answer.text))
    assert pages[0] == pages[1]
    deliver(app)
    assert [mail.recipients[0] for mail in post_office.arrived] == ["organiser@example.org"] * 2


def test_at_most_five_links_an_hour_are_mailed(app: Flask, post_office: PostOffice) -> None:
    invite()
    for _ in range(9):
        access.request_link(ORGANISER, sender=FormSender(), now=now())
        deliver(app)
    assert len(post_office.arrived) == 5


def test_an_invalid_address_is_422(app: Flask) -> None:
    answer = press(browser(app), "/organisers/sign-in", email="nonsense")
    assert answer.status_code == 422
    assert "Enter an email address" in answer.text


def test_an_expired_link_is_410(app: Flask, client: Client) -> None:
    organiser_id = invite()
    old = token_for(app, tokens.SIGN_IN, organiser_id, 0, at=now() - timedelta(minutes=31))
    answer = client.get(f"/organisers/enter/{old}")
    assert answer.status_code == 410
    assert "sign-in link no longer works" in answer.text


def test_a_link_opens_one_session_however_often_it_is_used(app: Flask) -> None:
    invite()
    link = access.get_sign_in_link(ORGANISER)
    access.use_link(link, now=TODAY)
    with pytest.raises(SignInLinkUsed):
        access.use_link(link, now=TODAY)


def test_forms_need_their_csrf_token(app: Flask, client: Client) -> None:
    organiser_id = invite()
    token = token_for(app, tokens.SIGN_IN, organiser_id, 0)
    answer = browser(app).post(f"/organisers/enter/{token}")
    assert answer.status_code == 400
    assert "This form has expired" in answer.text
    inside = enter(app)
    assert inside.post("/organisers/sign-out").status_code == 403
    assert inside.get("/organisers/").status_code == 200


def test_what_was_typed_is_kept_when_the_session_has_ended(app: Flask, petition: str) -> None:
    invite()
    earlier, path = enter(app), f"/organisers/p/{petition}/handover"
    csrf = csrf_of(earlier.get(path))
    access.end_sessions(ORGANISER, now=now())
    asked = {"separator": "semicolon", "format": "csv", "reason": "For the embassy"}
    fields = {"csrf_token": csrf, **asked}
    page = earlier.post(path, data=fields)
    assert page.status_code == 403
    assert '<input type="hidden" name="separator" value="semicolon">' in page.text
    assert csrf not in page.text, "the token of the ended session"
    inside = enter(app)
    page = inside.post(path, data=asked)  # signed in meanwhile
    assert page.status_code == 403
    again = {"csrf_token": csrf_of(page), **asked}
    assert inside.post(path, data=again).status_code == 303
    cross_site = {"Sec-Fetch-Site": "cross-site"}
    refused = inside.post(path, data={"separator": "comma"}, headers=cross_site)
    assert "This form came from another site" in text_of(refused)
    assert 'name="separator"' not in refused.text


def test_a_form_of_a_petition_may_be_long_for_organisers(app: Flask, petition: str) -> None:
    invite()
    inside, path = enter(app), f"/organisers/p/{petition}/handover"
    fields = {"format": "csv", "reason": "For the embassy", "letter": "ж" * 500_000}
    assert inside.post(path, data=fields).status_code == 403, "kept, for want of a token"
    fields["csrf_token"] = csrf_of(inside.get(f"/organisers/p/{petition}"))
    assert inside.post(path, data=fields).status_code == 303
    environ = EnvironBuilder(path, SITE).get_environ()
    assert not may_be_long(app, environ)
    environ["HTTP_COOKIE"] = f"{app.config['SESSION_COOKIE_NAME']}=made-up"
    assert not may_be_long(app, environ)
    stranger = browser(app)
    stranger.get("/organisers/sign-in")
    for client, is_organiser in ((stranger, False), (inside, True)):
        name, host = app.config["SESSION_COOKIE_NAME"], urlsplit(SITE).hostname or ""
        cookie = client.get_cookie(name, host)
        assert cookie is not None
        environ["HTTP_COOKIE"] = f"{cookie.key}={cookie.value}"
        assert may_be_long(app, environ) == is_organiser
    assert not may_be_long(app, environ | {"PATH_INFO": f"/p/{petition}/sign"})


def test_signing_out_ends_the_session(app: Flask) -> None:
    invite()
    inside = enter(app)
    assert press(inside, "/organisers/", "/organisers/sign-out").status_code == 303
    assert inside.get("/organisers/").status_code == 303


def test_signing_out_ends_every_session_and_signing_in_ends_none(app: Flask) -> None:
    organiser_id = invite()
    laptop, phone = enter(app), enter(app)
    cookie = laptop.get_cookie("__Host-organiser", SITE.removeprefix("https://"))
    assert cookie is not None
    copied = {"Cookie": f"{cookie.key}={cookie.value}"}
    thief = browser(app, use_cookies=False)
    for _ in range(2):
        assert laptop.get("/organisers/").status_code == 200
        assert phone.get("/organisers/").status_code == 200
        assert thief.get("/organisers/", headers=copied).status_code == 200
    assert "Sign out everywhere" in laptop.get("/organisers/").text
    answer = press(laptop, "/organisers/", "/organisers/sign-out")
    assert answer.status_code == 303
    assert "You are signed out, on every device." in text_of(laptop.get(answer.location))
    assert thief.get("/organisers/", headers=copied).status_code == 303
    assert phone.get("/organisers/").status_code == 303
    assert trail()[-1] == ("organiser.sign_out", organiser_id, None, "")
    lost = enter(app)
    access.end_sessions(ORGANISER, now=TODAY)
    assert lost.get("/organisers/").status_code == 303
    assert trail()[-1] == ("organiser.sign_out", None, None, f"organiser {organiser_id}")
    access.remove(ORGANISER, now=TODAY)
    with pytest.raises(OrganiserNotFound):
        access.end_sessions(ORGANISER, now=TODAY)


def test_a_removed_organiser_is_out_at_once(app: Flask) -> None:
    invite()
    inside = enter(app)
    access.remove(ORGANISER, now=TODAY)
    assert inside.get("/organisers/").status_code == 303
    with pytest.raises(OrganiserNotFound):
        access.get_sign_in_link(ORGANISER)
    with pytest.raises(OrganiserNotFound):
        access.remove(ORGANISER, now=TODAY)


def test_nobody_is_invited_twice(app: Flask) -> None:
    invite()
    with pytest.raises(OrganiserExists):
        invite()
    assert trail()[-1][0] == "organiser.invite"
    assert len(trail()) == 1


def test_another_broken_constraint_is_not_taken_for_an_earlier_invitation(app: Flask) -> None:
    with pytest.raises(IntegrityError):
        access.invite(ORGANISER, role=Role.EDITOR, slug=None, language=cast("str", None), now=TODAY)
    assert trail() == []


def test_invitation_sign_in_and_removal_are_recorded(app: Flask, petition: str) -> None:
    organiser_id = invite(slug=petition)
    enter(app)
    access.remove(ORGANISER, now=TODAY)
    assert trail()[1:] == [
        ("organiser.invite", None, 1, f"organiser {organiser_id} as editor"),
        ("organiser.sign_in", organiser_id, None, ""),
        ("organiser.remove", None, 1, f"organiser {organiser_id}"),
    ]


def test_the_session_cookie_is_for_this_host_over_https_alone(app: Flask) -> None:
    invite()
    inside = browser(app)
    cookie = inside.get("/organisers/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("__Host-organiser=")
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Strict"):
        assert attribute in cookie


def test_the_numbers_are_those_of_the_signatures(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    for number, country in enumerate(["SE", "SE", "DE"]):
        confirmed(client, post_office, petition, email=f"s{number}@example.org", country=country)
    signed(client, post_office, petition, email="pending@example.org")
    invite()
    words = text_of(enter(app).get(f"/organisers/p/{petition}"))
    assert "Confirmed 3 Not confirmed yet 1" in words
    assert "Sweden 2 Germany 1" in words
    assert "Signatures" in words
    assert "pending@example.org" not in words


def test_an_organiser_of_one_petition_reaches_no_other(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    other = make_petition("another")
    invite(slug=petition)
    inside = enter(app)
    assert inside.get(f"/organisers/p/{petition}").status_code == 200
    for path in (f"/organisers/p/{other}", f"/organisers/p/{other}/signatures.csv"):
        assert inside.get(path).status_code == 404
    assert "another" not in inside.get("/organisers/").text


@pytest.mark.parametrize("role", list(Role))
def test_a_viewer_is_shown_figures_only(app: Flask, petition: str, role: Role) -> None:
    with transaction() as connection:
        bursts.record(connection, 1, FLOOD, now=now())
    invite(role)
    page = enter(app).get(f"/organisers/p/{petition}")
    assert "Not confirmed yet" in page.text
    assert "flood.xyz" not in page.text, "a burst is decided beside the comments"
    for part in (f"p/{petition}/{page}" for page in ("handover", "comments", "signatures")):
        assert (part in page.text) == (role != Role.VIEWER), part


def test_every_download_is_recorded_before_it_begins(app: Flask, petition: str) -> None:
    organiser_id = invite()
    inside = enter(app)
    inside.get(f"/organisers/p/{petition}/signatures.csv", buffered=False).close()
    assert trail()[-1] == ("signatures.download", organiser_id, 1, "csv, organiser")
    inside.get(
        f"/organisers/p/{petition}/signatures.jsonl?profile=handover", buffered=False
    ).close()
    assert trail()[-1] == ("signatures.handover", organiser_id, 1, "jsonl, handover")


def test_the_separator_of_the_csv_is_asked_for_or_remembered(app: Flask, petition: str) -> None:
    invite(slug=petition)
    inside = enter(app)
    page = f"/organisers/p/{petition}"

    def header(query: str = "") -> str:
        return inside.get(f"{page}/signatures.csv{query}").text.splitlines()[0][1:13]

    assert header() == "number,name,"
    assert header("?separator=;") == header("?separator=semicolon") == "number;name;"
    assert header() == "number,name,", "asking is for once"
    asked = {"format": "csv", "reason": "For the embassy", "separator": "semicolon"}
    press(inside, f"{page}/handover", **asked)
    assert header() == enter(app).get(f"{page}/signatures.csv").text[1:13] == "number;name;"
    assert header("?separator=comma") == header("?separator=,") == "number,name,"
    assert '<option selected value="semicolon">' in inside.get(f"{page}/handover").text
    recorded = trail()
    assert inside.get(f"{page}/signatures.csv?separator=x").status_code == 400
    assert inside.get(f"{page}/signatures.csv?profile=x").status_code == 400
    assert trail() == recorded


def test_the_file_to_hand_over_comes_first_and_is_in_the_language_of_the_petition(
    app: Flask, client: Client, post_office: PostOffice
) -> None:
    petition = make_petition(source_language="ru")
    confirmed(client, post_office, petition)
    invite()
    inside = enter(app)
    page = f"/organisers/p/{petition}"
    content = inside.get(f"{page}/handover").text
    assert (
        content.index("Make the list to hand over")
        < content.index("<details")
        < content.index("may be in danger")
        < content.index("Make the list with addresses")
    )
    file = inside.get(f"{page}/signatures.csv?profile=handover")
    assert re.fullmatch(
        r'attachment; filename="free-them-handover-\d{4}-\d\d-\d\d.csv"',
        file.headers["Content-Disposition"],
    )
    catalogue = get_catalogue(app, "ru")
    words = catalogue.ngettext(
        "and %(number)s person whose name is withheld for their safety",
        "and %(number)s people whose names are withheld for their safety",
        1,
    )
    *_, last = csv.reader(file.text.splitlines())
    assert last == ["", words % {"number": 1}, *[""] * 5]
    lines = inside.get(f"{page}/signatures.jsonl?profile=handover")
    assert (lines.mimetype, lines.text) == ("application/jsonl", '{"withheld":1}\n')


def test_the_pages_are_neither_stored_nor_indexed(app: Flask, petition: str) -> None:
    invite()
    inside = enter(app)
    for path in (
        "/organisers/",
        f"/organisers/p/{petition}",
        f"/organisers/p/{petition}/signatures.csv",
    ):
        headers = inside.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]


def test_a_draft_is_seen_by_its_organisers(app: Flask) -> None:
    slug = make_petition("to-be", state="draft")
    invite()
    assert "Draft" in enter(app).get(f"/organisers/p/{slug}").text
