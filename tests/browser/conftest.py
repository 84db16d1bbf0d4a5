"""Fixtures of the browser tests: a running site and pages of it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import executable, launch, new_context
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
    """Return a function that opens a page in a new browser profile.

    A request to another host, a script error or a cookie fails the test.
    """

    def open_page(path: str = "/", **options: Any) -> Page:
        context = contexts.enter_context(new_context(chromium, **options))
        contexts.callback(_check_no_cookie, context)
        page = context.new_page()
        page.on("request", lambda request: _check_host(request.url, site))
        page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
        page.goto(site.url + path)
        return page

    with ExitStack() as contexts:
        yield open_page


def _check_no_cookie(context: BrowserContext) -> None:
    assert context.cookies() == [], "the public gets no cookie"


def _check_host(url: str, site: Site) -> None:
    assert url.startswith((site.url, "data:")), f"a request to another host: {url}"
