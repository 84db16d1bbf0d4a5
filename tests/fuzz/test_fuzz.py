"""Requests in order, links of any age, and anything as an address, a header or a body."""

from datetime import timedelta
from itertools import product
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.browsing import browser, filled
from tests.factories import SITE, MakeApp
from tests.fuzz.requests import FETCHED, Call, Site, anything, fuzzing, write_body


def test_with_everything_in_order_every_page_lets_in(site: Site, in_order: Call) -> None:
    call = in_order
    answer, changed = site.ask(call)
    assert answer.status_code < 400, "or the tests below try nothing but the door"
    assert not answer.headers.get("Location", "").endswith("/organisers/sign-in") or (
        call.endpoint == "organisers.sign_out"
    )
    if call.method != "POST":
        is_download = call.endpoint in FETCHED or "/signatures." in call.rule
        assert changed == (is_download and call.method == "GET")


def test_a_link_of_any_age(site: Site, linked: Call) -> None:
    for days in (-1, 8, 100, 4_000):
        answer, changed = site.ask(linked, age=timedelta(days=days))
        assert answer.status_code < 400 or not changed, days


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X")
WORDS = ("", ".", "..", "p", "ru", "my", "static", "organisers", "free-them")
short = anything.map(lambda text: text[:2_000])


@fuzzing(40)
@given(
    parts=st.lists(st.one_of(st.sampled_from(WORDS), short), max_size=4),
    method=st.sampled_from(METHODS),
    query=st.one_of(st.just(""), short.map(lambda text: quote(text, errors="surrogatepass"))),
)
@example(parts=["p", "\0"], method="GET", query="")
@example(parts=["p", "\0", "sign"], method="GET", query="r=%ff")
@example(parts=["p", "\0", "count.json"], method="GET", query="&&&=&r")
@example(parts=["p", "\0", "sign"], method="POST", query="")
@example(parts=["organisers", "p", "\0", "names", "1"], method="POST", query="")
@example(parts=["static", "\0"], method="GET", query="")
@example(parts=["static", "..", "petition.db"], method="GET", query="")
@example(parts=["p", "free-them?r=wa\r\nx"], method="GET", query="")
@example(parts=["ru", "p", "free-them?\n"], method="HEAD", query="")
def test_any_address_by_any_method(site: Site, parts: list[str], method: str, query: str) -> None:
    before = site.rows()
    answer = site.open("/" + "/".join(parts), method, query)
    assert site.rows() == before
    if "\0" in "".join(parts):
        assert answer.status_code >= 400


HEADERS = (
    *("ACCEPT_LANGUAGE", "ACCEPT_ENCODING", "COOKIE", "HOST", "IF_NONE_MATCH", "ORIGIN"),
    *("REFERER", "SEC_FETCH_SITE", "USER_AGENT", "X_FORWARDED_FOR", "X_FORWARDED_PROTO"),
    *("X_CSRFTOKEN", "RANGE"),
)


@pytest.mark.parametrize("header", HEADERS)
@fuzzing()
@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=90))
@example(value="")
@example(value="http://[bad")
@example(value="http://\u2100.example".encode().decode("latin-1"))
@example(value="ru;q=nan, *;q=1e999, x-,;;=,")
@example(value="__Host-organiser=.e30.x.\xff; organiser")
@example(value="::ffff:999.1.1.1%\xff, fe80::1%eth0")
def test_anything_in_any_header(site: Site, header: str, value: str) -> None:
    environ = {f"HTTP_{header}": value}
    for path in (f"/p/{site.slug}", "/organisers/"):
        site.open(path, "GET", "r=wa", environ=environ)
    before = site.rows()
    form = write_body([*filled(email="header@example.org").items()], "form")
    answer = site.open(f"/p/{site.slug}/sign", "POST", environ=environ, **form)
    if answer.status_code >= 400:
        assert site.rows() == before


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)  # refused before the database
def test_an_origin_that_is_no_address_is_another_sites(site: Site) -> None:
    form = write_body([*filled(email="origin@example.org").items()], "form")
    for origin in ("http://[bad", "http://[::1", "[", "https://petition.example.org]"):
        environ = {"HTTP_ORIGIN": origin}
        answer = site.open(f"/p/{site.slug}/sign", "POST", environ=environ, **form)
        assert answer.status_code == 403, origin


def test_an_address_to_embed_that_is_no_petitions(site: Site) -> None:
    for url in (
        *(f"{SITE}/p/\0", f"{SITE}/ru/p/\0\ud800", f"{SITE}/p/["),
        *("http://[bad", f"{SITE}:99999/p/free-them", f"{SITE}/p/{'9' * 5_000}", f"{SITE}/p/"),
    ):
        query = urlencode({"url": url}, errors="surrogatepass")
        assert site.open("/oembed", "GET", query).status_code == 404, url


@pytest.mark.parametrize("site", ["sqlite"], indirect=True)  # no body gets as far as a database
def test_bodies_that_are_no_form(site: Site) -> None:
    before = site.rows()
    bodies = (
        b"\xff\xfe\x00",
        b"name=%ff%fe&email=%00",
        b"name=" + b"%F0%9F" * 50,
        b"&" * 5_000,
        b"=" * 5_000,
        b"a=1&" * 3_000,
    )
    types = (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
        "text/plain; charset=utf-7",
        "",
    )
    pages = (f"/p/{site.slug}/sign", "/my", "/organisers/sign-out")
    for body, content_type, page in product(bodies, types, pages):
        answer = site.open(page, "POST", data=body, content_type=content_type)
        assert answer.status_code in {400, 403, 422}, (body, content_type, page)
    assert site.rows() == before


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_email_of_any_name_on_a_site_that_is_tried_out(make_app: MakeApp) -> None:
    client = browser(make_app(MAIL_SERVER="", SITE_URL="http://127.0.0.1:5000"))
    for key in ("\0", "a" * 300, "a" * 20_000, "..", "%2e%2e%2fpetition", "é", "-"):
        path = f"/dev/mail/{key}".encode().decode("latin-1")
        answer = client.open(
            "/", base_url="http://127.0.0.1:5000", environ_overrides={"PATH_INFO": path}
        )
        assert answer.status_code == 404 or answer.location == "/dev/mail/", key
