"""The form of the petition's page in real windows, in every language: button, errors and languages
are in view, and what was typed is kept.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.full_site import LANGUAGES, FullSite, run_full_site
from tests.browser.site import OpenPage

WIDE = ((1280, 660), (1366, 640))
NARROW = ((390, 844), (320, 568))
MAX_CARD = 600
BAR = 48  # height
BUTTON = "#sign button[type=submit]"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    """Return a site with content on all pages."""
    with run_full_site(tmp_path_factory.mktemp("instance"), {"MIN_FORM_SECONDS": "0"}) as site:
        yield site


# Scrolls to a position and returns the top and bottom of the elements that show, for each selector.
_PLACES = """([top, selectors]) => {
  scrollTo({ top, behavior: "instant" });
  return selectors.map((selector) => [...document.querySelectorAll(selector)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .map((one) => one.getBoundingClientRect())
    .map((box) => [box.top, box.bottom]));
}"""


def places(page: Page, top: int, *selectors: str) -> list[Any]:
    """Scroll to a position; return top and bottom of what shows, for each selector."""
    found: list[Any] = page.evaluate(_PLACES, [top, selectors])
    return found


def within(boxes: list[tuple[float, float]], height: float) -> bool:
    """Say whether there is something, and all of it within the window."""
    return bool(boxes) and all(top >= -1 and bottom <= height + 1 for top, bottom in boxes)


@pytest.mark.parametrize("language", LANGUAGES)
def test_button_errors_and_languages_are_in_view(open_page: OpenPage, language: str) -> None:
    page = open_page(f"/{language}/p/kuramshin", reduced_motion="reduce")
    for width, height in WIDE:
        page.set_viewport_size({"width": width, "height": height})
        stays_in_view(page, height)
    for width, height in NARROW:
        page.set_viewport_size({"width": width, "height": height})
        is_replaced_by_the_bar(page, height)
    with page.expect_navigation():
        page.locator(BUTTON).click()
    for width, height in WIDE:
        page.set_viewport_size({"width": width, "height": height})
        seen = places(page, 0, ".summary", ".wrong", ".languages")
        assert [len(boxes) for boxes in seen] == [1, 4, 1], seen
        assert all(within(boxes, height) for boxes in seen), (width, seen)
    for width, height in NARROW:
        page.set_viewport_size({"width": width, "height": height})
        summary, languages, first = places(page, 0, ".summary", ".languages", "#name")
        assert within(summary, height), (width, summary)
        assert within(languages, height)
        assert within(first, 2 * height)


def stays_in_view(page: Page, height: int) -> None:
    """Check the form beside the letter: never higher than it may, its button always in view."""
    card, languages = places(page, 0, "#sign", ".languages")
    assert card[0][1] - card[0][0] <= MAX_CARD, card
    assert within(languages, height)
    inner = page.locator("#sign").evaluate("one => one.scrollHeight - one.clientHeight")
    assert inner <= 0, "nothing scrolls inside it"
    end = int(page.evaluate("document.querySelector('main').offsetHeight")) - height
    for top in range(0, end, height):
        (button,) = places(page, top, BUTTON)
        assert within(button, height), (top, button)


def is_replaced_by_the_bar(page: Page, height: int) -> None:
    """Check that there is one way to sign in view at every position, and the bar only without."""
    (languages,) = places(page, 0, ".languages")
    assert within(languages, height)
    end = int(page.evaluate("document.documentElement.scrollHeight")) - height
    bar = page.locator(".sign-bar")
    for position in range(0, end, height):
        (others,) = places(page, position, "#sign, .start")
        if any(top < height - BAR and bottom > 0 for top, bottom in others):
            expect(bar).to_be_hidden()
        else:
            expect(bar).to_be_in_viewport(ratio=1)


def test_the_languages_keep_what_was_typed(open_page: OpenPage, site: FullSite) -> None:
    page = open_page("/en/p/kuramshin")
    page.locator("#name").fill("Anna Berg")
    with page.expect_navigation():
        page.get_by_role("navigation").get_by_role("link", name="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator("#name")).to_have_value("Anna Berg")
    expect(page.locator(".summary")).to_have_count(0)
    page.locator("#email").fill("anna.switch@example.org")
    page.locator("#handover-yes").check()
    with page.expect_navigation():
        page.locator("#name").press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    page.locator("#country").select_option("SE")
    with page.expect_navigation():
        page.get_by_role("button", name="Қазақша").click()
    expect(page.locator("html")).to_have_attribute("lang", "kk")
    assert page.url.endswith("/kk/p/kuramshin/sign")
    for field, value in (("name", "Anna Berg"), ("email", "anna.switch@example.org")):
        expect(page.locator(f"#{field}")).to_have_value(value)
    expect(page.locator("#country")).to_have_value("SE")
    expect(page.locator("#handover-yes")).to_be_checked()
    page.locator("#consent").check()
    page.locator(BUTTON).click()
    page.wait_for_url("**/kk/pending/*")


def test_what_is_chosen_is_said_and_warned_of(open_page: OpenPage) -> None:
    page = open_page("/en/p/kuramshin", java_script_enabled=False, reduced_motion="reduce")
    caption, shown = page.locator(".signed + .hint"), page.locator(".display")
    danger = page.locator(".danger")
    expect(caption).to_have_text("Your name: only you see it here", use_inner_text=True)
    page.locator("#handover-yes").check()
    expect(caption).to_have_text("Your name", use_inner_text=True)
    shown.locator("summary").click()
    page.locator("#display-initials").check()
    expect(shown.locator("summary")).to_have_text(
        "On this site: initials and country. Change", use_inner_text=True
    )
    expect(danger).to_be_hidden()
    page.locator("#country").select_option("KZ")
    expect(danger).to_contain_text("Tor", use_inner_text=True)
    page.locator("#country").select_option("SE")
    expect(danger).to_be_hidden()
    page.locator(".warnings").get_by_role("link", name="Русский").click()
    expect(page.locator("#danger-ru")).to_be_visible()
    danger.get_by_role("link", name="Close").click()
    expect(danger).to_be_hidden()
