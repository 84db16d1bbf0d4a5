"""The petition's page: supporters, states, errors of the form, metadata, branding."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from petition.core.clock import now
from petition.core.errors import SettingsError
from petition.database.base import db
from petition.models import AuditEntry, Signature, Tally
from petition.models.enums import CommentState, PetitionState, Role
from petition.organisers import moderation
from petition.petitions import counts, lifecycle, queries, supporters, updates
from petition.petitions.editing import petition_file
from petition.web.pages.site import notices
from tests.browsing import (
    Client,
    browser,
    deliver,
    enter,
    filled,
    invite,
    path_of,
    press,
    signed,
    text_of,
)
from tests.factories import TODAY, MakeApp, make_petition
from tests.post_office import PostOffice
from tests.signatures import show_comment


def sign(client: Client, office: PostOffice, slug: str, who: str, **changes: str) -> None:
    """Sign as somebody and confirm."""
    email = f"{who}@example.org"
    assert client.post(f"/p/{slug}/sign", data=filled(email=email, **changes)).status_code == 303
    deliver(client.application)
    assert client.post(path_of(office.mail_to(email).link)).status_code == 303


def test_a_new_petition_shows_no_empty_sections(client: Client, petition: str) -> None:
    page = client.get(f"/p/{petition}").text
    page_text = text_of(client.get(f"/p/{petition}"))
    assert "Be among the first to sign" in page_text
    assert "<progress" not in page
    assert "Next goal" not in page_text
    for heading in ("Who has signed", "Why people sign", "Where people sign from", "News"):
        assert f">{heading}<" not in page
    make_petition("another", text={"en": ANOTHER}, source_language="en")
    listed = text_of(client.get("/"))
    assert "Free the others" in listed
    assert "0 signatures" not in listed


def test_the_counter_shows_one_signature_and_several(
    app: Flask, client: Client, petition: str
) -> None:
    for count in (1, 2):
        db.session.query(Tally).update({Tally.counted: count})
        db.session.commit()
        app.extensions["page_cache"].clear()
        assert f"Confirmed signatures {count}" in text_of(client.get(f"/en/p/{petition}"))


def test_the_progress_bar_shows_from_25_signatures_on(
    app: Flask, client: Client, petition: str
) -> None:
    for count, shown in ((24, False), (25, True)):
        db.session.query(Tally).update({Tally.counted: count})
        db.session.commit()
        app.extensions["page_cache"].clear()
        assert ("<progress" in client.get(f"/p/{petition}").text) is shown


def test_a_name_shows_as_its_signer_chose(
    client: Client, post_office: PostOffice, petition: str
) -> None:
    sign(client, post_office, petition, "a", name="Ann Full", display="full", country="SE")
    sign(client, post_office, petition, "b", name="Bo Short", display="initials", country="DE")
    sign(client, post_office, petition, "c", name="Cy Hidden", country="FR")
    for address in (f"/p/{petition}", f"/p/{petition}/signatures"):
        page = client.get(address)
        assert "Ann Full" in page.text
        assert "B. S." in page.text
        assert "Short" not in page.text
        assert "Hidden" not in page.text
        assert not re.search(r"[0-2]?\d:\d\d", text_of(page)), "days, never minutes"
    assert client.get(f"/p/{petition}/signatures").headers["X-Robots-Tag"] == "noindex"


def test_a_country_is_listed_from_five_signatures_on(
    client: Client, post_office: PostOffice, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert supporters.MIN_PER_COUNTRY == 5
    monkeypatch.setattr(supporters, "MIN_PER_COUNTRY", 2)
    sign(client, post_office, petition, "a", country="SE")
    assert "Sweden · " not in text_of(client.get(f"/p/{petition}"))
    sign(client, post_office, petition, "b", country="SE")
    sign(client, post_office, petition, "c", country="DE")
    page_text = text_of(client.get(f"/p/{petition}"))
    assert "Sweden · 2" in page_text
    assert "Germany · " not in page_text
    assert "Other countries 1" in page_text


def test_a_withdrawn_or_hidden_name_is_gone_at_once(
    client: Client, post_office: PostOffice, petition: str
) -> None:
    shown = {"display": "full", "organisation": "Lund Union", "name": "Ann Full"}
    sign(client, post_office, petition, "a", **shown)
    sign(client, post_office, petition, "b", **shown | {"name": "Bo Full"})
    page = text_of(client.get(f"/p/{petition}"))
    assert "Ann Full" in page
    assert "Bo Full" in page
    my_page = path_of(post_office.mail_to("a@example.org").link_to("my"))
    hidden = {"name": "Ann Full", "country": "SE", "display": "hidden"}
    assert client.post(my_page, data=hidden).status_code == 303
    assert "Ann Full" not in client.get(f"/p/{petition}").text
    my_page = path_of(post_office.mail_to("b@example.org").link_to("my"))
    assert client.post(my_page, data={"action": "withdraw"}).status_code == 200
    page = text_of(client.get(f"/p/{petition}"))
    assert "Bo Full" not in page
    assert "Lund Union" not in page


def test_organisations_are_listed_and_counted_once_each(
    client: Client, post_office: PostOffice, petition: str
) -> None:
    union = {"organisation": "Lund Union", "role": "chair", "display": "full"}
    sign(client, post_office, petition, "a", name="Ann Full", **union)
    sign(client, post_office, petition, "b", **union | {"organisation": "LUND union"})
    sign(client, post_office, petition, "c", organisation="A quiet club")
    sign(client, post_office, petition, "d", organisation="Small Firm", display="initials")
    page_text = text_of(client.get(f"/p/{petition}"))
    assert "3 organisations have signed" in page_text
    assert "Lund Union" in page_text or "LUND union" in page_text
    assert "A quiet club" not in page_text, "who hides the name hides the club"
    assert "Small Firm" not in page_text, "an organisation and initials make a name"
    listed = text_of(client.get(f"/p/{petition}/signatures"))
    assert "Ann Full , chair , Lund Union" in listed
    apart = listed.partition(" Organisations ")[2]
    assert apart.casefold().count("lund union") == 1
    for person in ("Ann Full , chair", "Anna Berg , chair"):
        assert person in apart
    for hidden in ("A quiet club", "Small Firm"):
        assert hidden not in apart


def test_all_organisations_are_on_the_supporters_page(
    client: Client, post_office: PostOffice, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supporters, "ORGANISATIONS", 1)
    for who in "ab":
        sign(client, post_office, petition, who, display="full", organisation=f"Union {who}")
    page = client.get(f"/en/p/{petition}").text
    assert "Union b</bdi></li>" not in page
    assert f'href="/en/p/{petition}/signatures#organisations"' in page
    listed = client.get(f"/en/p/{petition}/signatures").text
    assert "Union b" in listed.partition('id="organisations"')[2]


def test_a_comment_is_public_after_an_organiser_approved_it(
    app: Flask, client: Client, post_office: PostOffice, petition: str
) -> None:
    words = "Because <b>silence</b> agrees.\r\nWe do not."
    full = {"name": "Ann Full", "display": "full", "language": "sv"}
    sign(client, post_office, petition, "a", **full, comment=words)
    sign(client, post_office, petition, "b", comment="From behind a curtain.")
    assert "silence" not in client.get(f"/p/{petition}").text
    invite()
    organiser = enter(app)
    page = organiser.get(f"/organisers/p/{petition}/comments")
    assert "Because &lt;b&gt;silence" in page.text
    assert "curtain" not in page.text, "a hidden signer's is not shown, so not asked about"
    (chosen,) = re.findall(r'name="chosen" value="([^"]+)"', page.text)
    comments = f"/organisers/p/{petition}/comments"
    assert press(organiser, comments, chosen=chosen, decision="shown").status_code == 303
    for path in ("", "/signatures"):  # in the language that she signed in, most likely hers
        assert (
            '<p lang="sv" dir="auto">Because &lt;b&gt;silence&lt;/b&gt; agrees.\nWe do not.</p>'
            in client.get(f"/p/{petition}{path}").text
        )
    press(organiser, comments, chosen=f"{chosen}0", decision="shown")
    assert "Some comments have changed since you read them" in organiser.get(comments).text


def test_a_viewer_cannot_read_comments_or_names(app: Flask, petition: str) -> None:
    invite(Role.VIEWER)
    viewer = enter(app)
    for page in ("comments", "names"):
        assert viewer.get(f"/organisers/p/{petition}/{page}").status_code == 403


def test_an_organiser_can_hide_a_name(
    app: Flask, client: Client, post_office: PostOffice, petition: str
) -> None:
    sign(client, post_office, petition, "a", name="Buy Now", display="full", organisation="Shop")
    sign(client, post_office, petition, "b", name="Bo Berg", display="full")
    invite()
    organiser = enter(app)
    names = f"/organisers/p/{petition}/names"
    page = organiser.get(names).text
    assert page.index("Bo Berg") < page.index("Buy Now")
    action = re.findall(rf'action="({names}/\d+)"', page)[1]
    assert press(organiser, names, action).location == names
    assert "Buy Now" not in organiser.get(names).text
    page_text = text_of(client.get(f"/p/{petition}"))
    assert "Buy Now" not in page_text
    assert "Bo Berg" in page_text
    assert counts.get_count(petition).count == 2
    assert db.session.query(AuditEntry).filter_by(action="name.hide").one().detail == "signature 1"
    assert press(organiser, names, f"{names}/99").status_code == 404


def test_all_comments_are_reachable_by_pagination(
    app: Flask,
    client: Client,
    post_office: PostOffice,
    petition: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(moderation, "PAGE_SIZE", 2)
    petition_id = queries.get_id(petition)
    for who in "abc":
        sign(client, post_office, petition, who, display="full", comment=f"Word {who}")
    invite()
    organiser = enter(app)
    comments = f"/organisers/p/{petition}/comments"
    page = organiser.get(comments).text
    assert "Unread comments: 3" in page
    assert "Word c" not in page, "the two that have waited longest"
    while waiting := moderation.list_waiting(petition_id):
        for comment in waiting:
            show_comment(petition_id, comment.id, comment.comment)
    page = organiser.get(comments).text
    assert "Word a" not in page
    further = re.search(rf'href="({comments}\?before=\d+)"', page)
    assert further is not None
    assert "Word a" in organiser.get(further[1]).text


def test_a_changed_comment_must_be_approved_again(
    app: Flask, client: Client, post_office: PostOffice, petition: str
) -> None:
    sign(client, post_office, petition, "a", display="full", comment="One.")
    petition_id = queries.get_id(petition)
    (waiting,) = moderation.list_waiting(petition_id)
    assert show_comment(petition_id, waiting.id, "One.") == 1
    my_page = path_of(post_office.mail_to("a@example.org").link_to("my"))
    changed = {"name": "Anna Berg", "country": "SE", "display": "full", "comment": "Two."}
    assert client.post(my_page, data=changed).status_code == 303
    db.session.expire_all()
    assert db.session.query(Signature).one().comment_state == CommentState.WAITING
    assert show_comment(petition_id, waiting.id, "One.") == 0


def test_the_supporters_list_is_paginated(
    client: Client, petition: str, monkeypatch: pytest.MonkeyPatch, post_office: PostOffice
) -> None:
    monkeypatch.setattr(supporters, "PAGE_SIZE", 2)
    for who in "abc":
        sign(client, post_office, petition, who, name=f"Ann {who}", display="full")
    first = client.get(f"/p/{petition}/signatures").text
    assert "Ann c" in first
    assert "Ann a" not in first
    further = re.search(r'href="(/p/[^"]+before=\d+)"', first)
    assert further is not None
    assert "Ann a" in client.get(further[1]).text
    for wrong in ("x", "-1", "9" * 40):
        assert client.get(f"/p/{petition}/signatures?before={wrong}").status_code == 200


STATES = {
    PetitionState.PAUSED: "This petition is paused",
    PetitionState.CLOSED: "This petition is closed",
    PetitionState.VICTORY: "We won",
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_page(client: Client, state: PetitionState, petition: str) -> None:
    make_petition("another", text={"en": ANOTHER}, source_language="en")
    lifecycle.change_state(petition, state, now=now())
    page = client.get(f"/p/{petition}")
    page_text = text_of(page)
    assert STATES[state] in page_text
    assert "<form" not in page.text
    assert "We ask you to free them." in page_text, "the letter stays to be read"
    for way_on in ("Pass it on", "Follow the news", "Free the others"):
        assert way_on in page_text
    assert "Next goal" not in page_text


ANOTHER = {
    "title": "Free the others",
    "target": "the Government",
    "lede": "They, too.",
    "letter": "Do.",
    "story": "So it was.",
    "share": "Sign:",
}


def test_only_organisers_see_a_draft(app: Flask, client: Client) -> None:
    slug = make_petition(state="draft")
    for page in ("", "/share", "/updates", "/write", "/embed", "/signatures", "/count.json"):
        assert client.get(f"/p/{slug}{page}").status_code == 404, page
    invite()
    organiser = enter(app)
    preview = organiser.get(f"/organisers/p/{slug}/preview")
    assert "This is a draft" in preview.text
    assert "We <strong>ask</strong> you to free them." in preview.text


def test_a_draft_links_to_no_public_page(app: Flask) -> None:
    slug = make_petition(state="draft")
    news = {"day": TODAY, "text": {"en": {"title": "Arrested", "body": "All."}}}
    office = {"country": "CA", "checked": 2016, "office": {"en": "Embassy"}, "postal": "Ottawa"}
    written = petition_file.parse_updates({"update": [news], "target": [office]})
    updates.import_updates(slug, written, now=now())
    invite()
    preview = enter(app).get(f"/organisers/p/{slug}/preview").text
    for absent in (f"/p/{slug}", "data-count-url", "wa.me", 'property="og:'):
        assert absent not in preview


def test_the_name_in_the_form_appears_under_the_letter(client: Client, petition: str) -> None:
    response = client.post(f"/p/{petition}/sign", data=filled(name="Ann Berg", consent=None))
    assert response.status_code == 422
    assert "<bdi data-signature>Ann Berg</bdi>" in response.text
    accepted = client.post(f"/p/{petition}/sign", data=filled(name="Ann Berg"))
    assert "<bdi>Ann Berg</bdi>" in client.get(accepted.location).text


FOLDED = re.compile(r'<details class="display"( open)?>')


@pytest.mark.parametrize(
    ("changes", "is_open"),
    [
        ({}, False),
        ({"display": "hidden", "handover": "yes"}, False),
        ({"display": "full"}, True),
        ({"display": "made up"}, True),
    ],
)
def test_the_display_is_folded_only_while_it_is_the_default(
    client: Client, petition: str, changes: dict[str, str], is_open: bool
) -> None:
    page = client.post(f"/en/p/{petition}/sign", data=filled(consent=None, **changes)).text
    folded = FOLDED.search(page)
    assert folded is not None
    assert bool(folded[1]) is is_open
    for field in ('id="display" name="display"', 'id="handover" name="handover"'):
        assert field in page


def test_every_page_of_an_open_petition_has_a_way_to_sign(app: Flask, client: Client) -> None:
    slug = make_petition()
    news = {"day": TODAY, "text": {"en": {"title": "Arrested", "body": "All."}}}
    updates.import_updates(slug, petition_file.parse_updates({"update": [news]}), now=now())
    (update_id,) = updates.published_ids(queries.get_id(slug), now=now())
    pages = set()
    for rule in app.url_map.iter_rules():
        arguments = rule.arguments - {"slug", "update_id"}
        if rule.rule.startswith("/p/<slug>") and "GET" in (rule.methods or ()) and not arguments:
            path = rule.rule.replace("<slug>", slug).replace("<int:update_id>", str(update_id))
            response = client.get(path)
            if response.mimetype == "text/html":
                pages.add(path)
                ways = (f'/p/{slug}#sign"', f'action="/en/p/{slug}/sign', f'/p/{slug}?r=eb"')
                assert any(way in response.text for way in ways), path
    assert {f"/p/{slug}/{page}" for page in ("share", "write", "mastodon", "signatures")} < pages
    make_petition("another")
    assert f'/p/{slug}#sign"' in client.get("/").text
    lifecycle.change_state(slug, PetitionState.CLOSED, now=TODAY)
    app.extensions["page_cache"].clear()
    assert "#sign" not in client.get(f"/p/{slug}/share").text


def test_text_in_another_language_has_lang_and_dir(client: Client) -> None:
    slug = make_petition("only-swedish", text={"sv": ANOTHER}, source_language="sv")
    page = client.get(f"/en/p/{slug}").text
    assert '<h1 lang="sv" dir="ltr">Free the others</h1>' in page
    assert '<p class="lede" lang="sv" dir="ltr">' in page
    assert 'To: <span lang="sv" dir="ltr">the Government</span>' in page
    assert "I sign this letter to <span lang=" in page
    assert re.search(r'<article class="paper"[^>]* lang="sv" dir="ltr">', page)
    assert re.search(r'<h2 class="small-caps"[^>]* lang="en" dir="ltr">The letter', page)
    for path in ("/share", "/updates", "/write", "/signatures", "/mastodon"):
        above = f'<a href="/en/p/{slug}" lang="sv" dir="ltr">Free the others</a>'
        assert above in client.get(f"/en/p/{slug}{path}").text, path
    own = client.get(f"/sv/p/{slug}").text
    assert "<h1>Free the others</h1>" in own
    assert 'dir="ltr"' not in own.partition("<body>")[2], "what is in the page's says nothing"


def test_every_page_has_a_contact_address(
    app: Flask, client: Client, make_app: MakeApp, petition: str
) -> None:
    pages = ("/accessibility", "/privacy", "/my", "/nothing")
    for path in pages:
        assert 'href="mailto:committee@example.org"' in client.get(path).text, path
    own = browser(make_app(CONTACT="site@example.org"))
    for path in pages:
        assert 'href="mailto:site@example.org"' in own.get(path).text, path
    make_petition("another", contact="others@example.org")
    featured = browser(make_app(FEATURED="another"))
    assert 'href="mailto:others@example.org"' in featured.get("/nothing").text


def test_an_error_page_renders_without_the_database(
    app: Flask, client: Client, petition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OperationalError("", None, Exception("gone"))

    monkeypatch.setattr(queries, "list_petitions", broken)
    assert client.get("/en/nothing").status_code == 404


def test_the_accessibility_statement_lists_every_check(app: Flask, client: Client) -> None:
    text = text_of(client.get("/en/accessibility"))
    with app.test_request_context("/en/accessibility"):
        for sentence in notices.ACCESSIBILITY_CHECKS.values():
            assert str(sentence) in text


def test_every_check_of_the_accessibility_statement_has_a_marked_test() -> None:
    mark = re.compile(r'@pytest\.mark\.accessibility_statement\("([a-z-]+)"\)\n(?:@.*\n)*def test_')
    marked = {
        check
        for file in Path(__file__).parent.rglob("test_*.py")
        for check in mark.findall(file.read_text(encoding="utf-8"))
    }
    assert marked == set(notices.ACCESSIBILITY_CHECKS)


def test_metadata_for_search_engines_and_previews(client: Client, petition: str) -> None:
    page = client.get(f"/ru/p/{petition}?r=wa").text
    site = "https://petition.example.org"
    for line in (
        f'<link rel="canonical" href="{site}/ru/p/{petition}">',
        f'<link rel="alternate" hreflang="x-default" href="{site}/p/{petition}">',
        '<meta property="og:locale" content="ru_RU">',
        '<meta property="og:locale:alternate" content="en_GB">',
        '<meta property="og:locale:alternate" content="kk_KZ">',
        f'<meta property="og:url" content="{site}/ru/p/{petition}">',
        '<meta property="og:image:width" content="1200">',
        '<meta name="twitter:card" content="summary_large_image">',
    ):
        assert line in page
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    read = json.loads(data[1])
    assert read["name"] == "Свободу им"
    assert read["mainEntity"]["interactionStatistic"]["userInteractionCount"] == 0
    assert read["potentialAction"]["target"] == f"{site}/ru/p/{petition}#sign"


def test_petition_text_cannot_end_a_script_element(client: Client) -> None:
    slug = make_petition(text={"en": ANOTHER | {"title": "</script><script>alert(1)</script>"}})
    page = client.get(f"/p/{slug}").text
    assert page.count("<script") == page.count("</script>") == 2


def test_a_site_can_have_its_own_name_and_colour(make_app: MakeApp, petition: str) -> None:
    client = browser(make_app(BRAND_NAME="The Committee", BRAND_COLOUR="#00509e"))
    page = client.get(f"/p/{petition}").text
    assert "<span>The Committee</span>" in page
    assert '<meta property="og:site_name" content="The Committee">' in page
    sheet = re.search(r'rel="stylesheet" href="([^"]+)"', page)
    assert sheet is not None
    assert "--accent: #00509e;" in client.get(sheet[1]).text


def test_a_site_can_have_its_own_logo(make_app: MakeApp, petition: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"BRAND_LOGO names dove\.svg"):
        make_app(BRAND_LOGO="dove.svg")
    drawn = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9v9"/></svg>'
    (tmp_path / "dove.svg").write_text(drawn, encoding="utf-8")
    client = browser(make_app(BRAND_LOGO="dove.svg", BRAND_NAME="The Committee"))
    picture = re.search(r'<img[^>]*src="(/static/dove[^"]+)"[^>]*>', client.get("/").text)
    assert picture is not None
    assert 'alt=""' in picture[0], "the name stands beside it"
    assert client.get(picture[1]).text == drawn


def test_the_thanks_email_has_share_links(
    client: Client, post_office: PostOffice, petition: str
) -> None:
    client.post(signed(client, post_office, petition))
    deliver(client.application)
    mail = post_office.arrived[-1]
    for link in ("https://wa.me/?text=", "https://t.me/share/url?url=", f"/p/{petition}/share"):
        assert link in mail.html
    assert f"/p/{petition}/share\r\n" in mail.text
    assert "%" not in mail.text, "no address that is longer than a screen, for readers of text"
