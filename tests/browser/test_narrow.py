"""On every page there is: nothing cut off on the smallest screen, with the largest text."""

from collections.abc import Iterator

import pytest

from tests.browser.conftest import Open
from tests.browser.fit import cut_off, enlarge
from tests.browser.furnished import Furnished, furnished
from tests.browser.walk import SETTINGS, walk


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """Return a site with everything on its pages."""
    with furnished(tmp_path_factory.mktemp("furnished"), SETTINGS) as site:
        yield site


@pytest.mark.accessibility_statement("narrow")
@pytest.mark.parametrize("language", ["de", "kk"])  # with the longest words, and the widest letters
def test_nothing_is_cut_off_at_320_pixels_with_text_twice_as_large(
    open_page: Open, site: Furnished, language: str
) -> None:
    page = open_page("/healthz", viewport={"width": 320, "height": 640})
    found = []
    for name in walk(page, site, language):
        found += [(name, words) for words in cut_off(page)]
        enlarge(page)
        found += [(f"{name}, text at 200 %", words) for words in cut_off(page)]
    assert found == []
