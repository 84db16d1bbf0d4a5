"""The page cache: fresh, by language and channel, never for the wrong reader. And the memo."""

import gzip

import pytest
from flask import Flask

from petition.models.enums import PetitionState
from petition.petitions import lifecycle
from petition.web.middleware.page_cache import MAX_PAGES, SECONDS, PageCache
from petition.web.support import memo
from petition.web.support.memo import memoize
from tests.browsing import Client, confirmed, filled
from tests.factories import TODAY
from tests.post_office import PostOffice


class Clock:
    """A timer that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


@pytest.fixture
def clock(app: Flask) -> Clock:
    """Return the timer of the page cache."""
    clock = Clock()
    cache = app.extensions["page_cache"]
    assert isinstance(cache, PageCache)
    cache._timer = clock  # noqa: SLF001 (the layer takes its timer when made; this is the app's own)
    return clock


def test_a_page_is_cached_for_one_second(client: Client, petition: str, clock: Clock) -> None:
    assert "Sign the petition" in client.get(f"/p/{petition}").text
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    assert "Sign the petition" in client.get(f"/p/{petition}").text
    clock.seconds += SECONDS
    assert "This petition is closed" in client.get(f"/p/{petition}").text


def test_a_confirmation_empties_the_cache_of_its_process(
    client: Client, petition: str, clock: Clock, post_office: PostOffice
) -> None:
    assert "data-count>0<" in client.get(f"/p/{petition}").text
    confirmed(client, post_office, petition)
    assert "data-count>1<" in client.get(f"/p/{petition}").text
    assert client.get(f"/p/{petition}/count.json").json["count"] == 1  # type: ignore[index]


def test_each_language_is_cached_separately(client: Client, petition: str, clock: Clock) -> None:
    for _ in range(2):
        english = client.get(f"/p/{petition}", headers={"Accept-Language": "en"})
        russian = client.get(f"/p/{petition}", headers={"Accept-Language": "ru-KZ, en;q=0.5"})
        prefixed = client.get(f"/ru/p/{petition}", headers={"Accept-Language": "en"})
        assert "Free them" in english.text
        assert "Свободу им" in russian.text
        assert "Свободу им" in prefixed.text
        assert english.headers["Vary"] == "Accept-Language, Accept-Encoding"
        assert prefixed.headers["Vary"] == "Accept-Encoding"
        assert [page.headers["Content-Language"] for page in (english, russian)] == ["en", "ru"]


def test_each_share_channel_is_cached_separately(
    client: Client, petition: str, clock: Clock
) -> None:
    assert 'name="channel" value="wa"' in client.get(f"/p/{petition}?r=wa").text
    assert 'name="channel" value=""' in client.get(f"/p/{petition}?r=evil").text
    assert 'name="channel" value=""' in client.get(f"/p/{petition}?fbclid=abc").text
    cache = client.application.extensions["page_cache"]
    assert len(cache._pages) == 2  # noqa: SLF001 (how much is kept is the point)


def test_an_unchanged_page_is_304(client: Client, petition: str, clock: Clock) -> None:
    for path in (f"/p/{petition}", f"/p/{petition}/count.json"):
        first = client.get(path)
        assert first.headers["ETag"]
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert again.data == b""
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Cache-Control"].startswith("public, max-age=")
        other = client.get(path, headers={"If-None-Match": '"other"'})
        assert other.status_code == 200


def test_a_page_is_compressed_for_clients_that_accept_gzip(
    client: Client, petition: str, clock: Clock
) -> None:
    path = f"/p/{petition}/share"  # a page without a form, whose token tells the second
    plain = client.get(path)
    gzipped = client.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert gzipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(gzipped.data) == plain.data
    assert gzipped.headers["ETag"] != plain.headers["ETag"]
    assert int(gzipped.headers["Content-Length"]) == len(gzipped.data) < len(plain.data) / 2


def test_head_answers_as_get_without_the_body(client: Client, petition: str, clock: Clock) -> None:
    fresh = client.head(f"/p/{petition}")
    assert fresh.status_code == 200
    assert fresh.data == b""
    full = client.get(f"/p/{petition}")
    kept = client.head(f"/p/{petition}")
    assert kept.data == b""
    assert kept.headers["Content-Length"] == full.headers["Content-Length"]


def test_other_responses_are_not_cached(client: Client, petition: str, clock: Clock) -> None:
    response = client.post(f"/p/{petition}/sign", data=filled())
    client.get(response.location)
    client.get("/p/nobody")
    client.post(f"/p/{petition}/sign", data={})
    assert client.application.extensions["page_cache"]._pages == {}  # noqa: SLF001


def test_the_size_of_the_cache_is_limited(client: Client, petition: str, clock: Clock) -> None:
    cache = client.application.extensions["page_cache"]
    cache._pages.update({(f"/{number}", "en", "", False): None for number in range(MAX_PAGES)})  # noqa: SLF001
    client.get(f"/p/{petition}")
    assert len(cache._pages) == 1  # noqa: SLF001


def test_other_sites_can_read_the_counter(client: Client, petition: str) -> None:
    response = client.get(f"/p/{petition}/count.json")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.json is not None
    assert set(response.json) == {"count", "paper", "present_text", "goal", "updated"}
    assert response.json["updated"].endswith("T00:00:00+00:00"), "the day: nobody's click"


def test_a_long_query_cannot_poison_the_cache(client: Client, petition: str, clock: Clock) -> None:
    client.get(f"/p/{petition}?a={'x' * 600}&r=vk")
    assert 'name="channel" value=""' in client.get(f"/p/{petition}").text


def test_key_and_page_cut_the_query_alike(client: Client, petition: str, clock: Clock) -> None:
    for raw in (250, 247, 248, 497, 123):  # two bytes each, one character of a decoded query
        query = f"x={'é' * raw}&r=tg".encode().decode("latin-1")
        cut = {"QUERY_STRING": query}
        client.get(f"/p/{petition}", environ_overrides=cut)
        assert 'name="channel" value=""' in client.get(f"/p/{petition}").text
        told = "tg" if len(query) <= 500 else ""
        page = client.get(f"/p/{petition}", environ_overrides=cut)
        assert f'name="channel" value="{told}"' in page.text


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("petition.example.org", 200),
        ("petition.example.org:8274", 200),
        ("127.0.0.1:8274", 200),
        ("127.0.0.1:8274@evil.example", 400),
        ("petition.example.org:0", 400),
        ("petition.example.org:80:evil.example", 400),
        ("petition.example.org.evil.example", 400),
        ("PETITION.example.org", 400),
        ("[::1]:8274", 400),
        ("", 400),
    ],
)
def test_a_cached_page_answers_the_hosts_that_flask_answers(
    client: Client, petition: str, clock: Clock, host: str, status: int
) -> None:
    for path in ("/privacy", f"/p/{petition}"):
        asked = {"HTTP_HOST": host}
        uncached = client.get(path, environ_overrides=asked)
        client.get(path)
        cached = client.get(path, environ_overrides=asked)
        assert (uncached.status_code, cached.status_code) == (status, status)


def test_a_client_that_refuses_gzip_gets_none(client: Client, petition: str, clock: Clock) -> None:
    page = client.get(f"/p/{petition}", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in page.headers
    page = client.get(f"/p/{petition}", headers={"Accept-Encoding": "br, gzip"})
    assert page.headers["Content-Encoding"] == "gzip"


def test_a_value_is_memoized_for_one_second(app: Flask) -> None:
    clock, made = Clock(), iter(range(9))
    assert memoize("fact", lambda: next(made), timer=clock) == 0
    clock.seconds = memo.SECONDS - 0.1
    assert memoize("fact", lambda: next(made), timer=clock) == 0
    assert memoize("other", lambda: "other", timer=clock) == "other"
    clock.seconds = memo.SECONDS
    assert memoize("fact", lambda: next(made), timer=clock) == 1


def test_an_error_is_not_memoized(app: Flask) -> None:
    def fail() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        memoize("fact", fail)
    assert memoize("fact", lambda: "found") == "found"
