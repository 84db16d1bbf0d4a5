"""Make the pictures of the README anew: docs/screenshots."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from petition import create_app
from petition.core.config import ROOT
from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.site import Site, running
from tests.post_office import PostOffice

PUBLIC = "https://petition.example.org"
FOLDER = ROOT / "docs" / "screenshots"
# Where an address can be copied, it is the site's, and no port of this machine.
_NAME_THE_SITE = """([here, site]) => {
  for (const field of document.querySelectorAll("input[readonly]")) {
    field.value = field.value.replace(here, site);
  }
}"""


def main() -> int:
    """Run the site with a few signatures and take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    office = PostOffice()
    office.start()
    with (
        tempfile.TemporaryDirectory() as instance,
        running(Path(instance), office, RATELIMIT_ENABLED="no", MIN_FORM_SECONDS="0") as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        _sign_a_few(browser, site, office)
        _take(browser, site, "petition", "/en/p/kuramshin", 1280, 900)
        _take(browser, site, "petition-ru-dark", "/ru/p/kuramshin", 390, 844, dark=True)
        page = _open(browser, site, "/en/p/kuramshin", 390, 844)
        page.get_by_role("button", name="Sign", exact=True).click()
        page.get_by_role("alert").wait_for()  # the next page has come, and rests
        page.screenshot(path=FOLDER / "errors.png")
        page.context.close()
        _take(browser, site, "share", "/fr/p/kuramshin/share", 390, 844)
        _email(browser, site)
        # Pictures name the site, which is no port of this machine.
        client = create_app({"INSTANCE_PATH": instance, "SITE_URL": PUBLIC}).test_client()
        for kind, language in (("card", "kk"), ("story", "de")):
            drawn = client.get(f"/p/kuramshin/{kind}/{language}/6.png", base_url=PUBLIC)
            (FOLDER / f"{kind}.png").write_bytes(drawn.data)
        _thanks(browser, site, office)
        browser.close()
    office.stop()
    return 0


def _email(browser: Browser, site: Site) -> None:
    """Take the end of the letter, with a name typed under it."""
    page = _open(browser, site, "/en/p/kuramshin", 768, 1024)
    page.locator("#name").fill("Anna Berg")
    page.locator(".signature").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.signature').scrollIntoView({block: 'end'})")
    page.mouse.wheel(0, 120)
    page.wait_for_timeout(300)
    page.screenshot(
        path=FOLDER / "letter.png", clip={"x": 0, "y": 424, "width": 768, "height": 600}
    )
    page.context.close()


def _sign_a_few(browser: Browser, site: Site, office: PostOffice) -> None:
    for number, country in enumerate(("SE", "DE", "GB", "KZ", "IN", "CA"), start=1):
        page = _open(browser, site, "/en/p/kuramshin", 390, 844)
        _sign(page, office, f"supporter{number}@example.org", country)
        page.context.close()


def _sign(page: Page, office: PostOffice, email: str, country: str) -> None:
    page.locator("#name").fill("A Supporter")
    page.locator("#email").fill(email)
    page.locator("#country").select_option(country)
    page.locator("#consent").check()
    page.get_by_role("button", name="Sign", exact=True).click()
    page.goto(office.mail_to(email).link)
    page.get_by_role("button", name="Confirm my signature").click()


def _thanks(browser: Browser, site: Site, office: PostOffice) -> None:
    page = _open(browser, site, "/en/p/kuramshin", 390, 844)
    _sign(page, office, "another@example.org", "FR")
    page.wait_for_url("**/thanks/**")
    page.screenshot(path=FOLDER / "thanks.png")
    page.context.close()


def _open(
    browser: Browser, site: Site, path: str, width: int, height: int, *, dark: bool = False
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(site.url + path, wait_until="networkidle")
    return page


def _take(
    browser: Browser,
    site: Site,
    name: str,
    path: str,
    width: int,
    height: int,
    *,
    dark: bool = False,
) -> None:
    page = _open(browser, site, path, width, height, dark=dark)
    page.evaluate(_NAME_THE_SITE, [site.url, PUBLIC])
    page.screenshot(path=FOLDER / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    sys.exit(main())
