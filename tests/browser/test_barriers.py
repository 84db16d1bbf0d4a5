"""On every page there is: no barrier that axe knows, in any shipped language, light and dark."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import axe
from tests.browser.all_pages import SETTINGS, forms_and_states, pages
from tests.browser.chromium import new_context
from tests.browser.full_site import DRAFT, LANGUAGES, FullSite, run_full_site
from tests.browser.site import OpenPage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    """Return a site with everything on its pages."""
    with run_full_site(tmp_path_factory.mktemp("instance"), SETTINGS) as site:
        yield site


def barriers(page: Page, **options: Any) -> list[str]:
    """Return what axe finds on a page, as rule and place."""
    # No style sheet is to be read again: no rule that applies here asks for it.
    quick = {"resultTypes": ["violations"], "preload": False, "iframes": False}
    found = page.evaluate("options => axe.run(document, options)", quick | options)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def in_both_lights(page: Page, script: str) -> list[str]:
    """Return what axe finds with everything unfolded, in light mode and then in dark."""
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    page.evaluate(script)
    light = barriers(page)
    page.emulate_media(color_scheme="dark")
    dark = barriers(page, runOnly=["color-contrast", "link-in-text-block"])
    page.emulate_media(color_scheme="light")
    return [*light, *(f"dark: {barrier}" for barrier in dark)]


def test_it_is_the_newest_axe(open_page: OpenPage) -> None:
    page = open_page("/healthz")
    page.evaluate(axe.source())
    version = page.evaluate("axe.version")
    if version != axe.VERSION:
        assert os.environ.get("CI") != "true", f"axe-core {version} in place of {axe.VERSION}"
        pytest.skip(f"axe-core {version} of the test packages: `make browser` gets the newest")


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_no_barrier_on_any_page_in_any_language_light_or_dark(
    open_page: OpenPage, site: FullSite, language: str
) -> None:
    assert all_barriers(open_page("/healthz"), pages, site, language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_no_barrier_in_a_form_with_errors_or_any_state(
    open_page: OpenPage, site: FullSite, language: str
) -> None:
    assert all_barriers(open_page("/healthz"), forms_and_states, site, language) == []


def all_barriers(
    page: Page, walk: Callable[..., Iterator[str]], site: FullSite, language: str
) -> list[tuple[str, str]]:
    """Return what axe finds on the way."""
    script = axe.source()
    page.emulate_media(color_scheme="light")
    found = []
    for name in walk(page, site, language):
        assert page.locator("html").get_attribute("lang") == language, name
        found += [(name, barrier) for barrier in in_both_lights(page, script)]
    return found


def test_axe_finds_no_barrier_in_the_preview_of_a_draft(chromium: Browser, site: FullSite) -> None:
    context = new_context(chromium)
    page = context.new_page()
    page.goto(site.url + site.sign_in_link())
    with page.expect_navigation():
        page.get_by_role("button", name="Sign me in").click()
    signed_in = context.storage_state()
    context.close()
    found = []
    for language in LANGUAGES:
        context = new_context(chromium, locale=language, storage_state=signed_in)
        page = context.new_page()
        page.goto(f"{site.url}/organisers/p/{DRAFT}/preview")
        assert page.locator("html").get_attribute("lang") == language
        found += [(language, barrier) for barrier in in_both_lights(page, axe.source())]
        context.close()
    assert found == []


def test_the_pages_show_all_that_they_can(open_page: OpenPage) -> None:
    page = open_page("/en/p/kuramshin")
    for shown in (
        *("img.face", "header.brand img", "progress", "blockquote", ".people li", ".bars rect"),
        *("#sign details", ".demands li", "#why-heading", "#news-heading", "#embassy-heading"),
    ):
        assert page.locator(shown).count(), shown
    assert page.locator("#where-heading ~ details tbody tr").count() == 3, "two, and the others"
