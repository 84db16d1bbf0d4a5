"""What stands around every page of a petition at the organisers': its title, the tabs, the way
back to the public page.
"""

import ast
from html import unescape

import pytest
from flask import Flask

from petition.core.config import ROOT
from petition.models.enums import Role
from petition.web.organisers.actions import TABS
from tests.browsing import enter, invite, press
from tests.factories import make_petition

MORE = (
    *("audit", "names", "removals", "previews", "text/ru", "news/new", "handover/pack"),
    *("state/paused", "settings/picture", "settings/facts", "settings/address"),
)


@pytest.mark.parametrize(
    ("language", "title", "shown_in"),
    [("ru", "Свободу им", ""), ("en", "Free them", ""), ("de", "Free them", 'lang="en"')],
)
def test_every_page_names_the_petition_in_the_reader_s_language(
    app: Flask, petition: str, language: str, title: str, shown_in: str
) -> None:
    invite(Role.ADMIN)
    inside = enter(app)
    with app.test_request_context():
        tabs = [app.url_map.bind("").build(tab, {"slug": petition}) for tab, _ in TABS]
    for path in (*tabs, *(f"{tabs[0]}/{page}" for page in MORE)):
        page = inside.get(path, headers={"Accept-Language": language})
        assert page.status_code == 200, path
        back = page.text.partition('<p class="to"><a ')[2].partition("</a>")[0]
        assert title in back, path
        assert shown_in in back, path
        assert title in unescape(page.text.partition("<title>")[2].partition("</title>")[0]), path


def test_the_title_leads_to_the_public_page_of_all_but_drafts(app: Flask, petition: str) -> None:
    draft = make_petition("to-be", state="draft")
    invite()
    inside = enter(app)
    for slug, target in ((petition, f"/p/{petition}"), (draft, f"/organisers/p/{draft}/preview")):
        page = inside.get(f"/organisers/p/{slug}/news").text
        assert f'<p class="to"><a href="{target}"' in page


def test_only_forms_read_what_was_sent() -> None:
    found = {
        (file.name, node.lineno)
        for file in (ROOT / "petition" / "web" / "organisers").rglob("*.py")
        if file.name != "guard.py"  # it keeps any form for later, whatever its fields
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"form", "files", "values", "data", "get_data", "json", "stream"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "request"
    }
    assert found == set()


def test_a_button_that_a_page_does_not_have_is_refused(app: Flask, petition: str) -> None:
    invite(Role.ADMIN)
    inside = enter(app)
    page = f"/organisers/p/{petition}"
    for path, name in (("bursts/1", "state"), ("people/downloads", "needed")):
        for fields in ({}, {name: "another"}):
            assert press(inside, page, f"{page}/{path}", **fields).status_code == 400, path
