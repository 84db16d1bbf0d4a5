"""A language written from right to left, as it looks: every page within the window, and beginning
at its right.
"""

from collections.abc import Iterator

import pytest

from tests.browser.fit import cut_off
from tests.browser.furnished import Furnished, furnished
from tests.browser.site import Open
from tests.browser.walk import SETTINGS, walk
from tests.made_up_language import LANGUAGE, TEXT, write_catalogue


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """Return a site that offers a made-up language beside English."""
    instance = tmp_path_factory.mktemp("furnished")
    write_catalogue(instance)
    settings = SETTINGS | {"LANGUAGES": f"{LANGUAGE},en"}
    with furnished(instance, settings, text={LANGUAGE: TEXT}) as site:
        yield site


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_sticks_out_from_right_to_left(
    open_page: Open, site: Furnished, width: int
) -> None:
    page = open_page("/healthz", viewport={"width": width, "height": 800})
    found = []
    for name in walk(page, site, LANGUAGE):
        assert page.locator("html").get_attribute("dir") == "rtl", name
        found += [(name, words) for words in cut_off(page)]
    assert found == []


def test_lines_and_columns_begin_at_the_right(open_page: Open) -> None:
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
