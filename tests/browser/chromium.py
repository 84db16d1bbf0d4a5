"""The browser: Chromium of the system, or the one that Playwright downloaded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.waiting import PATIENCE

# There is no sandbox for root. The other options keep Chromium from contacting its maker.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """Return the path of a Chromium, or None where there is none."""
    # The first needs a fifth less of a processor than the second.
    for name in ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        downloaded = playwright.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


@contextmanager
def launch(path: str | None = None) -> Iterator[Browser]:
    """Run a browser that waits patiently for what is expected of a page."""
    expect.set_options(timeout=PATIENCE * 1_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path or executable(), args=ARGUMENTS, timeout=PATIENCE * 1_000
        )
        yield browser
        browser.close()


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Return a new browser profile that waits patiently for pages and elements."""
    context = browser.new_context(**{"locale": "en-GB", **options})
    context.set_default_timeout(PATIENCE * 1_000)
    return context
