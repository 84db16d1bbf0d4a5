"""What the browser tests may ask for: a running site and pages on it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.site import Open, Site, running
from tests.post_office import PostOffice


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Return a browser. Without one, skip, but not under CI."""
    path = executable()
    if path is None:
        assert os.environ.get("CI") != "true", "no Chromium: `make browser` gets one"
        pytest.skip("no Chromium on this machine: `make browser` gets one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return the sample petition's site, served for real."""
    office = PostOffice()
    office.start()
    with running(tmp_path_factory.mktemp("instance"), office) as site:
        yield site
    office.stop()


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[Open]:
    """Return what opens pages, each in a browser of its own; nothing may leave the site."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        context = chromium.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: _stay(request.url, site))
        page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
        page.goto(site.url + path)
        return page

    yield open_page
    for context in contexts:
        assert context.cookies() == [], "no cookie for the public"
        context.close()


def _stay(url: str, site: Site) -> None:
    assert url.startswith((site.url, "data:")), f"a request to another host: {url}"
