"""Share links, Mastodon, visit counts, embedding, the sitemap and link previews."""

import re
import sqlite3
from contextlib import closing
from datetime import date
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import urlopen
from xml.etree import ElementTree as ET

import pytest
from flask import Flask
from markupsafe import escape
from PIL import Image

from petition.core.clock import now
from petition.core.errors import PetitionFileInvalid
from petition.database.base import db
from petition.models import Tally, Visit
from petition.models.enums import PetitionState
from petition.petitions import lifecycle, queries, sharing, updates, visits
from petition.petitions.editing import petition_file
from tests.browser.site import run_site
from tests.browsing import Client, browser, confirmed, enter, invite, public_pages, signed, text_of
from tests.factories import SITE, MakeApp, make_petition
from tests.post_office import PostOffice

PAGE = f"{SITE}/p/free-them"
TEXT = "Sign for their freedom & ours:"
TITLE = "Free them & us"
CARD = f"{PAGE}/card/en/12.png?v=1"
ADDRESSES = {
    "wa": ("wa.me", "/", {"text": "both"}),
    "tg": ("t.me", "/share/url", {"url": "url", "text": "text"}),
    "fb": ("www.facebook.com", "/sharer/sharer.php", {"u": "url"}),
    "x": ("x.com", "/intent/tweet", {"text": "text", "url": "url"}),
    "bs": ("bsky.app", "/intent/compose", {"text": "both"}),
    "th": ("www.threads.com", "/intent/post", {"text": "text", "url": "url"}),
    "li": ("www.linkedin.com", "/sharing/share-offsite/", {"url": "url"}),
    "re": ("www.reddit.com", "/submit", {"url": "url", "title": "title"}),
    "vk": ("vk.com", "/share.php", {"url": "url", "title": "title"}),
    "ok": ("connect.ok.ru", "/offer", {"url": "url", "title": "title", "imageUrl": "card"}),
}

LINKS = sharing.links(PAGE, TEXT, title=TITLE, picture=CARD)


@pytest.mark.parametrize("channel", ADDRESSES)
def test_a_network_gets_url_and_text_in_its_own_parameters(channel: str) -> None:
    (link,) = (link for link in LINKS if link.channel == channel)
    host, path, fields = ADDRESSES[channel]
    parts = urlsplit(link.url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", host, path)
    assert "+" not in parts.query, "blanks as %20: some programs show a plus"
    address = f"{PAGE}?r={channel}"
    values = {
        "url": address,
        "text": TEXT,
        "both": f"{TEXT} {address}",
        "title": TITLE,
        "card": CARD,
    }
    assert parse_qs(parts.query) == {name: [values[what]] for name, what in fields.items()}


@pytest.mark.parametrize("word", ["freedom", "свобода", "Қазақстан", "囚人", "🙂", "x" * 90])
@pytest.mark.parametrize("length", [100, 240, 280, 900])
def test_a_share_text_is_cut_to_what_each_network_counts(word: str, length: int) -> None:
    text = " ".join([word] * length)[:length].strip()
    links = {link.channel: link.url for link in sharing.links(PAGE, text)}
    links["ma"] = sharing.mastodon("mastodon.social", PAGE, text) or ""

    def count_on_x(post: str) -> int:
        return sum(2 if ord(letter) > 0x10FF else 1 for letter in post)

    for channel, most in (("x", 280), ("bs", 300), ("th", 500), ("ma", 500), ("wa", 10**6)):
        fields = {
            name: value[0] for name, value in parse_qs(urlsplit(links[channel]).query).items()
        }
        address = f"{PAGE}?r={channel}"
        assert fields.get("url", fields["text"]).endswith(address), "the link is whole"
        posted = fields["text"].removesuffix(f" {address}")
        link = 23 if channel in {"x", "ma"} else len(address)
        counted = count_on_x(posted) if channel == "x" else len(posted)
        assert counted + 1 + link <= most
        if posted != text:
            assert channel != "wa"
            assert posted.endswith("…")
            cut = posted.removesuffix("…")
            assert text.startswith(cut)
            assert text[len(cut)] == " " or " " not in text[: len(cut) + 1], "cut at a word"


@pytest.mark.parametrize(
    ("text", "site", "excess"),
    [
        ("x" * 254, SITE, None),
        ("x" * 257, "https://a.example", 1),
        ("囚" * 128, SITE, None),
        ("囚" * 129, SITE, 2),
        ("x" * 256, f"https://{'long.' * 6}example", 19),
    ],
)
def test_a_share_text_that_a_network_does_not_take_is_refused(
    text: str, site: str, excess: int | None
) -> None:
    texts = dict.fromkeys(("title", "target", "lede", "letter", "story"), "words")
    content = {
        "slug": "free-them",
        "source_language": "en",
        "organiser": "We",
        "contact": "we@example.org",
        "text": {"en": texts | {"share": text}},
    }
    if excess is None:
        petition_file.parse(content, site=site)
        return
    with pytest.raises(
        PetitionFileInvalid, match=f"text.en.share: (shorter by {excess},|a text of 1 to 256)"
    ):
        petition_file.parse(content, site=site)


@pytest.mark.parametrize(("channel", "begins"), [("em", "mailto:?subject="), ("sm", "sms:?&body=")])
def test_email_and_sms_links_have_text_and_url(channel: str, begins: str) -> None:
    (link,) = (link for link in LINKS if link.channel == channel)
    assert link.url.startswith(begins)
    assert unquote(link.url).endswith(f"{TEXT} {PAGE}?r={channel}")
    assert not link.leaves


def test_a_shared_email_has_the_title_as_subject(client: Client, petition: str) -> None:
    page = client.get(f"/en/p/{petition}").text
    assert "mailto:?subject=Free%20them&amp;body=Sign%20for%20their%20freedom%3A%20https" in page
    assert f"%2Fp%2F{petition}%2Fcard%2Fen%2F0.png%3Fv%3D1" in page, "OK shows the card"


@pytest.mark.parametrize("state", [PetitionState.CLOSED, PetitionState.VICTORY])
def test_a_closed_petition_is_shared_without_a_call_to_sign(
    client: Client, petition: str, state: PetitionState
) -> None:
    lifecycle.change_state(petition, state, now=now())
    for path in ("", "/share", "/mastodon?server=mastodon.social"):
        page = client.get(f"/en/p/{petition}{path}").text
        assert "Sign%20for%20their%20freedom" not in page
        assert 'data-text="Sign' not in page
        assert "text=Free%20them%20https%3A%2F%2Fpetition.example.org" in page


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("mastodon.social", "mastodon.social"),
        (" https://Mastodon.Social/ ", "mastodon.social"),
        ("@anna@chaos.social", "chaos.social"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("https://mastodon.social/@anna", "mastodon.social"),
        ("http://mastodon.social/@anna@chaos.social/1?x=#y", "mastodon.social"),
        ("anna@chaos.social.", "chaos.social"),
        ("acct:anna@chaos.social", "chaos.social"),
        ("@anna@Bücher.example", "xn--bcher-kva.example"),
        ("https://straße.example/@anna", "xn--strae-oqa.example"),
        ("а.рф", "xn--80a.xn--p1ai"),
        ("https://mastodon.social@other.example/", "other.example"),
    ],
)
def test_mastodon_servers_are_read_in_many_spellings(written: str, host: str) -> None:
    link = sharing.mastodon(written, PAGE, TEXT)
    assert link is not None
    assert urlsplit(link).netloc == host
    assert parse_qs(urlsplit(link).query) == {"text": [f"{TEXT} {PAGE}?r=ma"]}


@pytest.mark.parametrize(
    "written",
    [
        *("", "x", "localhost", "127.0.0.1", "a.b/evil", "evil.example:8080", "@", "https://"),
        *(
            "javascript:alert(1)",
            "a..b",
            "-a.example",
            "a.example?x=",
            "ftp://a.example",
            "a" * 260 + ".org",
        ),
    ],
)
def test_an_invalid_mastodon_server_gets_no_link(
    client: Client, petition: str, written: str
) -> None:
    assert sharing.mastodon(written, PAGE, TEXT) is None
    response = client.get(f"/p/{petition}/mastodon", query_string={"server": written})
    assert response.status_code == (422 if written else 200)
    assert "/share?text=" not in response.text


def test_mastodon_is_a_page_with_a_link_not_a_redirect(client: Client, petition: str) -> None:
    response = client.get(f"/p/{petition}/mastodon?server=mastodon.social")
    assert response.status_code == 200
    assert 'href="https://mastodon.social/share?text=' in response.text
    assert "Continue to mastodon.social" in text_of(response)


def test_vk_and_ok_are_a_setting(make_app: MakeApp, petition: str) -> None:
    for more in (True, False):
        page = browser(make_app(SHARE_MORE=more)).get(f"/p/{petition}").text
        assert ("https://vk.com/share.php" in page) is more
        assert ("https://connect.ok.ru/offer" in page) is more


def test_links_to_other_sites_send_no_referrer(client: Client, petition: str) -> None:
    page = client.get(f"/p/{petition}").text
    leaving = re.findall(r'<a [^>]*href="https://[^"]*"[^>]*>', page)
    assert len(leaving) >= 10
    for link in leaving:
        if SITE not in link.partition('href="')[2].partition('"')[0][:40]:
            assert 'target="_blank" rel="noopener noreferrer"' in link


def test_page_views_are_stored_as_counts_only(app: Flask, client: Client, petition: str) -> None:
    seen = {"User-Agent": "Firefox", "Accept-Language": "ru"}
    for _ in range(3):
        client.get(f"/p/{petition}?r=wa", headers=seen)
    client.get(f"/de/p/{petition}?r=tg", headers=seen)
    client.get(f"/p/{petition}?r=made-up", headers=seen)
    client.get(f"/p/{petition}", headers=seen)
    client.get("/p/not-there?r=wa", headers=seen)
    client.get(f"/p/{petition}?r=wa", headers={"User-Agent": "facebookexternalhit/1.1"})
    client.get(f"/p/{petition}?r=wa", headers={"User-Agent": "WhatsApp/2.23"})
    client.head(f"/p/{petition}?r=wa", headers=seen)
    client.get("/de/", headers=seen)  # where the only open petition is
    client.get("/my/", headers=seen)
    client.get("/privacy", headers=seen)
    app.extensions["visits"].save()
    app.extensions["visits"].save()
    rows = db.session.query(Visit).order_by(Visit.channel, Visit.language).all()
    assert [(row.channel, row.language, row.visits) for row in rows] == [
        ("", "de", 1),
        ("", "ru", 2),
        ("tg", "de", 1),
        ("wa", "ru", 3),
    ]
    assert rows[0].day == now().date()


def test_views_of_the_first_page_are_nobodys_when_it_is_a_list(
    app: Flask, client: Client, petition: str
) -> None:
    make_petition("another")
    client.get("/")
    client.get(f"/p/{petition}")
    app.extensions["visits"].save()
    assert [(row.petition_id, row.visits) for row in db.session.query(Visit)] == [(1, 1)]


def test_a_web_process_saves_its_visits_when_it_ends(tmp_path: Path) -> None:
    with run_site(tmp_path) as site:
        urlopen(f"{site.url}/p/kuramshin?r=wa").close()  # noqa: S310 (our own address)
    with closing(sqlite3.connect(tmp_path / "petition.db")) as database:
        assert database.execute("SELECT channel, visits FROM visit").fetchall() == [("wa", 1)]


def test_visits_of_two_processes_add_up(app: Flask, petition: str) -> None:
    key = (petition, date(2016, 5, 26), "wa", "en")
    visits.add_visits({key: 2})
    visits.add_visits({key: 3, ("gone", *key[1:]): 1})
    assert visits.count_by_channel(queries.get_id(petition)) == {"wa": (5, 5)}


def test_organisers_see_visits_and_signatures_by_channel(
    app: Flask, client: Client, post_office: PostOffice, petition: str
) -> None:
    confirmed(client, post_office, petition, channel="wa")
    visits.add_visits({(petition, date(2016, 5, 26), "wa", "en"): 1_234})
    invite()
    page_text = text_of(enter(app).get(f"/organisers/p/{petition}"))
    assert "WhatsApp 1,234 1" in page_text


def test_the_kit_has_everything_to_copy(client: Client, petition: str) -> None:
    page = client.get(f"/p/{petition}/share").text
    for address in ("card/en/0.png", "story/en/0.png", "qr.svg", "poster.pdf", "sheet.pdf"):
        assert f"/p/{petition}/{address}" in page
    assert "&lt;iframe src=&#34;https://petition.example.org/p/free-them/embed&#34;" in page
    assert "<iframe" not in page
    badge = (
        '<a href="https://petition.example.org/p/free-them?r=eb">'
        '<img src="https://petition.example.org/p/free-them/badge.svg" alt="Free them" height="28">'
        "</a>"
    )
    assert str(escape(badge)) in page
    assert page.count(" data-copy=") == 3, "a button for each code, and one for the link"
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in page


def test_only_the_embedded_page_may_be_framed_and_it_holds_no_form(
    client: Client, petition: str
) -> None:
    embedded = client.get(f"/p/{petition}/embed")
    assert "frame-ancestors *" in embedded.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded.headers
    assert "<form" not in embedded.text
    assert "<script" not in embedded.text
    assert f'href="{PAGE}?r=eb"' in embedded.text
    for path in ("", "/share", "/updates", "/signatures", "/write", "/mastodon"):
        page = client.get(f"/p/{petition}{path}")
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Frame-Options"] == "DENY"


def test_the_badge_is_a_small_picture_for_every_site(
    app: Flask, client: Client, petition: str
) -> None:
    badge = client.get(f"/p/{petition}/badge.svg")
    assert badge.mimetype == "image/svg+xml"
    assert badge.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(badge.data) < 1_000
    ET.fromstring(badge.text)
    assert "Sign the petition" in badge.text, "nothing is shown that would be nought"
    assert "Confirmed signatures" not in client.get(f"/p/{petition}/share").text
    db.session.query(Tally).update({Tally.counted: 1_234})
    db.session.commit()
    app.extensions["page_cache"].clear()
    assert "Confirmed signatures: 1,234" in client.get(f"/p/{petition}/badge.svg").text
    assert "Confirmed signatures: 1,234" in client.get(f"/p/{petition}/share").text


def test_oembed_tells_how_to_embed(client: Client, petition: str) -> None:
    response = client.get(
        "/oembed", query_string={"url": f"{SITE}/ru/p/{petition}", "maxwidth": 300}
    )
    found = response.json
    assert found is not None
    assert (found["type"], found["version"], found["width"]) == ("rich", "1.0", 300)
    assert f'src="{SITE}/p/{petition}/embed"' in found["html"]
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    for elsewhere in ("https://evil.example/p/free-them", f"{SITE}/privacy", f"{SITE}/p/gone", ""):
        assert client.get("/oembed", query_string={"url": elsewhere}).status_code == 404
    assert client.get(f"/oembed?format=xml&url={PAGE}").status_code == 501
    small = client.get("/oembed", query_string={"url": PAGE, "maxwidth": -5, "maxheight": 0}).json
    assert small is not None
    assert (small["width"], small["height"]) == (1, 1)


def test_other_sites_may_ask_before_they_read(app: Flask, client: Client, petition: str) -> None:
    asked = {
        "Origin": "https://union.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-requested-with",
    }
    page = f"/p/{petition}"
    for path in (
        *(f"{page}/count.json", f"/oembed?url={PAGE}", f"{page}/badge.svg", f"{page}/qr.svg"),
        *(f"{page}/embed", f"{page}/card/en/0.png", f"{page}/updates.atom"),
    ):
        for answer in (client.options(path, headers=asked), client.get(path), client.head(path)):
            assert answer.status_code in {200, 204}, path
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in answer.headers
        preflight = client.options(path, headers=asked)
        assert preflight.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
        assert preflight.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert preflight.headers["Access-Control-Allow-Headers"] == "*"
        assert preflight.data == b""
    missing = client.get("/p/gone/count.json")
    assert (missing.status_code, missing.headers["Access-Control-Allow-Origin"]) == (404, "*")
    for path in (page, f"{page}/sign", "/my"):
        for answer in (client.options(path, headers=asked), client.get(path)):
            assert "Access-Control-Allow-Origin" not in answer.headers, path


def test_oembed_takes_a_url_as_it_was_passed_on(client: Client, petition: str) -> None:
    for length in (43, 54, 60):  # a token's length, and more
        slug = make_petition("free-them-" + "a" * (length - 10))
        response = client.get("/oembed", query_string={"url": f"{SITE}/p/{slug}."})
        assert f"/p/{slug}/embed" in response.text
    for path in ("/p/free-them/", "/P/Free-Them", "/ru/p/free-them.", "/p/free-them%E2%80%8B?r=tg"):
        for site in (SITE, SITE.upper()):
            response = client.get("/oembed", query_string={"url": site + path})
            assert response.status_code == 200
            assert "/p/free-them/embed" in response.text


def test_the_icons_that_programs_ask_for_by_name_are_there(
    make_app: MakeApp, petition: str
) -> None:
    client = browser(make_app(BRAND_COLOUR="#00509e"))
    for path in ("/apple-touch-icon.png", "/apple-touch-icon-precomposed.png", "/favicon.ico"):
        response = client.get(path)
        assert response.headers["Cache-Control"] == "public, max-age=86400"
        picture = Image.open(BytesIO(response.data))
        assert picture.convert("RGB").getpixel((1, 1)) == (0, 0x50, 0x9E), "the site's colour"
        if path.endswith(".png"):
            assert (response.mimetype, picture.size) == ("image/png", (180, 180))
        else:
            assert response.mimetype == "image/x-icon"
            assert picture.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
        assert len(response.data) < 6_000


def test_search_engines_find_every_public_page_in_every_language(
    client: Client, petition: str
) -> None:
    assert f"Sitemap: {SITE}/sitemap.xml" in client.get("/robots.txt").text
    tree = ET.fromstring(client.get("/sitemap.xml").text)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = {str(place.text) for place in tree.findall("s:url/s:loc", names)}
    for path in (f"/p/{petition}", f"/ru/p/{petition}", f"/kk/p/{petition}/updates", "/privacy"):
        assert f"{SITE}{path}" in found
    assert f"{SITE}/" not in found, "what stands there is the petition's page"
    assert not [address for address in found if "signatures" in address]


def test_a_public_page_has_canonical_and_alternate_urls(
    app: Flask, client: Client, petition: str
) -> None:
    make_petition("another")  # so that a list stands at /
    news = {"day": date(2016, 5, 20), "text": {"en": {"title": "Arrested", "body": "All of them."}}}
    updates.import_updates(petition, petition_file.parse_updates({"update": [news]}), now=now())
    tree = ET.fromstring(client.get("/sitemap.xml").text)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    listed = [str(place.text) for place in tree.findall("s:url/s:loc", names)]
    assert len(listed) == len(set(listed)) == 7 * (3 + 2 * 4 + 1)
    assert f"{SITE}/" in listed
    versions = {}
    for address in listed:
        response = client.get(address.removeprefix(SITE))
        assert response.status_code == 200, address
        assert re.findall(r'<link rel="canonical" href="([^"]+)">', response.text) == [address]
        assert response.text.count('property="og:locale"') == 1
        links = re.findall(
            r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">', response.text
        )
        assert sorted(name for name, _ in links) == sorted(["x-default", *app.config["LANGUAGES"]])
        versions[address] = dict(links)
    for address, named in versions.items():
        assert address in named.values()
        assert all(versions[other] == named for other in named.values())


def test_the_canonical_url_of_the_root_is_the_petitions(client: Client, petition: str) -> None:
    for prefix in ("", "/ru"):
        page = client.get(f"{prefix}/").text
        assert f'<link rel="canonical" href="{SITE}{prefix}/p/{petition}">' in page


def test_pages_with_noindex_have_no_canonical_url(
    client: Client, post_office: PostOffice, petition: str
) -> None:
    link = signed(client, post_office, petition)
    paths = (f"/p/{petition}/signatures", f"/p/{petition}/mastodon", f"/p/{petition}/embed", "/my")
    for path in (*paths, link, "/nothing", "/p/gone", f"/p/{petition}/updates/99"):
        page = client.get(path)
        assert 'rel="canonical"' not in page.text, path
        asked_out = "noindex" in page.headers.get("X-Robots-Tag", "") + page.text
        assert asked_out or page.status_code == 404, path
    assert 'rel="canonical"' not in client.post(f"/p/{petition}/sign", data={}).text


def test_a_piece_of_news_has_a_preview_with_the_card(client: Client, petition: str) -> None:
    words = "They were **taken** away.\n\n" + "Nobody says [where](https://example.org). " * 9
    news = {"day": date(2016, 5, 20), "text": {"en": {"title": "Arrested", "body": words}}}
    updates.import_updates(petition, petition_file.parse_updates({"update": [news]}), now=now())
    (number,) = updates.published_ids(queries.get_id(petition))
    page = client.get(f"/en/p/{petition}/updates/{number}").text
    for line in (
        '<meta property="og:title" content="Arrested">',
        f'<meta property="og:image" content="{PAGE}/card/en/0.png?v=1">',
        '<meta name="twitter:card" content="summary_large_image">',
    ):
        assert line in page
    description = re.search(r'<meta property="og:description" content="([^"]*)">', page)
    assert description is not None
    assert description[1].startswith(
        "They were taken away. Nobody says where (https://example.org)."
    )
    assert len(description[1]) <= 200
    assert description[1].endswith("…")


LOADED = re.compile(r'<(?:link rel="(?:icon|stylesheet)"|script|img|iframe)[^>]*>')


def test_no_page_sets_a_cookie_or_loads_from_another_host(client: Client, petition: str) -> None:
    for path in public_pages(client, petition):
        page = client.get(path)
        assert page.status_code == 200, path
        assert "Set-Cookie" not in page.headers
        for source in LOADED.findall(page.text):
            address = re.search(r'(?:src|href)="([^"]+)"', source)
            assert address is None or address[1].startswith(("/", "data:")), (path, source)
