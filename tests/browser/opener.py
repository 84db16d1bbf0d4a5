"""Open pages of a site as the public does, and fail on what the public must not meet."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from tests.browser.chromium import new_context
from tests.browser.site import OpenPage, Site


@contextmanager
def page_opener(chromium: Browser, site: Site) -> Iterator[OpenPage]:
    """Return a function that opens a page in a new browser profile.

    A request to another host, a file that is missing, a script error, a message in the console or a
    cookie fails the test, at its end: an error in an event handler would end the browser.
    """
    faults: list[str] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        context = contexts.enter_context(new_context(chromium, **options))
        contexts.callback(_check_no_cookie, context)
        page = context.new_page()
        page.on("request", lambda request: faults.extend(_find_other_host(request.url, site)))
        page.on("response", lambda response: faults.extend(_find_missing(response)))
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("console", lambda message: faults.extend(_find_message(message)))
        page.goto(site.url + path)
        return page

    with ExitStack() as contexts:
        yield open_page
    assert not faults, "\n".join(faults)


def _check_no_cookie(context: BrowserContext) -> None:
    assert context.cookies() == [], "the public gets no cookie"


def _find_other_host(url: str, site: Site) -> list[str]:
    return [] if url.startswith((site.url, "data:")) else [f"a request to another host: {url}"]


def _find_missing(response: Response) -> list[str]:
    if response.status < 400 or response.request.is_navigation_request():
        return []
    return [f"{response.status}: {response.url}"]


def _find_message(message: ConsoleMessage) -> list[str]:
    # Browsers report each page with an error status, such as a form with errors.
    shown = message.text.startswith("Failed to load resource")
    return [] if shown else [f"console: {message.text}"]
