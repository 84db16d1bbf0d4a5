"""A language written from right to left, as it looks: every page within the window, and beginning
at its right.
"""

from collections.abc import Iterator

import pytest

from tests.browser.all_pages import SETTINGS, all_pages
from tests.browser.full_site import FullSite, run_full_site
from tests.browser.overflow import find_overflow
from tests.browser.site import OpenPage
from tests.made_up_language import LANGUAGE, TEXT, write_catalogue


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    """Return a site that offers a made-up language beside English."""
    instance = tmp_path_factory.mktemp("instance")
    write_catalogue(instance)
    settings = SETTINGS | {"LANGUAGES": f"{LANGUAGE},en"}
    with run_full_site(instance, settings, text={LANGUAGE: TEXT}) as site:
        yield site


def test_nothing_sticks_out_from_right_to_left(open_page: OpenPage, site: FullSite) -> None:
    page = open_page("/healthz")
    found = []
    for name in all_pages(page, site, LANGUAGE):
        assert page.locator("html").get_attribute("dir") == "rtl", name
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            found += [(name, width, words) for words in find_overflow(page)]
    assert found == []


def test_lines_and_columns_begin_at_the_right(open_page: OpenPage) -> None:
    page = open_page(f"/{LANGUAGE}/p/kuramshin", viewport={"width": 1280, "height": 800})
    story, form = (page.locator(place).bounding_box() for place in (".headline", "#sign"))
    assert story is not None
    assert form is not None
    assert form["x"] + form["width"] < story["x"], "the form stands left of the story"
    bar = page.locator(".bars rect").last.bounding_box()
    drawn = page.locator(".bars svg").last.bounding_box()
    assert bar is not None
    assert drawn is not None
    assert abs(bar["x"] + bar["width"] - drawn["x"] - drawn["width"]) < 2
