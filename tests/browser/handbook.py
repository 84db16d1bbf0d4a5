"""Take the screenshots of the organisers' handbook, on the way that the test of a campaign goes.

The same pages are taken in English and in Russian, by a second browser of the same organiser.
"""

import re
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser import organisers_steps as steps
from tests.browser.chromium import new_context
from tests.browser.site import Site, run_site

WIDTH, HEIGHT = 390, 640  # of a phone; four stand side by side on the printed page
MARGIN = 16
COLOURS = 64  # a page has few: the files are a third as large


def take_handbook(browser: Browser, instance: Path, folder: Path) -> None:
    """Run a campaign on a site of its own, and take its pages into a folder."""
    with run_site(instance, RATELIMIT_ENABLED="no", MIN_FORM_SECONDS="0") as site:
        site.flask("organiser", "invite", steps.ORGANISER, "--role", "admin")
        pages = {"": _open(browser, "en-GB"), "-ru": _open(browser, "ru-RU")}
        page = pages[""]
        steps.sign_in(page, site)
        _sign_in_again(pages["-ru"], site)

        def take(name: str) -> None:
            for suffix, other in pages.items():
                if other is not page:
                    other.goto(page.url)
                _take(other, folder / f"organisers-{name}{suffix}.png")

        steps.make(page)
        steps.translate(page)
        steps.open_petition(page)
        public = steps.address(page)
        for email in steps.SIGNERS:
            signer = _open(browser, "en-GB")
            signer.goto(public)
            steps.sign(signer, site, email)
            signer.context.close()
        steps.follow(page, "Text")
        steps.press(page, "Русский")
        take("text")
        steps.publish_news(page)
        take("news")
        steps.follow(page, "Comments")
        take("comments")
        steps.make_files(page)
        take("pack")
        for other in pages.values():
            other.context.close()


def _open(browser: Browser, locale: str) -> Page:
    size = {"width": WIDTH, "height": HEIGHT}
    return new_context(browser, viewport=size, locale=locale, color_scheme="light").new_page()


def _sign_in_again(page: Page, site: Site) -> None:
    link = site.flask("organiser", "link", steps.ORGANISER).split()[-1]
    page.goto(link)
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_load_state()


def _take(page: Page, file: Path) -> None:
    """Take what stands below the tabs, from the heading on."""
    page.wait_for_load_state("networkidle")
    for summary in page.get_by_text(re.compile("^(It was handed over|Он передан)$")).all():
        if summary.evaluate("summary => !summary.parentElement.open"):
            summary.click()
    heading = page.get_by_role("heading", level=1)
    top = heading.evaluate("heading => heading.getBoundingClientRect().top + window.scrollY")
    picture = Image.open(
        BytesIO(
            page.screenshot(
                full_page=True, clip={"x": 0, "y": top - MARGIN, "width": WIDTH, "height": HEIGHT}
            )
        )
    )
    picture.convert("RGB").quantize(COLOURS).save(file, optimize=True)
