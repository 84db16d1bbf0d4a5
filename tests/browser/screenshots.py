"""Take the screenshots in docs/screenshots again."""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page

from petition import create_app
from petition.core.config import ROOT
from tests import databases
from tests.browser.chromium import launch, new_context
from tests.browser.handbook import take_handbook
from tests.browser.site import Site, run_site

PUBLIC = "https://petition.example.org"
FOLDER = ROOT / "docs" / "screenshots"
# Links to copy show the public address of the site.
_SHOW_PUBLIC_ADDRESS = """([here, site]) => {
  for (const field of document.querySelectorAll("input[readonly]")) {
    field.value = field.value.replace(here, site);
  }
}"""


def main() -> int:
    """Run the site with a few signatures and take the screenshots."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as instance,
        run_site(Path(instance), RATELIMIT_ENABLED="no", MIN_FORM_SECONDS="0") as site,
        launch() as browser,
        ExitStack() as closing,
    ):
        for number, country in enumerate(("SE", "DE", "GB", "KZ", "IN", "CA"), start=1):
            page = _open(browser, site, "/en/p/kuramshin", 390, 844)
            _sign(page, site, f"supporter{number}@example.org", country)
            page.context.close()
        _take(browser, site, "petition", "/en/p/kuramshin", 1280, 900)
        _take(browser, site, "petition-ru-dark", "/ru/p/kuramshin", 390, 844, dark=True)
        page = _open(browser, site, "/en/p/kuramshin", 390, 844)
        page.get_by_role("button", name="Sign", exact=True).click()
        page.get_by_role("alert").wait_for()  # the next page is complete
        page.screenshot(path=FOLDER / "errors.png")
        page.context.close()
        _take(browser, site, "share", "/fr/p/kuramshin/share", 390, 844)
        _letter(browser, site)
        app = create_app({"INSTANCE_PATH": instance, "SITE_URL": PUBLIC})
        client = closing.enter_context(databases.disconnecting(app)).test_client()
        for kind, language in (("card", "kk"), ("story", "de")):
            drawn = client.get(f"/p/kuramshin/{kind}/{language}/0.png", base_url=PUBLIC)
            if drawn.mimetype != "image/png":
                raise SystemExit(f"{kind}: no picture but {drawn.status}")
            (FOLDER / f"{kind}.png").write_bytes(drawn.data)
        _thanks(browser, site)
    with tempfile.TemporaryDirectory() as instance, launch() as browser:
        take_handbook(browser, Path(instance), FOLDER)
    return 0


def _letter(browser: Browser, site: Site) -> None:
    """Take the end of the letter with a typed name below it."""
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


def _sign(page: Page, site: Site, email: str, country: str) -> None:
    page.locator("#name").fill("A Supporter")
    page.locator("#email").fill(email)
    page.locator("#country").select_option(country)
    page.locator("#consent").check()
    page.get_by_role("button", name="Sign", exact=True).click()
    page.goto(site.post_office.mail_to(email).link)
    page.get_by_role("button", name="Confirm my signature").click()


def _thanks(browser: Browser, site: Site) -> None:
    page = _open(browser, site, "/en/p/kuramshin", 390, 844)
    _sign(page, site, "another@example.org", "FR")
    page.wait_for_url("**/thanks/**")
    page.screenshot(path=FOLDER / "thanks.png")
    page.context.close()


def _open(
    browser: Browser, site: Site, path: str, width: int, height: int, *, dark: bool = False
) -> Page:
    context = new_context(
        browser,
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
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
    page.evaluate(_SHOW_PUBLIC_ADDRESS, [site.url, PUBLIC])
    page.screenshot(path=FOLDER / f"{name}.png")
    page.context.close()


if __name__ == "__main__":
    sys.exit(main())
