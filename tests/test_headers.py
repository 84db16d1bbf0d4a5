"""Response headers, static files, cookies, probes."""

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
def test_every_response_has_the_header(
    app: Flask, client: Client, petition: str, name: str
) -> None:
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


def test_a_page_may_only_use_the_clipboard(client: Client) -> None:
    policy = dict(
        part.split("=") for part in client.get("/").headers["Permissions-Policy"].split(", ")
    )
    assert {name for name, who in policy.items() if who != "()"} == {"clipboard-write"}
    assert {"camera", "microphone", "geolocation", "payment", "usb"} <= set(policy)


def test_public_pages_set_no_cookie(client: Client, petition: str) -> None:
    for path in ("/", f"/p/{petition}", "/my", "/privacy", "/nothing"):
        assert "Set-Cookie" not in client.get(path).headers
        assert "Set-Cookie" not in client.post(path).headers


def test_without_https_there_is_no_hsts(make_app: MakeApp) -> None:
    app = make_app(SITE_URL="http://127.0.0.1:5000")
    response = browser(app).get("/healthz", base_url="http://127.0.0.1:5000")
    assert "Strict-Transport-Security" not in response.headers


def test_pages_with_a_token_are_not_stored_indexed_or_sent_as_referrer(
    client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    token = link.rpartition("/")[2]
    thanks = client.post(link).location
    paths = [link, f"/ru{link}", thanks, "/pending/forged", f"/pending/{token}/", "/ru/my/x"]
    paths += [f"/pending/{token}/code", f"/confirm/{token}/renew", "/not-me/x/y", "/organisers/x"]
    paths += [f"/ru//pending/{token}"]
    responses = [client.get(path) for path in paths]
    for response in (*responses, client.post(thanks), client.put(link), client.head("/my")):
        headers = response.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"


def test_static_files_are_hashed_compressed_and_immutable(client: Client, petition: str) -> None:
    page = client.get(f"/p/{petition}").text
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(files) == 2
    assert '<link rel="icon" href="data:image/svg+xml,' in page, "smaller than asking for it"
    for path in files:
        assert re.search(r"\.[0-9a-f]{16}\.", path)
        response = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert response.status_code == 200
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["Content-Encoding"] == "gzip"


def test_pages_load_nothing_from_other_hosts(
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
    gzipped = {"Accept-Encoding": "gzip"}
    page = client.get(f"/p/{petition}", headers=gzipped)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get(f"/p/{petition}").text)
    weight = len(page.data) + sum(len(client.get(path, headers=gzipped).data) for path in files)
    assert weight < 20_000


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_and_touch_no_session(client: Client, path: str) -> None:
    response = client.get(path, base_url="http://127.0.0.1:8000")
    assert response.status_code == 200
    assert "Cookie" not in response.headers.get("Vary", "")


def test_a_site_is_not_ready_before_its_migrations(make_app: MakeApp) -> None:
    app = make_app(SQLALCHEMY_DATABASE_URI="sqlite://")
    response = browser(app).get("/readyz")
    assert response.status_code == 503
    assert browser(app).get("/healthz").status_code == 200
