"""Pages rendered once and kept for a second: fresh, per language, never for the wrong reader."""

import gzip

import pytest
from flask import Flask

from petition.models.enums import PetitionState
from petition.petitions import lifecycle
from petition.web.middleware.page_cache import MAX_PAGES, SECONDS, PageCache
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
    """Return the timer of the kept pages."""
    clock = Clock()
    kept = app.extensions["page_cache"]
    assert isinstance(kept, PageCache)
    kept._timer = clock  # noqa: SLF001 (the layer takes its timer when made; this is the app's own)
    return clock


def test_a_page_is_kept_for_a_second_and_no_longer(
    client: Client, petition: str, clock: Clock
) -> None:
    assert "Sign the petition" in client.get(f"/p/{petition}").text
    lifecycle.change_state(petition, PetitionState.CLOSED, now=TODAY)
    assert "Sign the petition" in client.get(f"/p/{petition}").text
    clock.seconds += SECONDS
    assert "This petition is closed" in client.get(f"/p/{petition}").text


def test_in_the_process_that_counted_the_page_is_new_at_once(
    client: Client, petition: str, clock: Clock, post_office: PostOffice
) -> None:
    assert "data-count>0<" in client.get(f"/p/{petition}").text
    confirmed(client, post_office, petition)
    assert "data-count>1<" in client.get(f"/p/{petition}").text
    assert client.get(f"/p/{petition}/count.json").json["count"] == 1  # type: ignore[index]


def test_each_language_keeps_its_own(client: Client, petition: str, clock: Clock) -> None:
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


def test_each_share_channel_keeps_its_own_and_other_queries_share_one(
    client: Client, petition: str, clock: Clock
) -> None:
    assert 'name="channel" value="wa"' in client.get(f"/p/{petition}?r=wa").text
    assert 'name="channel" value=""' in client.get(f"/p/{petition}?r=evil").text
    assert 'name="channel" value=""' in client.get(f"/p/{petition}?fbclid=abc").text
    kept = client.application.extensions["page_cache"]
    assert len(kept._answers) == 2  # noqa: SLF001 (how much is kept is the point)


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


def test_a_page_is_compressed_for_those_who_take_it(
    client: Client, petition: str, clock: Clock
) -> None:
    plain = client.get(f"/p/{petition}")
    packed = client.get(f"/p/{petition}", headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2


def test_head_answers_as_get_without_the_body(client: Client, petition: str, clock: Clock) -> None:
    fresh = client.head(f"/p/{petition}")
    assert fresh.status_code == 200
    assert fresh.data == b""
    full = client.get(f"/p/{petition}")
    kept = client.head(f"/p/{petition}")
    assert kept.data == b""
    assert kept.headers["Content-Length"] == full.headers["Content-Length"]


def test_nothing_else_is_kept(client: Client, petition: str, clock: Clock) -> None:
    answer = client.post(f"/p/{petition}/sign", data=filled())
    client.get(answer.location)
    client.get("/p/nobody")
    client.post(f"/p/{petition}/sign", data={})
    assert client.application.extensions["page_cache"]._answers == {}  # noqa: SLF001


def test_what_is_kept_is_bounded(client: Client, petition: str, clock: Clock) -> None:
    kept = client.application.extensions["page_cache"]
    kept._answers.update({(f"/{number}", "en", ""): None for number in range(MAX_PAGES)})  # noqa: SLF001
    client.get(f"/p/{petition}")
    assert len(kept._answers) == 1  # noqa: SLF001


def test_a_counter_for_other_sites_may_be_read_by_them(client: Client, petition: str) -> None:
    answer = client.get(f"/p/{petition}/count.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.json is not None
    assert set(answer.json) == {"count", "goal", "updated"}
    assert answer.json["updated"].endswith("T00:00:00+00:00"), "the day: nobody's click"


def test_a_channel_hidden_behind_a_long_query_poisons_no_page(
    client: Client, petition: str, clock: Clock
) -> None:
    client.get(f"/p/{petition}?a={'x' * 600}&r=vk")
    assert 'name="channel" value=""' in client.get(f"/p/{petition}").text


def test_who_takes_no_gzip_gets_none(client: Client, petition: str, clock: Clock) -> None:
    page = client.get(f"/p/{petition}", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert "Content-Encoding" not in page.headers
    page = client.get(f"/p/{petition}", headers={"Accept-Encoding": "br, gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
