"""What stands around every page of a petition at the organisers': its title, the tabs, the way
back to the public page.
"""

from html import unescape

import pytest
from flask import Flask

from petition.models.enums import Role
from petition.web.organisers.actions import TABS
from tests.browsing import enter, invite
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
