"""On every page there is, in every shipped language: no barrier that axe knows, and nothing cut off
on the smallest screen with the largest text. Contrast is measured in one language, light and dark.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser import axe
from tests.browser.all_pages import SETTINGS, forms_and_states, pages
from tests.browser.chromium import new_context
from tests.browser.full_site import DRAFT, LANGUAGES, FullSite, run_full_site
from tests.browser.opener import page_opener
from tests.browser.overflow import double_text_size, find_overflow
from tests.browser.site import OpenPage

COLOURS = ["color-contrast", "link-in-text-block"]
WINDOW = {"width": 1280, "height": 720}
SMALLEST = {"width": 320, "height": 640}
LONGEST_WORDS = ("de", "kk")  # with the longest words, and the widest letters


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    """Return a site with everything on its pages."""
    with run_full_site(tmp_path_factory.mktemp("instance"), SETTINGS) as site:
        yield site


@dataclass
class Findings:
    """What was found in a language: pairs of a page's name and a fault."""

    barriers: list[tuple[str, str]] = field(default_factory=list)
    barriers_in_states: list[tuple[str, str]] = field(default_factory=list)
    cut_off: list[tuple[str, str]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)  # warnings and errors of the console


@pytest.fixture(scope="module", params=LANGUAGES)
def found(request: pytest.FixtureRequest, chromium: Browser, site: FullSite) -> Findings:
    """Return what was found on all pages of a language; each page is opened once for all checks."""
    language: str = request.param
    findings = Findings()
    with page_opener(chromium, site) as open_page:
        page = open_page("/healthz", viewport=WINDOW, color_scheme="light")
        page.add_init_script(axe.source())
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if is_fault(message) else None)

        def walk(way: Callable[..., Iterator[str]], barriers: list[tuple[str, str]]) -> None:
            for name in way(page, site, language):
                assert page.locator("html").get_attribute("lang") == language, name
                findings.said += [(name, text) for text in said]
                said.clear()
                if language in LONGEST_WORDS:
                    findings.cut_off += [(name, words) for words in find_cut_off(page)]
                colours = language == LANGUAGES[0]  # those of one language are those of all
                barriers += [(name, one) for one in find_barriers_unfolded(page, colours=colours)]

        walk(pages, findings.barriers)
        walk(forms_and_states, findings.barriers_in_states)
    return findings


def is_fault(message: ConsoleMessage) -> bool:
    """Return whether a console message is a fault of a page. The status of the page itself is none:
    a form with errors is sent with 422, and Chromium says so. Only files have names with a dot.
    """
    return message.type in {"warning", "error"} and not (
        message.text.startswith("Failed to load resource: the server responded with a status of 4")
        and "." not in urlsplit(message.location["url"]).path
    )


def find_cut_off(page: Page) -> list[str]:
    """Return text that is cut off at 320 pixels, with text as it is and twice as large."""
    page.set_viewport_size(SMALLEST)  # type: ignore[arg-type]
    found = find_overflow(page)
    double_text_size(page)
    found += find_overflow(page)
    page.evaluate("document.documentElement.style.fontSize = ''")
    page.set_viewport_size(WINDOW)  # type: ignore[arg-type]
    return found


def find_barriers(page: Page, **options: Any) -> list[str]:
    """Return what axe, which each document loads first, finds on a page, as rule and place."""
    # No style sheet is to be read again: no rule that applies here asks for it.
    quick = {"resultTypes": ["violations"], "preload": False, "iframes": False}
    # The rest of the result is large.
    script = "options => axe.run(document, options).then(found => found.violations)"
    violations = page.evaluate(script, quick | options)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
        for violation in violations
        for node in violation["nodes"]
    ]


def find_barriers_unfolded(page: Page, *, colours: bool = True) -> list[str]:
    """Return what axe finds with everything unfolded; with `colours`, in light mode and in dark."""
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    if not colours:
        return find_barriers(page, rules={rule: {"enabled": False} for rule in COLOURS})
    light = find_barriers(page)
    page.emulate_media(color_scheme="dark")
    dark = find_barriers(page, runOnly=COLOURS)
    page.emulate_media(color_scheme="light")
    return [*light, *(f"dark: {barrier}" for barrier in dark)]


def test_it_is_the_newest_axe(open_page: OpenPage) -> None:
    page = open_page("/healthz")
    page.evaluate(axe.source())
    version = page.evaluate("axe.version")
    if version != axe.VERSION:
        assert os.environ.get("CI") != "true", f"axe-core {version} in place of {axe.VERSION}"
        pytest.skip(f"axe-core {version} of the test packages: `make browser` gets the newest")


@pytest.mark.accessibility_statement("axe")
def test_axe_finds_no_barrier_on_any_page_in_any_language_light_or_dark(found: Findings) -> None:
    assert found.barriers == []


@pytest.mark.accessibility_statement("axe-states")
def test_axe_finds_no_barrier_in_a_form_with_errors_or_any_state(found: Findings) -> None:
    assert found.barriers_in_states == []


def test_the_console_is_silent_on_every_page(found: Findings) -> None:
    assert found.said == []


@pytest.mark.accessibility_statement("narrow")
@pytest.mark.parametrize("found", LONGEST_WORDS, indirect=True)
def test_nothing_is_cut_off_at_320_pixels_with_text_twice_as_large(found: Findings) -> None:
    assert found.cut_off == []


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
        context.add_init_script(axe.source())
        page = context.new_page()
        page.goto(f"{site.url}/organisers/p/{DRAFT}/preview")
        assert page.locator("html").get_attribute("lang") == language
        colours = language == LANGUAGES[0]
        found += [(language, one) for one in find_barriers_unfolded(page, colours=colours)]
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
