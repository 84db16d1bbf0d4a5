"""For every reader: the keyboard alone, no JavaScript, on paper, forced colours, few bytes. What
holds on every page is in test_every_page.
"""

import re
from collections.abc import Iterator

import pytest
from babel.numbers import format_decimal
from playwright.sync_api import Browser, Page, expect

from petition.core import tokens
from petition.web.support.assets import SOURCE
from tests.browser.chromium import new_context
from tests.browser.full_site import LANGUAGES, FullSite, run_full_site
from tests.browser.site import OpenPage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    """Return a site with content on all pages, which takes a form however fast it comes."""
    folder = tmp_path_factory.mktemp("instance")
    with run_full_site(folder, {"MIN_FORM_SECONDS": "0"}) as site:
        yield site


# The focused element is whole within the window, as far as it has room, and nothing lies over it.
SEEN = """() => {
  const one = document.activeElement;
  if (getComputedStyle(one).outlineStyle === "none") return "has no outline";
  const [box] = one.getClientRects();
  const middles = [];
  for (const [from, to, most] of [
    [box.left, box.right, innerWidth],
    [box.top, box.bottom, innerHeight],
  ]) {
    const fits = to - from <= most;
    if (fits ? from < -1 || to > most + 1 : to < 0 || from > most) return "is out of the window";
    middles.push((Math.max(from, 0) + Math.min(to, most)) / 2);
  }
  const hit = document.elementFromPoint(...middles);
  return one.contains(hit) ? "" : `is covered by ${hit?.outerHTML.slice(0, 100)}`;
}"""


def tab_to(page: Page, selector: str) -> int:
    """Press Tab until the focus is where it is wanted, always to be seen; return how often."""
    for presses in range(1, 121):
        page.keyboard.press("Tab")
        hidden = page.evaluate(SEEN)
        assert not hidden, (hidden, page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return presses
    raise AssertionError(f"the keyboard does not get to {selector}")


@pytest.mark.accessibility_statement("keyboard")
@pytest.mark.parametrize("way", ["code", "link"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_whole_way_by_keyboard_alone(
    site: FullSite, open_page: OpenPage, way: str, width: int
) -> None:
    email = f"{way}.{width}@example.org"
    window = {"width": width, "height": 720}
    page = open_page("/p/kuramshin", viewport=window, reduced_motion="reduce")
    presses = tab_to(page, ".skip")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    presses += tab_to(page, ".skip[href='#sign']")
    page.keyboard.press("Enter")
    presses += tab_to(page, "#name")
    page.keyboard.type("Anna Berg")
    presses += tab_to(page, "#email")
    page.keyboard.type(email)
    presses += tab_to(page, "#country")
    page.keyboard.type("Swed")
    presses += tab_to(page, "#consent")
    page.keyboard.press("Space")
    presses += tab_to(page, "#sign button[type=submit]")
    page.keyboard.press("Enter")
    assert presses + 3 <= 20, "Enter, Space and Enter, too"
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    mail = site.post_office.mail_to(email)
    if way == "code":
        tab_to(page, "#code")
        page.keyboard.type(mail.code)
    else:
        page.goto(mail.link)
        expect(page.get_by_role("heading", name="Confirm your signature")).to_be_visible()
        tab_to(page, "main button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you. You are number")).to_be_visible()
    tab_to(page, "a[href*='wa.me']")


@pytest.mark.parametrize("javascript", [True, False])
def test_the_bar_covers_nothing_that_has_the_focus(open_page: OpenPage, javascript: bool) -> None:
    window = {"width": 320, "height": 568}
    page = open_page(
        "/p/kuramshin", viewport=window, reduced_motion="reduce", java_script_enabled=javascript
    )
    expect(page.locator(".sign-bar")).to_be_in_viewport(ratio=1)
    assert tab_to(page, ".foot a[href$='/accessibility']") > 30, "through the whole page"


def test_the_name_is_put_under_the_letter_as_it_is_typed(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin")
    page.locator("#name").type("Жанар Ә.")
    expect(page.locator("[data-signature]")).to_have_text("Жанар Ә.")
    without = open_page("/p/kuramshin", java_script_enabled=False)
    without.locator("#name").fill("Anna")
    without.get_by_role("button", name="Sign", exact=True).click()
    expect(without.locator("[data-signature]")).to_have_text("Anna")


def test_a_link_that_was_passed_on_shows_no_channel_in_the_address(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin?r=wa")
    assert page.url.endswith("/p/kuramshin")
    assert page.locator("input[name=channel]").get_attribute("value") == "wa"


def test_on_paper_there_is_the_letter_and_nothing_to_press(open_page: OpenPage) -> None:
    page = open_page("/en/p/kuramshin")
    page.emulate_media(media="print")
    for gone in ("#sign", "nav", "header.brand", ".share", ".foot", ".start", ".sign-bar"):
        expect(page.locator(gone)).to_be_hidden()
    for kept in ("h1", ".letter", ".demands", ".signature", ".story"):
        expect(page.locator(kept)).to_be_visible()
    for gone in ("img.face", ".counter", ".bars", "#who-heading", "#news-heading"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator(".signature .hint")).to_have_text("Your name", use_inner_text=True)
    page.emulate_media(media="screen")
    page.goto(page.url + "/write")
    page.get_by_label("Embassy").select_option(index=1)
    page.get_by_label("Your full name").fill("Anna Berg")
    page.get_by_role("button", name="Show the letter").click()
    page.locator("#letter").wait_for()
    page.emulate_media(media="print")
    for kept in ("#letter address", "#letter .date", "#letter .letter", "#letter .signed"):
        expect(page.locator(kept)).to_be_visible()
    for gone in ("main form", "h1", ".foot", "[data-print]"):
        expect(page.locator(gone)).to_be_hidden()


def picture_of(page: Page, selector: str) -> bytes:
    """Return a picture of an element, with what is drawn around it."""
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    assert box is not None
    x, y, width, height = box["x"] - 8, box["y"] - 8, box["width"] + 16, box["height"] + 16
    return page.screenshot(clip={"x": x, "y": y, "width": width, "height": height})


def test_the_letter_to_an_embassy_is_one_sheet_of_paper(open_page: OpenPage) -> None:
    page = open_page("/en/p/kuramshin/write")
    for language in LANGUAGES:
        page.get_by_label("Embassy").select_option("0")  # the ministry has the longest address
        page.get_by_label("Language of the letter").select_option(language)
        page.get_by_label("Your full name").fill("Anna Berg")
        page.get_by_role("button", name="Show the letter").click()
        page.locator(f"#letter:lang({language})").wait_for()
        assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) == 1, language
    page.emulate_media(media="print")
    expect(page.locator("#letter .demands")).to_have_css("break-inside", "avoid")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_name_of_the_site_is_above_the_edge_of_the_text(
    site: FullSite, open_page: OpenPage, width: int
) -> None:
    page = open_page("/healthz", viewport={"width": width, "height": 720})
    for path in ("p/kuramshin", "p/kuramshin/share"):
        page.goto(f"{site.url}/en/{path}")
        lefts = [page.locator(one).first.bounding_box() for one in (".brand img", "main h1")]
        assert len({round(box["x"]) for box in lefts if box}) == 1, path


@pytest.mark.accessibility_statement("motion")
def test_nothing_is_lost_in_forced_colours_and_nothing_moves_unasked(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin", forced_colors="active", reduced_motion="reduce")
    page.route("**/count.json", lambda _route: None)  # else it sets the bar again
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(one => getComputedStyle(one).animationName"
        " !== 'none' || parseFloat(getComputedStyle(one).transitionDuration) > 0).length"
    )
    assert moving == 0
    button = "#sign button[type=submit]"
    page.keyboard.press("Tab")
    for one in (button, "#email", "#consent", "summary >> nth=0"):
        plain = picture_of(page, one)
        page.locator(one).focus()
        assert picture_of(page, one) != plain, f"the focus on {one} is seen"
    page.locator(".skip >> nth=0").focus()
    for one, change in (("#consent", "checked = true"), ("progress", "value = 0")):
        plain = picture_of(page, one)
        page.locator(one).evaluate(f"one => (one.{change})")
        assert picture_of(page, one) != plain, f"the state of {one} is seen"
    with page.expect_navigation():
        page.locator(button).click()
    for bordered in (button, ".field.wrong >> nth=0", ".summary"):
        edge = page.locator(bordered).evaluate(
            "one => { const { borderLeftStyle, borderLeftColor, backgroundColor } ="
            " getComputedStyle(one);"
            " return borderLeftStyle === 'solid' && borderLeftColor !== backgroundColor; }"
        )
        assert edge, f"{bordered} is seen by its edge, without its colour"


def paste(page: Page, selector: str, text: str) -> None:
    """Put a text into the clipboard, and paste it into a field with the keyboard."""
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.locator(selector).focus()
    page.keyboard.press("Control+V")


@pytest.mark.accessibility_statement("paste")
def test_nothing_to_sign_in_with_is_remembered_or_typed_off(
    site: FullSite, open_page: OpenPage, chromium: Browser
) -> None:
    clipboard = {"permissions": ["clipboard-read", "clipboard-write"]}
    signer = site.sign("paste@example.org", confirmed=False)
    page = open_page(f"/pending/{site.token(tokens.PENDING, signer.email_id)}", **clipboard)
    code = site.post_office.mail_to("paste@example.org").code
    paste(page, "#code", f"{code[:3]} {code[3:]}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/thanks/**")
    context = new_context(chromium, **clipboard)  # organisers get a cookie
    page = context.new_page()
    page.goto(f"{site.url}/organisers/sign-in")
    assert page.locator("main input:not([type=hidden])").count() == 1, "an address, no password"
    paste(page, "#email", "organiser@example.org")
    expect(page.locator("#email")).to_have_value("organiser@example.org")
    page.keyboard.press("Enter")
    expect(page.locator("#email")).to_have_count(0)
    context.close()


@pytest.mark.accessibility_statement("counter")
def test_the_counter_speaks_at_round_numbers_alone(site: FullSite, open_page: OpenPage) -> None:
    page = open_page("/healthz")
    page.clock.install()
    page.goto(f"{site.url}/p/kuramshin")
    answer = {"count": 99, "goal": 250, "updated": ""}
    page.route("**/count.json", lambda route: route.fulfill(json=answer))
    announced = page.locator("[data-round]")
    page.clock.run_for(10_000)
    expect(page.locator("[data-count]")).to_have_text("99")
    assert announced.inner_text() == ""
    answer["count"] = 101
    page.clock.run_for(60_000)
    expect(announced).to_have_text("Confirmed signatures: 101")


@pytest.mark.parametrize("language", ["en", "kk", "ru", "de", "sv", "fr"])
def test_the_counter_writes_numbers_as_the_server_does(
    site: FullSite, open_page: OpenPage, language: str
) -> None:
    page = open_page("/healthz")
    page.clock.install()
    page.goto(f"{site.url}/{language}/p/kuramshin")
    answer = {"count": 0, "goal": 2_500_000}
    page.route("**/count.json", lambda route: route.fulfill(json=answer))
    for answer["count"] in (7, 999, 12_345, 1_234_567):
        page.clock.run_for(60_000)
        number = format_decimal(answer["count"], locale=language)
        expect(page.locator("[data-count]")).to_have_text(number)
    expect(page.locator(".goal")).to_contain_text(format_decimal(answer["goal"], locale=language))


def test_the_script_is_small() -> None:
    assert (SOURCE / "site.js").stat().st_size <= 9_000


def test_a_first_visit_is_light_and_leaves_nothing_behind(
    chromium: Browser, site: FullSite
) -> None:
    context = new_context(chromium, locale="ru-RU", viewport={"width": 390, "height": 844})
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
    # Browsers ask for the icon when they have time: it counts, whether or not this one has yet.
    icon = str(page.locator("link[rel=icon]").evaluate("one => one.href"))
    asked = [url for url in {*asked, icon} if not url.startswith("data:")]
    assert len(asked) <= 5, asked
    assert all(url.startswith(site.url) for url in asked)
    assert page.locator("img.face").evaluate("one => one.naturalWidth") == 480
    assert page.locator("header.brand img").evaluate("one => one.naturalWidth") > 0
    assert sum(carried) <= 60_000, sum(carried)
    stored = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored == [0, 0, ""]
    assert context.cookies() == []
    context.close()
