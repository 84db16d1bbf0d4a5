"""Steps that people take in a browser."""

import re

from playwright.sync_api import Page, expect

from tests.browser.site import Site


def sign(page: Page, email: str, name: str = "Anna Berg", country: str = "SE") -> None:
    """Fill in the form and submit it.

    This is faster than a person, so the site asks to submit it once more.
    """
    page.get_by_label("Your full name").fill(name)
    page.get_by_label("Your email address").fill(email)
    page.get_by_label("Your country").select_option(country)
    page.get_by_label(re.compile("I sign this letter")).check()
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_load_state()
    if page.get_by_text("Please check what you entered").is_visible():
        expect(page.get_by_label("Your full name")).to_have_value(name)
        expect(page.get_by_label(re.compile("I sign this letter"))).to_be_checked()
        page.get_by_role("button", name="Sign", exact=True).click()


def confirm(page: Page, site: Site, email: str) -> None:
    """OpenPage the link in the email to an address and press its button."""
    page.goto(site.post_office.mail_to(email).link)
    page.get_by_role("button", name="Confirm my signature").click()
    expect(page.get_by_role("heading", name="Thank you. You are number")).to_be_visible()
