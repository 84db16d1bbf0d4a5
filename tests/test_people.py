"""People of a petition and of the site: who may change whom, and that an admin is always left."""

import re
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from petition.core.clock import now
from petition.core.errors import ItemNotFound
from petition.core.organiser_errors import LastAdmin, PermissionDenied, RoleChanged
from petition.models.enums import Role
from petition.organisers import access, people
from tests.browsing import (
    ORGANISER,
    Client,
    browser,
    deliver,
    enter,
    invite,
    path_of,
    press,
    text_of,
    trail,
)
from tests.factories import TODAY, make_petition, parse_address
from tests.post_office import PostOffice

BERTA, CARL = parse_address("berta@example.net"), parse_address("carl@example.net")


def add(address: object = BERTA, role: Role = Role.EDITOR, slug: str | None = None) -> int:
    """Add another organiser and return the id."""
    return access.invite(address, role=role, slug=slug, language="en", now=now())  # type: ignore[arg-type]


def roles(petition_id: int | None = None) -> dict[str, str]:
    """Return the roles of those who are listed, by address."""
    return {person.email: person.role for person in people.list_people(petition_id)}


def invite_by_form(inside: Client, page: str, **fields: str) -> int:
    """Send the form of invitations and return the status."""
    form = {"email": BERTA.email, "role": "editor", "language": "en", **fields}
    return press(inside, page, **form).status_code


def test_who_is_invited_signs_in_is_changed_and_removed_at_once(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    admin_id = invite(Role.ADMIN)
    inside, page = enter(app), f"/organisers/p/{petition}/people"
    deliver(app)
    assert invite_by_form(inside, page) == 303
    assert "The invitation is on its way." in text_of(inside.get(page))
    deliver(app)
    mail = post_office.arrived[-1]
    assert mail.recipients == [BERTA.email]
    assert "the petition “Free them”" in mail.text
    assert "You are an editor" in mail.text
    assert "organiser@example.org" not in mail.text
    guest = browser(app)
    assert press(guest, path_of(mail.link)).status_code == 303
    names = f"/organisers/p/{petition}/names"
    assert guest.get(names).status_code == 200
    assert guest.get(page).status_code == 403
    guest_id = access.get_sign_in_link(BERTA).organiser_id
    change = f"{page}/{guest_id}/role"
    assert press(inside, page, change, was="editor", role="viewer").location == page
    assert guest.get(names).status_code == 403
    assert press(inside, page, f"{page}/{guest_id}/remove").status_code == 303
    assert guest.get(names).location == "/organisers/sign-in"
    assert press(inside, page, f"{page}/{guest_id}/remove").status_code == 303, "pressed twice"
    assert trail()[3:] == [
        ("organiser.invite", admin_id, 1, f"organiser {guest_id} as editor"),
        ("organiser.sign_in", guest_id, None, ""),
        ("organiser.role", admin_id, 1, f"organiser {guest_id} from editor to viewer"),
        ("organiser.remove", admin_id, 1, f"organiser {guest_id}"),
    ]


def test_an_admin_of_a_petition_manages_its_people_and_nothing_else(
    app: Flask, petition: str
) -> None:
    other = make_petition("another")
    site_admin = add(CARL, Role.ADMIN)
    invite(Role.ADMIN, petition)
    inside, page = enter(app), f"/organisers/p/{petition}/people"
    assert invite_by_form(inside, page, role="admin") == 303
    listed = inside.get(page).text
    assert BERTA.email in listed
    assert CARL.email in listed, "who reaches all petitions, reaches this one"
    assert f"{page}/{site_admin}/remove" not in listed
    assert press(inside, page, f"{page}/{site_admin}/remove").status_code == 404
    change = press(inside, page, f"{page}/{site_admin}/role", was="admin", role="viewer")
    assert change.status_code == 404
    assert inside.get(f"/organisers/p/{other}/people").status_code == 404
    assert inside.get("/organisers/people").status_code == 403
    assert "/organisers/people" not in inside.get("/organisers/").text


def test_an_admin_of_the_site_manages_the_people_of_the_site(app: Flask, petition: str) -> None:
    invite(Role.ADMIN)
    inside, page = enter(app), "/organisers/people"
    assert page in inside.get("/organisers/").text
    assert invite_by_form(inside, page) == 303
    assert invite_by_form(inside, page, email=CARL.email) == 303
    assert roles() == {ORGANISER.email: "admin", BERTA.email: "editor", CARL.email: "editor"}
    assert add(parse_address("dora@example.net"), slug=petition)
    assert "dora@example.net" not in inside.get(page).text


def test_an_invitation_that_is_wrong_keeps_what_was_typed(app: Flask, petition: str) -> None:
    invite(Role.ADMIN)
    inside, page = enter(app), f"/organisers/p/{petition}/people"
    wrong = press(inside, page, email="berta@", role="king", language="xx")
    assert wrong.status_code == 422
    assert "Enter an email address like name@example.org." in wrong.text
    assert wrong.text.count("Choose one of the answers.") == 4, "in the summary and at the fields"
    assert 'value="berta@"' in wrong.text
    blank = press(inside, page, email=" \u200b ", role="editor", language="en")
    assert blank.status_code == 422
    twice = press(inside, page, email=ORGANISER.email, role="viewer", language="ru")
    assert twice.status_code == 422
    assert "is an organiser already" in twice.text
    assert re.search(r'<input checked id="role-2"[^>]* value="viewer"', twice.text)
    assert '<option selected value="ru">' in twice.text


def test_the_last_admin_can_neither_step_down_nor_leave(app: Flask, petition: str) -> None:
    me = invite(Role.ADMIN)
    inside, page = enter(app), "/organisers/people"
    add(CARL, Role.ADMIN, petition)
    for path, fields in (("role", {"was": "admin", "role": "viewer"}), ("remove", {})):
        refused = press(inside, page, f"{page}/{me}/{path}", **fields)
        assert refused.status_code == 422, path
        assert "This is the last admin" in refused.text
    with pytest.raises(LastAdmin):
        access.remove(ORGANISER, now=TODAY)
    add(BERTA, Role.ADMIN)
    stepped_down = press(inside, page, f"{page}/{me}/role", was="admin", role="viewer")
    assert stepped_down.location == "/organisers/"
    assert "The role is changed." in inside.get("/organisers/").text
    assert roles() == {ORGANISER.email: "viewer", BERTA.email: "admin"}


def test_a_petition_keeps_an_admin_while_the_site_has_none(app: Flask, petition: str) -> None:
    me = invite(Role.ADMIN, petition)
    with pytest.raises(LastAdmin):
        people.remove(me, petition_id=1, by=me, now=TODAY)
    add(BERTA, Role.ADMIN)
    people.remove(me, petition_id=1, by=me, now=TODAY)


def test_two_admins_who_demote_each_other_at_once_leave_one(app: Flask) -> None:
    me, other = invite(Role.ADMIN), add(BERTA, Role.ADMIN)
    together, refused = Barrier(2), []

    def demote(person_id: int, by: int) -> None:
        with app.app_context():
            together.wait()
            try:
                people.change_role(
                    person_id, Role.VIEWER, was=Role.ADMIN, petition_id=None, by=by, now=TODAY
                )
            except PermissionDenied as error:
                refused.append(error)

    threads = [Thread(target=demote, args=pair) for pair in ((me, other), (other, me))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(roles().values()) == ["admin", "viewer"]


def test_both_admins_who_step_down_at_once_leave_one(app: Flask) -> None:
    ids = [invite(Role.ADMIN), add(BERTA, Role.ADMIN)]
    together, refused = Barrier(2), []

    def step_down(me: int) -> None:
        with app.app_context():
            together.wait()
            try:
                people.remove(me, petition_id=None, by=me, now=TODAY)
            except LastAdmin as error:
                refused.append(error)

    threads = [Thread(target=step_down, args=(me,)) for me in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert list(roles().values()) == ["admin"]


def test_who_changed_a_role_meanwhile_is_said_and_both_roles_shown(
    app: Flask, petition: str
) -> None:
    invite(Role.ADMIN)
    carl, berta = add(CARL, Role.ADMIN), add(BERTA, Role.EDITOR, petition)
    inside, page = enter(app), f"/organisers/p/{petition}/people"
    people.change_role(berta, Role.ADMIN, was=Role.EDITOR, petition_id=1, by=carl, now=TODAY)
    lost = press(inside, page, f"{page}/{berta}/role", was="editor", role="viewer")
    assert lost.status_code == 422
    said = "carl@example.net changed the role meanwhile: it is Admin. You chose Viewer."
    assert said in text_of(lost)
    assert roles(1)[BERTA.email] == "admin"
    again = {"was": "admin", "role": "viewer"}  # as the page that was shown again has it
    assert press(inside, page, f"{page}/{berta}/role", **again).status_code == 303
    people.change_role(berta, Role.VIEWER, was=Role.EDITOR, petition_id=1, by=carl, now=TODAY)
    assert trail()[-1][0] == "organiser.role", "nothing is changed, so nothing is recorded"
    with pytest.raises(RoleChanged):
        people.change_role(berta, Role.ADMIN, was=Role.EDITOR, petition_id=1, by=carl, now=TODAY)


@pytest.mark.parametrize("then", ["viewer", "leave"])
def test_an_admin_hands_on_and_steps_down_in_one_step(app: Flask, petition: str, then: str) -> None:
    me, berta = invite(Role.ADMIN, petition), add(BERTA, Role.EDITOR, petition)
    inside, page = enter(app), f"/organisers/p/{petition}/people"
    nobody = press(inside, page, f"{page}/hand-on", person="99", then=then)
    assert nobody.status_code == 422
    answer = press(inside, page, f"{page}/hand-on", person=str(berta), then=then)
    assert answer.location == "/organisers/"
    mine = {} if then == "leave" else {ORGANISER.email: "viewer"}
    assert roles(1) == {BERTA.email: "admin", **mine}
    now_i_am = "removed" if then == "leave" else then
    detail = f"organiser {berta} for organiser {me}, now {now_i_am}"
    assert trail()[-1] == ("organiser.hand_on", me, 1, detail)


def test_only_a_petitions_own_admin_hands_it_on_and_to_its_own_people(
    app: Flask, petition: str
) -> None:
    make_petition("another")
    me, elsewhere = invite(Role.ADMIN), add(BERTA, Role.EDITOR, "another")
    carl = add(CARL, Role.EDITOR, petition)
    assert "Hand on my role" not in enter(app).get(f"/organisers/p/{petition}/people").text
    with pytest.raises(PermissionDenied):
        people.hand_on(carl, petition_id=1, by=me, then=None, now=TODAY)
    for person in (elsewhere, me, 99):
        with pytest.raises(ItemNotFound):
            people.hand_on(person, petition_id=None, by=me, then=None, now=TODAY)


def test_an_admin_who_was_demoted_invites_nobody_any_more(app: Flask, petition: str) -> None:
    me = invite(Role.VIEWER)
    with pytest.raises(PermissionDenied):
        access.invite(BERTA, role=Role.ADMIN, slug=petition, language="en", by=me, now=TODAY)
    assert len(trail()) == 2


def test_who_is_changed_or_removed_is_told_by_whom_and_what_they_can_do(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    admin_id = invite(Role.ADMIN)
    berta, carl = add(BERTA, Role.VIEWER, petition), add(CARL, Role.ADMIN, petition)
    change: dict[str, Any] = {"petition_id": 1, "by": admin_id, "now": now()}
    for _ in range(2):  # a double click
        people.change_role(berta, Role.EDITOR, was=Role.VIEWER, **change)
    people.change_role(carl, Role.EDITOR, was=Role.ADMIN, **change)
    people.remove(carl, **change)
    access.remove(BERTA, now=now())  # by the command line
    deliver(app)
    told = [
        (mail.recipients, mail.text) for mail in post_office.arrived if "Free them" in mail.text
    ]
    ((to_carl, by_admin), (to_berta, by_server)) = told
    assert to_carl == [CARL.email], "of earlier emails to those who are gone none is left"
    assert "You are no longer an organiser of the petition “Free them”." in by_admin
    assert f"Who removed you: {ORGANISER.email}" in by_admin
    assert to_berta == [BERTA.email]
    assert "Who removed you: the person who runs the server" in by_server


def test_a_new_role_is_told_with_what_it_allows(
    app: Flask, petition: str, post_office: PostOffice
) -> None:
    admin_id, berta = invite(Role.ADMIN, petition), add(BERTA, Role.VIEWER, petition)
    deliver(app)
    before = len(post_office.arrived)
    change: dict[str, Any] = {"petition_id": 1, "by": admin_id, "now": now()}
    people.change_role(berta, Role.EDITOR, was=Role.VIEWER, **change)
    people.change_role(admin_id, Role.ADMIN, was=Role.ADMIN, **change)
    deliver(app)
    (mail,) = post_office.wait_for(before + 1)[before:]
    assert mail.recipients == [BERTA.email]
    assert f"Who did it: {ORGANISER.email}" in mail.text
    assert "You are an editor" in mail.text
    people.hand_on(berta, then=None, **change)
    deliver(app)
    (mail,) = post_office.wait_for(before + 2)[before + 1 :]
    assert "Who did it: organiser 1" in mail.text, "who has left has no address here"
    assert "You are an admin" in mail.text
