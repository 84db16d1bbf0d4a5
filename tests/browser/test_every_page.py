"""On every page there is, in every shipped language: no barrier that axe knows. In the languages
with the longest words: nothing cut off on the smallest screen with the largest text. In one
language: contrast, light and dark; and what WCAG 2.2 asks for of focus, targets, help and fields.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, ViewportSize

from petition.web.organisers.actions import ACTIONS
from tests.browser import axe, criteria
from tests.browser.all_pages import SETTINGS, forms_and_states, pages
from tests.browser.chromium import new_context
from tests.browser.full_site import DRAFT, LANGUAGES, FullSite, run_full_site
from tests.browser.opener import page_opener
from tests.browser.overflow import (
    double_text_size,
    find_overflow,
    find_parted_words,
    reset_text,
    space_text,
)
from tests.browser.site import OpenPage

COLOURS = ["color-contrast", "link-in-text-block"]
WINDOW: ViewportSize = {"width": 1280, "height": 720}
SMALLEST: ViewportSize = {"width": 320, "height": 568}
PHONE: ViewportSize = {"width": 390, "height": 844}
LONGEST_WORDS = ("de", "kk")  # with the longest words, and the widest letters
# On the way from the form to the thanks nothing is asked twice, nor on the signer's own page.
ONE_WAY = {
    *("form to look over", "form with a challenge", "form beyond the limit", "pending"),
    *("pending with a wrong code", "pending with a question", "confirm", "thanks", "my signature"),
}


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
    spaced: list[tuple[str, str]] = field(default_factory=list)
    focus: list[tuple[str, str]] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)
    moved_help: list[tuple[str, str]] = field(default_factory=list)
    asked_again: list[tuple[str, str]] = field(default_factory=list)
    media: list[tuple[str, str]] = field(default_factory=list)

    def add_layout(self, name: str, page: Page) -> None:
        """Check a page for text that is cut off: larger, farther apart, in a narrow window."""

        def note(into: list[tuple[str, str]]) -> None:
            into += [(name, words) for words in find_overflow(page)]

        space_text(page)
        note(self.spaced)
        page.set_viewport_size(SMALLEST)
        note(self.spaced)
        reset_text(page)
        note(self.cut_off)
        double_text_size(page)
        note(self.cut_off)
        reset_text(page)
        page.set_viewport_size(WINDOW)

    def add_criteria(self, name: str, page: Page) -> None:
        """Check a page against criteria that axe does not test."""

        def note(into: list[tuple[str, str]], found: list[str]) -> None:
            into += [(name, f"{page.viewport_size} {one}") for one in found]

        note(self.moved_help, criteria.find_moved_help(page))
        note(self.media, criteria.find_other_media(page))
        if name in ONE_WAY:
            note(self.asked_again, criteria.find_asked_again(page))
        for size in (SMALLEST, PHONE):
            page.set_viewport_size(size)
            note(self.targets, criteria.find_small_targets(page))
            note(self.focus, criteria.find_lost_focus(page))
        page.set_viewport_size(WINDOW)


@pytest.fixture(scope="module", params=LANGUAGES)
def found(request: pytest.FixtureRequest, chromium: Browser, site: FullSite) -> Findings:
    """Return what was found on all pages of a language; each page is opened once for all checks."""
    language: str = request.param
    findings = Findings()
    with page_opener(chromium, site) as open_page:
        light = {"color_scheme": "light", "reduced_motion": "reduce"}  # it scrolls at once
        page = open_page("/healthz", viewport=WINDOW, **light)
        page.add_init_script(axe.source())

        def walk(way: Callable[..., Iterator[str]], barriers: list[tuple[str, str]]) -> None:
            for name in way(page, site, language):
                assert page.locator("html").get_attribute("lang") == language, name
                unfold(page)
                colours = language == LANGUAGES[0]  # those of one language are those of all
                barriers += [(name, one) for one in find_all_barriers(page, colours=colours)]
                if language in LONGEST_WORDS:
                    findings.add_layout(name, page)
                if language == LONGEST_WORDS[0]:
                    findings.add_criteria(name, page)

        walk(pages, findings.barriers)
        walk(forms_and_states, findings.barriers_in_states)
    return findings


def unfold(page: Page) -> None:
    """Open everything that a page folds."""
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")


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


def find_all_barriers(page: Page, *, colours: bool = True) -> list[str]:
    """Return what axe finds on a page; with `colours`, in light mode and in dark."""
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


@pytest.mark.accessibility_statement("narrow")
@pytest.mark.parametrize("found", LONGEST_WORDS, indirect=True)
def test_nothing_is_cut_off_at_320_pixels_with_text_twice_as_large(found: Findings) -> None:
    assert found.cut_off == []


@pytest.mark.accessibility_statement("spacing")
@pytest.mark.parametrize("found", LONGEST_WORDS, indirect=True)
def test_nothing_is_cut_off_with_wider_spacing(found: Findings) -> None:
    assert found.spaced == []


@pytest.mark.accessibility_statement("focus")
@pytest.mark.parametrize("found", LONGEST_WORDS[:1], indirect=True)
def test_what_has_the_focus_is_outlined_and_not_covered(found: Findings) -> None:
    assert found.focus == []


@pytest.mark.accessibility_statement("targets")
@pytest.mark.parametrize("found", LONGEST_WORDS[:1], indirect=True)
def test_targets_are_24_pixels_or_apart(found: Findings) -> None:
    assert found.targets == []


@pytest.mark.accessibility_statement("help")
@pytest.mark.parametrize("found", LONGEST_WORDS[:1], indirect=True)
def test_help_is_in_the_same_order_on_every_page(found: Findings) -> None:
    assert found.moved_help == []


@pytest.mark.accessibility_statement("once")
@pytest.mark.parametrize("found", LONGEST_WORDS[:1], indirect=True)
def test_nothing_is_asked_twice_on_the_way(found: Findings) -> None:
    assert found.asked_again == []


@pytest.mark.parametrize("found", LONGEST_WORDS[:1], indirect=True)
def test_there_is_no_sound_or_film_and_no_control_with_a_hidden_name(found: Findings) -> None:
    assert found.media == []


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, site: FullSite) -> StorageState:
    """Return the session of a signed-in organiser."""
    context = new_context(chromium)
    page = context.new_page()
    page.goto(site.url + site.sign_in_link())
    with page.expect_navigation():
        page.get_by_role("button", name="Sign me in").click()
    state = context.storage_state()
    context.close()
    return state


def test_axe_finds_no_barrier_in_the_preview_of_a_draft(
    chromium: Browser, site: FullSite, signed_in: StorageState
) -> None:
    found = []
    for language in LANGUAGES:
        context = new_context(chromium, locale=language, storage_state=signed_in)
        context.add_init_script(axe.source())
        page = context.new_page()
        page.goto(f"{site.url}/organisers/p/{DRAFT}/preview")
        assert page.locator("html").get_attribute("lang") == language
        unfold(page)
        colours = language == LANGUAGES[0]
        found += [(language, one) for one in find_all_barriers(page, colours=colours)]
        context.close()
    assert found == []


def organisers_paths(site: FullSite) -> Iterator[str]:
    """Yield the paths of the organisers' pages, also of those that are still to come."""
    downloads = {f"organisers.signatures_{kind}" for kind in ("csv", "xlsx", "jsonl", "pdf")}
    downloads |= {"organisers.figures_csv", "organisers.preview_card"}
    for rule in site.app.url_map.iter_rules():
        is_page = rule.endpoint in ACTIONS and rule.endpoint not in downloads
        if is_page and "GET" in (rule.methods or ()) and rule.arguments <= {"slug", "code"}:
            yield rule.rule.replace("<slug>", "kuramshin").replace("<code>", "ru")
    yield "/organisers/p/kuramshin/news/1"
    yield "/organisers/p/kuramshin/news/1/email"


@pytest.mark.parametrize("language", LANGUAGES)
def test_organisers_meet_no_barrier_either(
    chromium: Browser, site: FullSite, signed_in: StorageState, language: str
) -> None:
    findings = Findings()
    options = {"viewport": WINDOW, "reduced_motion": "reduce", "locale": language}
    context = new_context(chromium, storage_state=signed_in, **options)
    context.add_init_script(axe.source())
    page = context.new_page()
    for path in organisers_paths(site):
        page.goto(site.url + path)
        assert page.locator("html").get_attribute("lang") == language, path
        unfold(page)
        colours = language == LANGUAGES[0]
        findings.barriers += [(path, one) for one in find_all_barriers(page, colours=colours)]
        if language in LONGEST_WORDS:
            findings.add_layout(path, page)
        if language == LONGEST_WORDS[0] and not path.endswith(("/preview", "/previews")):
            findings.add_criteria(path, page)
    context.close()
    assert findings == Findings()


def test_the_pages_show_all_that_they_can(open_page: OpenPage) -> None:
    page = open_page("/en/p/kuramshin")
    for shown in (
        *(
            "img.face",
            ".portrait figcaption",
            ".plan li",
            ".latest a",
            "header.brand img",
            "progress",
            "blockquote",
            ".people li",
            ".bars rect",
        ),
        *("#sign details", ".demands li", "#why-heading", "#news-heading", "#embassy-heading"),
    ):
        assert page.locator(shown).count(), shown
    assert page.locator("#where-heading ~ details tbody tr").count() == 3, "two, and the others"


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (1280, 660)])
def test_the_picture_is_beside_the_headline_and_never_pushes_it_down(
    open_page: OpenPage, width: int, height: int
) -> None:
    page = open_page("/de/p/kuramshin", viewport={"width": width, "height": height})
    column, picture, headline = (
        page.locator(one).evaluate("one => one.getBoundingClientRect().toJSON()")
        for one in (".headline", ".portrait", "h1")
    )
    assert picture["width"] <= column["width"] / 2.99
    assert headline["top"] < picture["bottom"]
    assert headline["bottom"] < height


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_a_headline_beside_a_picture_is_parted(
    open_page: OpenPage, language: str
) -> None:
    page = open_page(f"/{language}/p/kuramshin", viewport={"width": 320, "height": 568})
    assert find_parted_words(page, "h1") == []
