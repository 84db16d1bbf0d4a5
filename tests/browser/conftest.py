"""Fixtures of the browser tests: a running site and pages of it."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import executable, launch
from tests.browser.opener import page_opener
from tests.browser.site import OpenPage, Site, run_site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return a browser. Without one, skip the test, or fail it under CI."""
    path = executable()
    if path is None:
        assert os.environ.get("CI") != "true", "no Chromium: run `make browser`"
        pytest.skip("no Chromium on this machine: run `make browser`")
    with launch(path) as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a running site with the sample petition."""
    with run_site(tmp_path_factory.mktemp("instance")) as site:
        yield site


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """Return the function of `page_opener`."""
    with page_opener(chromium, site) as function:
        yield function
