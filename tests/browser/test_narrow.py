"""On every page there is: nothing cut off on the smallest screen, with the largest text."""

from collections.abc import Iterator

import pytest

from tests.browser.all_pages import SETTINGS, all_pages
from tests.browser.full_site import FullSite, run_full_site
from tests.browser.overflow import double_text_size, find_overflow
from tests.browser.site import OpenPage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    """Return a site with everything on its pages."""
    with run_full_site(tmp_path_factory.mktemp("instance"), SETTINGS) as site:
        yield site


@pytest.mark.parametrize("language", ["de", "kk"])  # with the longest words, and the widest letters
def test_nothing_is_cut_off_at_320_pixels_with_text_twice_as_large(
    open_page: OpenPage, site: FullSite, language: str
) -> None:
    page = open_page("/healthz", viewport={"width": 320, "height": 640})
    found = []
    for name in all_pages(page, site, language):
        found += [(name, words) for words in find_overflow(page)]
        double_text_size(page)
        found += [(f"{name}, text at 200 %", words) for words in find_overflow(page)]
    assert found == []
