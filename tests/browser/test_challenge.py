"""The extra step in a real browser: the proof of work is done by itself, and without JavaScript a
wait does as well.
"""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.all_pages import TRIES
from tests.browser.site import OpenPage, Site, run_site
from tests.browser.steps import sign


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site where every signature takes the step."""
    folder = tmp_path_factory.mktemp("instance")
    with run_site(folder, RATELIMIT_FREE="0", STEP_SECONDS="5") as site:
        yield site


def test_the_browser_does_the_work_and_no_wait_is_needed(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin")
    sign(page, "worker@example.org")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_text("Ready: now press “Sign”.")).to_be_visible()
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()


def test_a_form_that_asks_for_an_email_goes_on_by_itself_after_the_work(
    open_page: OpenPage,
) -> None:
    page = open_page("/my")
    step = page.get_by_role("heading", name="One more step")
    for _ in range(TRIES):
        page.goto(page.url.split("?")[0])
        page.get_by_label("Your email address").fill("worker@example.org")
        with page.expect_navigation():
            page.get_by_role("button", name="Send me the link").click()
        if step.is_visible():
            break
    expect(step).to_be_visible()
    expect(page.get_by_text("Ready: now press “Continue”.")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()


def test_without_javascript_waiting_does_as_well(open_page: OpenPage) -> None:
    page = open_page("/p/kuramshin", java_script_enabled=False)
    sign(page, "waiter@example.org", name="A Patient Person")
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    expect(page.get_by_text("Please wait 5 seconds")).to_be_visible()
    time.sleep(5.5)  # for so long the page asks to wait
    expect(page.get_by_label("Your full name")).to_have_value("A Patient Person")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
