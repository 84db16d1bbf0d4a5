"""What goes with every answer."""

import re

import pytest
from flask import Flask

from tests.browsing import Client, browser, signed
from tests.factories import MakeApp
from tests.post_office import PostOffice

EVERYWHERE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_answer_carries_it(app: Flask, client: Client, petition: str, name: str) -> None:
    page = client.get(f"/p/{petition}")
    style = re.search(r'href="(/static/[^"]+\.css)"', page.text)
    assert style is not None
    # Pages behind a link name themselves to nobody at all.
    stricter = {"Referrer-Policy": {"/my": "no-referrer", "/organisers/": "no-referrer"}}
    for path in ("/", "/my", "/nothing", "/healthz", "/organisers/", style.group(1)):
        expected = stricter.get(name, {}).get(path, EVERYWHERE[name])
        assert client.get(path).headers[name] == expected, path


def test_the_policy_allows_nothing_unsafe() -> None:
    assert "unsafe" not in EVERYWHERE["Content-Security-Policy"]


def test_of_the_device_a_page_may_share_and_copy_alone(client: Client) -> None:
    policy = dict(
        part.split("=") for part in client.get("/").headers["Permissions-Policy"].split(", ")
    )
    assert {name for name, who in policy.items() if who != "()"} == {"web-share", "clipboard-write"}
    assert {"camera", "microphone", "geolocation", "payment", "usb"} <= set(policy)


def test_no_answer_to_the_public_sets_a_cookie(client: Client, petition: str) -> None:
    for path in ("/", f"/p/{petition}", "/my", "/privacy", "/nothing"):
        assert "Set-Cookie" not in client.get(path).headers
        assert "Set-Cookie" not in client.post(path).headers


def test_without_https_no_browser_is_told_to_insist_on_it(make_app: MakeApp) -> None:
    app = make_app(SITE_URL="http://127.0.0.1:5000")
    answer = browser(app).get("/healthz", base_url="http://127.0.0.1:5000")
    assert "Strict-Transport-Security" not in answer.headers


def test_pages_behind_a_token_are_kept_nowhere_and_named_to_nobody(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    token = link.rpartition("/")[2]
    thanks = client.post(link).location
    paths = [link, f"/ru{link}", thanks, "/pending/forged", f"/pending/{token}/", "/ru/my/x"]
    paths += [f"/pending/{token}/code", f"/confirm/{token}/renew", "/not-me/x/y", "/organisers/x"]
    paths += [f"/ru//pending/{token}"]
    answers = [client.get(path) for path in paths]
    for answer in (*answers, client.post(thanks), client.put(link), client.head("/my")):
        headers = answer.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"


def test_static_files_are_hashed_compressed_and_kept_for_ever(
    client: Client, petition: str
) -> None:
    page = client.get(f"/p/{petition}").text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(files) == 2
    assert '<link rel="icon" href="data:image/svg+xml,' in page, "smaller than asking for it"
    for path in files:
        assert re.search(r"\.[0-9a-f]{16}\.", path)
        answer = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"


def test_no_page_asks_anything_of_another_host(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    pages = [client.get(path).text for path in ("/", f"/p/{petition}", link)]
    pages.append(client.get(client.post(link).location).text)
    for page in pages:
        loaded = re.findall(r'<(?:link|script|img|iframe|source)[^>]*(?:href|src)="([^"]+)"', page)
        assert loaded
        for address in loaded:
            here = ("/", "https://petition.example.org/", "data:")
            assert address.startswith(here), address


def test_the_first_visit_is_light(client: Client, petition: str) -> None:
    packed = {"Accept-Encoding": "gzip"}
    page = client.get(f"/p/{petition}", headers=packed)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get(f"/p/{petition}").text)
    weight = len(page.data) + sum(len(client.get(path, headers=packed).data) for path in files)
    assert weight < 20_000


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_and_touch_no_session(client: Client, path: str) -> None:
    answer = client.get(path, base_url="http://127.0.0.1:8000")
    assert answer.status_code == 200
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_site_is_not_ready_before_its_migrations(make_app: MakeApp) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://")
    answer = browser(app).get("/readyz")
    assert answer.status_code == 503
    assert browser(app).get("/healthz").status_code == 200
