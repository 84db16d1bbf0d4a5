"""For every reader: no barrier that axe knows, the keyboard alone, no JavaScript, narrow and large,
forced colours, few bytes.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe
from tests.browser.conftest import Open
from tests.browser.site import Site
from tests.browser.test_site import confirm, sign

LANGUAGES = ("en", "kk", "ru", "de", "sv", "fr")
PUBLIC = (
    "p/kuramshin",
    "p/kuramshin/share",
    "p/kuramshin/updates",
    "p/kuramshin/updates/1",
    "p/kuramshin/signatures",
    "p/kuramshin/write",
    "p/kuramshin/mastodon?server=x",
    "p/kuramshin/embed",
    "privacy",
    "accessibility",
    "my",
    "no-such-page",
)
LONG = "Maximilian Ferdinand Konstantin " * 3 + "Xyz."  # 100 characters


@pytest.fixture(scope="module")
def own_pages(site: Site, chromium: Browser) -> list[str]:
    """Sign, so that the pages show who has, and return those that only the signer sees."""
    page = chromium.new_page(locale="en-GB")
    page.goto(f"{site.url}/p/kuramshin")
    page.get_by_label("My initials and country").check()
    sign(page, "other@example.org")
    confirm(page, site, "other@example.org")
    page.goto(f"{site.url}/p/kuramshin")
    page.get_by_label("My full name and country").check()
    page.get_by_text("Sign for an organisation").click()
    page.get_by_label("Organisation (optional)").fill("Union of the long names")
    sign(page, "axe@example.org", LONG, country="DE")
    mail = site.post_office.mail_to("axe@example.org")
    pending = page.url
    page.goto(mail.link)
    link = page.url
    page.get_by_role("button", name="Confirm my signature").click()
    found = [pending, link, page.url, mail.link_to("my"), mail.link_to("not-me")]
    page.context.close()
    return [address.removeprefix(site.url) for address in found]


def barriers(page: Page, **options: Any) -> list[str]:
    """Return what axe finds on a page, as rule and place."""
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_no_barrier_on_any_page_in_any_language_light_or_dark(
    open_page: Open, site: Site, own_pages: list[str], language: str
) -> None:
    page = open_page("/healthz", color_scheme="light")
    script = axe.source()
    found = []
    for path in [*(f"/{page}" for page in PUBLIC), *own_pages]:
        page.emulate_media(color_scheme="light")
        page.goto(f"{site.url}/{language}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
        page.evaluate(script)
        found += [(path, barrier) for barrier in barriers(page)]
        page.emulate_media(color_scheme="dark")
        dark = barriers(page, runOnly=["color-contrast", "link-in-text-block"])
        found += [(f"{path} dark", barrier) for barrier in dark]
    assert found == []


def test_axe_finds_no_barrier_in_a_form_with_errors_or_any_state(
    open_page: Open, site: Site
) -> None:
    page = open_page("/p/kuramshin")
    page.get_by_role("button", name="Sign", exact=True).click()
    page.evaluate(axe.source())
    assert barriers(page) == []
    page.goto(f"{site.url}/p/kuramshin/write")
    page.get_by_label("Your full name").fill(LONG)
    page.get_by_role("button", name="Show the letter").click()
    page.evaluate(axe.source())
    assert barriers(page) == []
    for command, heading in (("pause", "is paused"), ("victory", "It is won"), ("close", "closed")):
        site.flask("petition", command, "kuramshin")
        page.goto(f"{site.url}/p/kuramshin")
        page.wait_for_timeout(1_100)  # a kept page is up to a second behind
        page.reload()
        expect(page.get_by_role("heading", name=re.compile(heading))).to_be_visible()
        page.evaluate(axe.source())
        assert barriers(page) == []
    site.flask("petition", "open", "kuramshin")


def tab_to(page: Page, wanted: Callable[[Page], bool]) -> None:
    """Press Tab until the focus is where it is wanted; it is always to be seen on the way."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if wanted(page):
            return
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", page.evaluate("document.activeElement.outerHTML")
    raise AssertionError("the keyboard does not get there")


def on(selector: str) -> Callable[[Page], bool]:
    """Say whether the focus is on an element."""
    return lambda page: bool(page.evaluate("s => document.activeElement.matches(s)", selector))


def test_the_whole_way_by_keyboard_alone(site: Site, open_page: Open) -> None:
    page = open_page("/p/kuramshin")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    tab_to(page, on("#name"))
    page.keyboard.type("Anna Berg")
    tab_to(page, on("#email"))
    page.keyboard.type("keyboard@example.org")
    tab_to(page, on("#country"))
    page.keyboard.type("Swed")
    tab_to(page, on("#consent"))
    page.keyboard.press("Space")
    tab_to(page, on("#sign button[type=submit]"))
    page.wait_for_timeout(2_100)  # faster than a person, it would be asked for once more
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    tab_to(page, on("#code"))
    page.keyboard.type(site.post_office.mail_to("keyboard@example.org").code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you for signing")).to_be_visible()
    tab_to(page, on("a[href*='/my/']"))


def test_the_name_is_put_under_the_letter_as_it_is_typed(open_page: Open) -> None:
    page = open_page("/p/kuramshin")
    page.locator("#name").type("Жанар Ә.")
    expect(page.locator("[data-signature]")).to_have_text("Жанар Ә.")
    without = open_page("/p/kuramshin", java_script_enabled=False)
    without.locator("#name").fill("Anna")
    without.get_by_role("button", name="Sign", exact=True).click()
    expect(without.locator("[data-signature]")).to_have_text("Anna")


def test_a_link_that_was_passed_on_shows_no_channel_in_the_address(open_page: Open) -> None:
    page = open_page("/p/kuramshin?r=wa")
    assert page.url.endswith("/p/kuramshin")
    assert page.locator("input[name=channel]").get_attribute("value") == "wa"


@pytest.mark.parametrize("path", ["p/kuramshin", "p/kuramshin/share", "p/kuramshin/write", "my"])
def test_nothing_is_cut_off_at_320_pixels_with_text_twice_as_large(
    open_page: Open, path: str
) -> None:
    page = open_page(f"/de/{path}", viewport={"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    large = open_page(f"/de/{path}", viewport={"width": 640, "height": 800})
    large.evaluate("document.documentElement.style.fontSize = '200%'")
    assert large.evaluate("document.documentElement.scrollWidth") <= 640


def test_own_pages_with_a_long_name_fit_a_small_phone(
    open_page: Open, own_pages: list[str]
) -> None:
    page = open_page("/", viewport={"width": 320, "height": 640})
    for path in own_pages:
        page.goto(page.url.partition("/p/")[0].rstrip("/") + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path


def test_nothing_is_lost_in_forced_colours_and_nothing_moves_unasked(open_page: Open) -> None:
    page = open_page("/p/kuramshin", forced_colors="active", reduced_motion="reduce")
    button = page.get_by_role("button", name="Sign", exact=True)
    border = button.evaluate("one => getComputedStyle(one).borderTopStyle")
    assert border == "solid", "a button is one without its colour, too"
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(one => getComputedStyle(one).animationName"
        " !== 'none' || parseFloat(getComputedStyle(one).transitionDuration) > 0).length"
    )
    assert moving == 0


def test_the_counter_speaks_at_round_numbers_alone(open_page: Open) -> None:
    page = open_page("/p/kuramshin")
    counts = iter([98, 99, 101, 102])

    def answer(route: Any) -> None:
        route.fulfill(json={"count": next(counts, 102), "goal": 250, "updated": ""})

    page.route("**/count.json", answer)
    said = page.locator("[data-round]")
    expect(page.locator("[data-count]")).to_have_text("99", timeout=20_000)
    assert said.inner_text() == ""
    expect(said).to_have_text("Confirmed signatures: 101", timeout=20_000)


def test_a_first_visit_is_light_and_leaves_nothing_behind(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(locale="ru-RU", viewport={"width": 390, "height": 844})
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    asked: list[str] = []
    carried: list[float] = []
    network.on("Network.requestWillBeSent", lambda event: asked.append(event["request"]["url"]))
    network.on("Network.loadingFinished", lambda event: carried.append(event["encodedDataLength"]))
    page.goto(f"{site.url}/ru/p/kuramshin")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1_000)
    assert len(asked) <= 5, asked
    assert all(url.startswith(site.url) for url in asked)
    assert sum(carried) <= 60_000 - PICTURE, sum(carried)
    stored = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored == [0, 0, ""]
    assert context.cookies() == []
    context.close()


PICTURE = 30_000  # bytes at most, of a petition that has one: tests/test_updates.py
