"""Never more than seven things on an organisers' page that can be pressed, beyond the bar; never
more than seven fields in a form. `docs/decisions.md` says what counts as one.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from petition.abuse import bursts
from petition.core.clock import now
from petition.database.transactions import transaction
from petition.models.enums import Role
from petition.organisers import access, paper
from petition.organisers.paper import SheetForm
from petition.petitions import updates
from petition.petitions.editing import petition_file
from petition.web.organisers.actions import ACTIONS
from tests.browsing import Client, enter, invite, press
from tests.exports import PACK
from tests.factories import FLOOD, NEWS, make_file, make_petition, parse_address
from tests.signatures import ENTRY, confirm, show_comment, sign, signature_of
from tests.things import MOST, count_things, most_fields

# What sends a file, and what needs a colleague, a link or a file of its own.
NO_PAGES = {"organisers.show_sign_in_button", "organisers.fetch_file", "organisers.fetch_pack"}
NO_PAGES |= {"organisers.fetch_scan"}
NO_PAGES |= {f"organisers.signatures_{kind}" for kind in ("csv", "xlsx", "jsonl", "pdf")}
NO_PAGES |= {"organisers.figures_csv", "organisers.preview_card", "organisers.preview"}


def fill(app: Flask, slug: str, signatures: int) -> None:
    """Sign a petition so often, with names and comments; write news, ask for files."""
    for number in range(signatures):
        entry = replace(ENTRY, name=f"Anna {number}", comment="Because.", display="full")
        email_id = sign(f"anna@{number}.example.org", slug, entry=entry, at=now())
        signature_id = signature_of(email_id).id
        confirm(signature_id, at=now())
        if number % 2:
            show_comment(1, signature_id, "Because.", at=now())
    for _ in range(1 + signatures // 60):
        updates.import_updates(
            slug, petition_file.parse_updates({"update": NEWS["update"][:1]}), now=now()
        )
        make_file(app, 1, 1, PACK, keep_until=None)
        make_file(app, 1, 1)
    for number in range(1 + signatures // 30):
        form = SheetForm(f"Lund {number}", 20, None, b"RIFF")
        paper.add(1, form, organiser_id=1, now=now())
    with transaction() as connection:
        bursts.record(connection, 1, FLOOD, now=now())
    for number in range(1 + signatures // 100):
        address = parse_address(f"colleague{number}@example.org")
        access.invite(address, role=Role.ADMIN, slug=slug, language="en", now=now())


def paths(app: Flask, slug: str) -> Iterator[str]:
    """Yield the path of every page."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in ACTIONS.keys() - NO_PAGES and "GET" in (rule.methods or ()):
            path = rule.rule.replace("<slug>", slug)
            for name in ("update", "signature", "handover", "sheet"):
                path = path.replace(f"<int:{name}_id>", "1")
            choices = {"<state>": ("paused", "victory"), "<code>": ("en", "ru")}
            part = next((one for one in choices if one in path), "")
            for choice in choices.get(part, ("",)):
                assert "<" not in path.replace(part, ""), f"teach this test to fill in {rule.rule}"
                yield path.replace(part, choice) if part else path
    for query in ("?state=invalidated", "?country=SE", "?state=hidden"):
        yield f"/organisers/p/{slug}/signatures{query}"
    yield f"/organisers/p/{slug}/comments?state=refused"


def crowded(inside: Client, app: Flask, slug: str) -> list[tuple[str, int, int]]:
    """Return the pages with too much on them: path, things, fields of a form."""
    pages = {path: inside.get(path) for path in paths(app, slug)}
    pages["one signature"] = press(inside, "/organisers/", f"/organisers/p/{slug}/signatures/1")
    pages["found"] = press(
        inside, "/organisers/", f"/organisers/p/{slug}/signatures", by="name", term="Anna"
    )
    counted = [
        (path, count_things(page.text), most_fields(page.text))
        for path, page in pages.items()
        if page.status_code == 200
    ]
    assert len(counted) > 30
    return [one for one in counted if max(one[1:]) > MOST]


@pytest.mark.parametrize("signatures", [3, 300])
def test_never_more_than_seven_things(app: Flask, petition: str, signatures: int) -> None:
    invite(Role.ADMIN)
    fill(app, petition, signatures)
    draft = make_petition("to-be", state="draft")
    inside = enter(app)
    assert crowded(inside, app, petition) == []
    assert [one for one in crowded(inside, app, draft) if "/p/" in one[0]] == []


def test_what_counts() -> None:
    assert count_things("<main><a>a</a><details><summary>b</summary><a>c</a></details></main>") == 2
    assert count_things("<main><ul><li><a>a</a><a>b</a></li><li><a>c</a></li></ul></main>") == 2
    assert count_things('<main><form><input name="a"><button>b</button></form></main>') == 1
    assert count_things("<main><form><button>a</button><button>b</button></form></main>") == 2
    radios = '<input type="radio" name="a"><input type="radio" name="a"><input name="b">'
    assert most_fields(f'<main><form>{radios}<input type="hidden" name="c"></form></main>') == 2
