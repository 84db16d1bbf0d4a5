"""The main job in a real browser, on the site as it is served."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import new_context
from tests.browser.overflow import double_text_size, find_parted_words
from tests.browser.site import OpenPage, Site
from tests.browser.steps import confirm, sign


@pytest.mark.accessibility_statement("no-javascript")
@pytest.mark.parametrize("javascript", [True, False])
def test_from_the_form_to_the_thanks(site: Site, open_page: OpenPage, javascript: bool) -> None:
    email = f"journey.{javascript}@example.org"
    page = open_page("/", java_script_enabled=javascript)
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "Urgent action for Vadim Kuramshin"
    )
    sign(page, email)
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    assert "/pending/" in page.url
    confirm(page, site, email)


def test_the_code_of_the_email_is_typed_where_one_signed(site: Site, open_page: OpenPage) -> None:
    page = open_page("/", java_script_enabled=False)
    sign(page, "code@example.org")
    page.get_by_label("The six digits in the email").fill(
        site.post_office.mail_to("code@example.org").code
    )
    page.get_by_role("button", name="Confirm", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you. You are number")).to_be_visible()
    thanks = page.url
    page.goto(site.post_office.mail_to("code@example.org").link_to("my"))
    page.get_by_text("Take my signature back").click()
    page.get_by_role("button", name="Erase my signature").click()
    expect(page.get_by_role("heading", name="Your signature is erased")).to_be_visible()
    tokens = [address.rpartition("/")[2] for address in (thanks, page.url)]
    for person in ("Anna Berg", "code@", "127.0.0.1 ", *tokens):
        assert person not in site.log, "what the site writes down names nobody"
    assert "sent" in site.log


def test_the_page_after_signing_follows_the_email_by_itself(open_page: OpenPage) -> None:
    page = open_page()
    sign(page, "follow@example.org")
    page.wait_for_url("**/pending/*")
    page.clock.install()
    told = {"layout": "sending", "status": "Soon.", "times": "Later.", "resendable": False}
    page.route("**/status", lambda route: route.fulfill(json=told))
    page.reload()
    code, again = page.locator("#code"), page.get_by_role("button", name="Send the email again")
    _run_until_asked(page, 3_000)
    expect(page.get_by_text("Soon.")).to_be_visible()
    expect(page.get_by_text("Later.")).to_be_hidden()
    told |= {"status": "Sent.", "resendable": True}
    _run_until_asked(page, 60_000)
    expect(page.get_by_text("Sent.")).to_be_visible()
    expect(page.get_by_text("Later.")).to_be_visible()  # help opens after a minute
    expect(again).to_be_visible()
    code.fill("12")
    told |= {"layout": "refused", "status": "Came back."}
    _run_until_asked(page, 60_000)
    expect(page.get_by_text("Came back.")).to_be_visible()
    expect(code).to_have_value("12")
    code.fill("")
    with page.expect_navigation():  # to the page of that state, unless somebody is typing
        page.clock.run_for(60_000)


def _run_until_asked(page: Page, milliseconds: int) -> None:
    """Let so much time pass on a page, in which it asks how far the email is."""
    with page.expect_response("**/status"):
        page.clock.run_for(milliseconds)


@pytest.mark.accessibility_statement("errors")
def test_errors_are_summed_up_focused_and_lead_to_their_fields(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin")
    page.get_by_label("Your full name").fill("Anna Berg")
    page.get_by_role("button", name="Sign", exact=True).click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("There is a problem")
    expect(page.locator(".summary")).to_be_focused()
    expect(page.get_by_label("Your full name")).to_have_value("Anna Berg")
    summary.get_by_role("link", name="Enter your email address.").click()
    expect(page.get_by_label("Your email address")).to_be_focused()


def test_the_counter_moves_while_the_page_is_open(site: Site, open_page: OpenPage) -> None:
    watching = open_page("/p/kuramshin")
    before = int(watching.locator("[data-count]").inner_text())
    signing = open_page("/p/kuramshin")
    sign(signing, "live@example.org")
    confirm(signing, site, "live@example.org")
    expect(watching.locator("[data-count]")).to_have_text(str(before + 1))
    signing.goto(f"{site.url}/p/kuramshin")
    expect(signing.locator("[data-count]")).to_have_text(str(before + 1))


def test_a_page_in_the_background_asks_for_nothing(site: Site, open_page: OpenPage) -> None:
    page = open_page("/healthz")
    page.clock.install()
    page.goto(f"{site.url}/p/kuramshin")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    _show(page, "hidden")
    page.clock.run_for(600_000)
    with page.expect_request("**/healthz"):
        page.evaluate("fetch('/healthz')")
    assert not [url for url in requested if url.endswith("count.json")]
    _show(page, "visible")
    with page.expect_request("**/count.json"):
        page.clock.run_for(60_000)


def _show(page: Page, state: str) -> None:
    """Bring the page to the foreground (`visible`) or to the background (`hidden`)."""
    page.evaluate(
        """state => {
          const property = { value: state, configurable: true };
          Object.defineProperty(document, "visibilityState", property);
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        state,
    )


def test_link_and_code_are_copied_and_said(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Link copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").endswith("/p/kuramshin?r=cp")
    page.goto(page.url + "/share")
    page.get_by_role("button", name="Copy A badge with the number of signatures").click()
    expect(page.get_by_text("The code is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith("<a href=")


def test_without_javascript_there_is_no_dead_button(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin", java_script_enabled=False)
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()
    expect(page.get_by_label("Or copy the link")).to_have_value(re.compile("/p/kuramshin$"))


def test_a_russian_browser_reads_russian(open_page: OpenPage) -> None:
    page = open_page("/", locale="ru-RU")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.get_by_role("button", name="Подписать", exact=True)).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("language", ["en", "kk", "ru", "de", "sv", "fr"])
def test_nothing_sticks_out_at_any_width(site: Site, open_page: OpenPage, language: str) -> None:
    page = open_page("/healthz")
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{site.url}/{language}/p/kuramshin")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width


@pytest.mark.parametrize("width", [320, 390])
def test_no_word_of_the_facts_is_parted(open_page: OpenPage, width: int) -> None:
    page = open_page("/en/p/kuramshin", viewport={"width": width, "height": 844})
    for language in ("de", "en", "fr", "kk", "ru", "sv"):
        page.goto(page.url.replace(page.url.split("/")[3], language))
        assert page.locator(".key-facts li").count() == 3
        assert find_parted_words(page, ".key-facts li") == [], language


def test_an_organiser_signs_in_sees_the_numbers_and_downloads(
    site: Site, chromium: Browser, tmp_path: Path
) -> None:
    site.flask("organiser", "invite", "organiser@example.org")
    link = site.flask("organiser", "link", "organiser@example.org").strip()
    context = new_context(chromium)
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Sign me in").click()
    page.get_by_role("link", name="Urgent action for Vadim Kuramshin").click()
    expect(page.get_by_text("Not confirmed yet")).to_be_visible()
    page.set_viewport_size({"width": 320, "height": 640})
    double_text_size(page)
    lines = page.locator(".bar a").first.evaluate("one => one.getClientRects().length")
    assert lines == 1, "the header breaks between words alone"
    page.set_viewport_size({"width": 1280, "height": 720})
    page.get_by_role("link", name="Hand over").click()
    page.get_by_text("The list for organisers, with email addresses").click()
    form = page.locator("details form")
    form.get_by_label("Text with separators (CSV)").check()
    form.get_by_label("Separator in CSV files").select_option("semicolon")
    form.get_by_label("What do you need it for?").fill("To count the cities")
    form.get_by_role("button", name="Make the list with addresses").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download file 1").click()  # once the worker has written it
    file = tmp_path / "signatures.csv"
    download.value.save_as(file)
    assert file.read_bytes().startswith("\ufeffnumber;name;email".encode())
    assert re.fullmatch(
        r"kuramshin-signatures-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename
    )
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()
