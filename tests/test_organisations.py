"""Spellings of an organisation are joined under one name, and each signer is told."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from petition.core.organiser_errors import OrganisationsChanged
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import OrganisationName, Signature
from petition.models.enums import Role
from petition.operations import retention
from petition.organisers.handover.queries import Profile
from petition.organisers.review import organisations
from petition.petitions import sums, supporters
from petition.signatures import self_service
from tests.browsing import Client, csrf_of, enter, invite, my_page, sign_in, text_of, trail
from tests.exports import PACK, export_of, keep
from tests.factories import TODAY, make_file, make_petition
from tests.post_office import PostOffice
from tests.signatures import in_threads
from tests.streamed_pdf import pages

PAGE = "/organisers/p/free-them/organisations"
SPELLINGS = ("Memorial e.V.", "MEMORIAL", "Memorial, e. V.")
FULL = {"display": "full", "handover": True, "role": "chair"}


def sign_for(*names: str, start: int = 0) -> None:
    """Keep a signature for each organisation, shown by full name."""
    for number, name in enumerate(names, start):
        keep(f"signer{number}@example.org", organisation=name, **FULL)
    with transaction() as connection:
        sums.rebuild(connection, 1)


def join(*written: str, shown: str = "Memorial") -> int:
    """Join spellings under a name."""
    seen = organisations.choose(1, written).seen
    return organisations.merge(1, written, shown, seen=seen, now=TODAY)


def names() -> dict[str, str]:
    """Return the name that is shown for each spelling."""
    db.session.rollback()
    query = select(OrganisationName.written, OrganisationName.shown)
    return dict(db.session.execute(query).all())


def shown_publicly() -> tuple[list[str], list[str], list[str], int]:
    """Return the organisations beside names, in both lists of the public pages, and their sum."""
    db.session.rollback()
    return (
        [one.organisation for one in supporters.list_shown(1)],
        [one.name for one in supporters.list_organisations(1)],
        supporters.get_shown(1).organisations,
        supporters.get_totals(1).organisations,
    )


def test_an_organiser_joins_spellings_and_each_signer_reads_it(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    mine = my_page(client, petition, post_office, organisation="MEMORIAL", display="full")
    sign_for("Memorial e.V.", "Memorial e.V.", "Amnesty")
    inside = sign_in(app)
    assert f'href="{PAGE}"' in inside.get("/organisers/p/free-them/signatures").text
    page = inside.get(PAGE)
    perhaps = text_of(page).partition("Perhaps the same")[2].partition("All others")[0]
    assert perhaps.split("signature") == [
        " Memorial e.V. 2 ", "s MEMORIAL 1 ", " ",
    ], "suggestions stand beside each other"  # fmt: skip
    assert "checked" not in page.text, "and are suggestions alone"
    form: dict[str, Any] = {"csrf_token": csrf_of(page), "written": ["Memorial e.V.", "MEMORIAL"]}
    preview = inside.post(PAGE, data=form)
    assert "3 signatures will show the one name" in text_of(preview)
    assert 'value="Memorial e.V."' in preview.text, "the one with the most signatures"
    seen = preview.text.partition('name="seen" type="hidden" value="')[2].partition('"')[0]
    empty = inside.post(f"{PAGE}/merge", data=form | {"seen": seen, "shown": " "})
    assert empty.status_code == 422
    assert 'value="MEMORIAL"' in empty.text, "what was ticked is kept"
    done = inside.post(f"{PAGE}/merge", data=form | {"seen": seen, "shown": "Memorial"})
    assert done.status_code == 303
    page = inside.get(done.location)
    assert "3 signatures show this name now." in text_of(page)
    assert "Memorial also written: MEMORIAL , Memorial e.V. Undo" in text_of(page)
    public = text_of(client.get(f"/p/{petition}/signatures"))
    assert "Memorial" in public
    assert "MEMORIAL" not in public
    told = text_of(client.get(mine))
    assert "You wrote “ MEMORIAL ”. It is shown as “ Memorial ”, because" in told
    assert "committee@example.org" in told.partition("Write to the organisers:")[2]
    data = client.get(f"{mine}/data.json").json
    assert data is not None
    assert data["signature"]["organisation"] == "MEMORIAL", "what was typed is kept"
    assert data["signature"]["shown_organisation"] == "Memorial"
    undo = inside.post(f"{PAGE}/1/undo", data={"csrf_token": csrf_of(page)})
    assert undo.status_code == 303
    assert "MEMORIAL" in text_of(client.get(f"/p/{petition}/signatures"))
    assert "It is shown as" not in text_of(client.get(mine))
    assert [entry[0] for entry in trail()[-2:]] == ["organisations.merge", "organisations.undo"]
    assert trail()[-2][3] == "2 spellings, 3 signatures", "no name, as the trail is not erased"


def test_lists_files_and_packs_show_the_one_name_also_for_later_signatures(
    app: Flask, petition: str
) -> None:
    sign_for(*SPELLINGS[:2], "Amnesty")
    assert join(*SPELLINGS[:2]) == 2
    sign_for(SPELLINGS[0], start=3)
    assert shown_publicly() == (
        ["Memorial", "Amnesty", "Memorial", "Memorial"],
        ["Amnesty", "Memorial"],
        ["Amnesty", "Memorial"],
        2,
    )
    for profile in Profile:
        file = b"".join(export_of(profile=profile)).decode()
        assert file.count("Memorial,") == 3, profile
        assert "e.V." not in file
    make_file(app, 1, invite(), PACK, keep_until=None)
    pdf = (Path(app.instance_path) / "files" / "1.pdf").read_bytes()
    words = [line for page in pages(pdf) for line in page]
    assert "Memorial (chair)" in words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("Memorial e.V.", other) for other in (*SPELLINGS, "memorial  Ev", "Mémorial")),
        ("Oxfam", "OXFAM Ltd."),
        ("Amnesty International", "Amnesty-International"),
        ("Мемориал", "НКО «Мемориал»"),
        ("e.V.", "E. V."),
    ],
)
def test_likely_variants_differ_in_case_signs_accents_or_legal_form(one: str, other: str) -> None:
    assert organisations.fold(one) == organisations.fold(other)


def test_different_organisations_are_no_variants() -> None:
    assert len({organisations.fold(name) for name in ("Oxfam", "Oxford", "AG", "Ltd", "会")}) == 5


def test_joining_twice_or_again_under_another_name_leaves_one_name(
    app: Flask, petition: str
) -> None:
    sign_for(*SPELLINGS, "Memorial")
    assert join(*SPELLINGS[:2]) == 3, "other capitals count as one, so they are joined too"
    assert join(*SPELLINGS[:2]) == 3
    assert names() == dict.fromkeys(SPELLINGS[:2], "Memorial")
    assert join("Memorial", SPELLINGS[2], shown="Memorial International") == 4
    assert names() == dict.fromkeys((*SPELLINGS, "Memorial"), "Memorial International")
    assert shown_publicly()[3] == 1
    assert join("Memorial International", shown="MEMORIAL") == 4
    assert names() == dict.fromkeys((SPELLINGS[0], SPELLINGS[2], "Memorial"), "MEMORIAL")
    ((name_id, _shown, _written),) = organisations.list_joined(1)
    for _ in range(2):
        organisations.undo(1, name_id, now=TODAY)
    assert names() == {}
    assert shown_publicly()[3] == 3


def test_who_joins_second_sees_what_the_first_did(app: Flask, petition: str) -> None:
    sign_for(*SPELLINGS)
    inside = sign_in(app)
    form: dict[str, Any] = {"csrf_token": csrf_of(inside.get(PAGE)), "written": [*SPELLINGS]}
    seen = organisations.choose(1, SPELLINGS).seen
    join(SPELLINGS[0], shown="Memorial Berlin")
    late = inside.post(f"{PAGE}/merge", data=form | {"seen": seen, "shown": "Memorial"})
    assert late.status_code == 409
    assert "Somebody else has changed how one of these is shown." in text_of(late)
    assert "Memorial e.V. 1 signature, shows as: Memorial Berlin" in text_of(late)
    assert 'value="Memorial"' in late.text, "what was typed is kept"
    assert names() == {SPELLINGS[0]: "Memorial Berlin"}
    with pytest.raises(OrganisationsChanged):
        organisations.merge(1, ["made up"], "Memorial", seen="", now=TODAY)


def test_two_who_join_at_once_leave_one_of_the_names(app: Flask, petition: str) -> None:
    sign_for(*SPELLINGS)
    seen = organisations.choose(1, SPELLINGS).seen

    def merge(number: int) -> int:
        try:
            return organisations.merge(1, SPELLINGS, f"Name {number}", seen=seen, now=TODAY)
        except OrganisationsChanged:
            return 0

    assert {*in_threads(app, 2, merge)} == {0, 3}
    assert len({*names().values()}) == 1


def test_nothing_ticked_or_made_up_is_said(app: Flask, petition: str) -> None:
    inside = sign_in(app)
    page = inside.get(PAGE)
    assert "No signer has named an organisation." in text_of(page)
    for written in ([], ["made up"], ["\0"]):
        answer = inside.post(PAGE, data={"csrf_token": csrf_of(page), "written": written})
        assert "Tick some organisations first." in text_of(inside.get(answer.location))


def test_a_name_of_another_petition_stays_and_viewers_see_none(app: Flask, petition: str) -> None:
    sign_for(*SPELLINGS)
    join(*SPELLINGS)
    make_petition("another")
    organisations.undo(2, 1, now=TODAY)
    assert len(names()) == 3
    assert organisations.list_joined(2) == []
    invite(Role.VIEWER)
    assert enter(app).get(PAGE).status_code == 403


def test_a_name_is_erased_when_no_confirmed_signature_has_the_spelling(
    app: Flask, petition: str
) -> None:
    sign_for("Memorial e.V.", "MEMORIAL")
    join("Memorial e.V.", "MEMORIAL")
    run = partial(retention.run, purge_days=14, anonymise_days=180, now=TODAY)
    self_service.withdraw(2, now=TODAY)
    assert run(dry_run=True).organisation_names == 1
    assert run().organisation_names == 1
    assert names() == {"Memorial e.V.": "Memorial"}
    assert run().organisation_names == 0


def test_of_very_many_spellings_those_of_most_signatures_are_listed_in_pages(
    app: Flask, petition: str
) -> None:
    sign_for("Union")
    with transaction() as connection:
        (row,) = connection.execute(select(Signature.table())).mappings()
        for start in range(2, 3_002, 1_000):
            connection.execute(
                insert(Signature.table()),
                [
                    {**row, "id": n, "number": n, "mailbox_key": str(n), "organisation": f"O {n}"}
                    for n in range(start, start + 1_000)
                ],
            )
    listed = organisations.list_spellings(1)
    assert listed.is_more
    assert len(listed.others) == organisations.LISTED
    inside = sign_in(app)
    assert inside.get(PAGE).text.count('name="written"') == organisations.PAGE_SIZE
    assert inside.get(f"{PAGE}?start=1950").text.count('name="written"') == organisations.PAGE_SIZE
    assert "Show more" not in inside.get(f"{PAGE}?start=1950").text
