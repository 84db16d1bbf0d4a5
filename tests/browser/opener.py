"""Open pages of a site as the public does, and fail on what the public must not meet."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.chromium import new_context
from tests.browser.site import OpenPage, Site


@contextmanager
def page_opener(chromium: Browser, site: Site) -> Iterator[OpenPage]:
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
