"""Steps of a campaign that organisers take in a browser, by what a person reads alone.

No id, no class, and no address but those in emails: `press` and `follow` find what is on the page.
"""

import re
from time import monotonic

from playwright.sync_api import Page, expect

from tests.browser.site import Site
from tests.browser.steps import confirm
from tests.waiting import PATIENCE

ORGANISER = "lena@example.org"
SIGNERS = {"anna@example.org": "Anna Berg", "bo@example.org": "Bo Ek"}


def sign_in(page: Page, site: Site) -> None:
    """Follow the link in the email that invites."""
    page.goto(site.post_office.mail_to(ORGANISER).link_to("organisers/enter"))
    press(page, "Sign me in")
    expect(page.get_by_role("heading", name="Your petitions")).to_be_visible()


def press(page: Page, name: str, *, exact: bool = True) -> None:
    """Press a button, or follow a link that looks like one."""
    button = page.get_by_role("button", name=name, exact=exact)
    (button if button.count() else page.get_by_role("link", name=name, exact=exact)).first.click()


def follow(page: Page, name: str) -> None:
    """Follow a link of the tabs."""
    page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


def wait_for(page: Page, name: str) -> None:
    """Load a page anew, as people do who wait for the worker, until it has such a link."""
    end = monotonic() + PATIENCE
    while not page.get_by_role("link", name=name).count():
        assert monotonic() < end, page.get_by_role("main").inner_text()
        page.reload()


def make(page: Page) -> None:
    """Write a petition in three steps."""
    press(page, "New petition")
    page.get_by_label("Demand, as a headline").fill("Free the teachers")
    page.get_by_label("To whom").fill("the Minister of Justice")
    page.get_by_label("Demands, one in each line").fill("Free them.\nDrop the charges.")
    page.get_by_label("Who and why now, in one sentence").fill("Three teachers are in prison.")
    press(page, "Save and go on")
    page.get_by_label("Letter", exact=True).fill("Dear Minister, we ask you to free them.")
    page.get_by_label("The case").fill("They were arrested in May.")
    page.get_by_label("Text that people share").fill("Three teachers are in prison. Sign:")
    press(page, "Save and go on")
    page.get_by_label("Who runs the petition").fill("Friends of the teachers")
    page.get_by_label("Contact address").fill("friends@example.org")
    page.get_by_label("Address of the page").fill("teachers")
    press(page, "Save and see the preview")
    expect(page.get_by_role("heading", name="Preview").first).to_be_visible()


def translate(page: Page) -> None:
    """Write the text in Russian, beside the original."""
    follow(page, "Text")
    press(page, "Русский")
    page.get_by_label("Demand, as a headline", exact=True).fill("Свободу учителям")
    page.get_by_label("To whom", exact=True).fill("министру юстиции")
    page.get_by_label("Who and why now, in one sentence", exact=True).fill("Три учителя в тюрьме.")
    page.get_by_label("Letter", exact=True).fill("Господин министр, освободите их.")
    page.get_by_label("Demands, one in each line", exact=True).fill("Свободу.\nЗакройте дело.")
    page.get_by_text("The case, what people share, who you are").click()
    page.get_by_label("The case", exact=True).fill("Их арестовали в мае.")
    page.get_by_label("Text that people share", exact=True).fill("Три учителя в тюрьме.")
    page.get_by_label("Who runs the petition", exact=True).fill("Друзья учителей")
    press(page, "Show preview")
    expect(page.get_by_role("heading", name="Preview")).to_be_visible()
    press(page, "Save")
    expect(page.get_by_text("Complete.").nth(1)).to_be_visible()


def open_petition(page: Page) -> None:
    """Open the petition after the question."""
    follow(page, "Settings")
    press(page, "Open the petition")
    press(page, "Open the petition")
    expect(page.get_by_role("heading", name="State: Open")).to_be_visible()


def address(page: Page) -> str:
    """Return the address of the public page, as the overview leads there."""
    follow(page, "Overview")
    press(page, "Free the teachers")
    expect(page.get_by_role("heading", level=1)).to_have_text("Free the teachers")
    public = page.url
    page.go_back()
    return public


def sign(page: Page, site: Site, email: str) -> None:
    """Sign with name, comment and news, and confirm by the email."""
    page.get_by_label("Your full name").fill(SIGNERS[email])
    page.get_by_label("Your email address").fill(email)
    page.get_by_label("Your country").select_option("SE")
    page.get_by_label("Yes", exact=True).check()
    page.get_by_text("On this site: hidden.").click()
    page.get_by_label("My full name and country").check()
    page.get_by_text("Add an organisation or a comment").click()
    page.get_by_label("Why you sign (optional)").fill("Because teachers teach.")
    page.get_by_label(re.compile("I sign this letter")).check()
    page.get_by_label("Send me news of this petition (optional)").check()
    page.get_by_role("button", name="Sign", exact=True).click()
    page.wait_for_load_state()
    if page.get_by_text("Please check what you entered").is_visible():
        page.get_by_role("button", name="Sign", exact=True).click()
    confirm(page, site, email)


def correct(page: Page) -> None:
    """Change the letter that people have signed, with a reason."""
    follow(page, "Text")
    press(page, "English")
    page.get_by_label("Letter", exact=True).fill("Dear Minister, we ask you to free all three.")
    page.get_by_label("Why the text changes").fill("It is three teachers")
    press(page, "Save")
    expect(page.get_by_text("Complete.").first).to_be_visible()


def moderate(page: Page) -> None:
    """Show a comment; take a signature out of the count, and undo it."""
    follow(page, "Comments")
    page.get_by_label("Because teachers teach.").first.check()
    page.get_by_role("button", name="Show it", exact=True).first.click()
    expect(page.get_by_role("heading", name="Shown")).to_be_visible()
    follow(page, "Signatures")
    press(page, "Look at it Bo Ek")
    page.get_by_text("Take it out of the count").first.click()
    page.get_by_label("Reason").select_option(label="The same person twice")
    press(page, "Take it out of the count")
    press(page, "Count it again")
    expect(page.get_by_text("Take it out of the count").first).to_be_visible()


def publish_news(page: Page) -> None:
    """Write news, publish it, and come to the page that emails it."""
    follow(page, "News")
    press(page, "Write news")
    page.get_by_label("Title: English").fill("A hearing in June")
    page.get_by_label("Text: English").fill("The court has set a **date**.")
    press(page, "Publish")
    press(page, "A hearing in June")
    press(page, "Email it")


def email_news(page: Page, site: Site) -> None:
    """Email the news to oneself, then to everybody who asked."""
    press(page, "Send me a test")
    test = site.post_office.mail_to(ORGANISER, subject="Test: A hearing in June")
    assert "The court has set a date." in test.text
    press(page, "Email it to 2 people")
    for email in SIGNERS:
        assert "hearing" in site.post_office.mail_to(email, subject="A hearing in June").text


def make_files(page: Page) -> None:
    """Make the list and the pack, and download both."""
    follow(page, "Hand over")
    page.get_by_label("Text with separators (CSV)").first.check()
    page.get_by_label("What do you need it for?").first.fill("For the embassy")
    press(page, "Make the list to hand over")
    wait_for(page, "Download file 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download file 1").click()
    rows = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == [*SIGNERS.values()]
    press(page, "Make a pack to hand over")
    page.get_by_label("What do you need it for?").fill("For the minister")
    press(page, "Make the pack")
    wait_for(page, "Pack of")
    page.get_by_role("link", name=re.compile("^Pack of")).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the pack (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")


def hand_over(page: Page) -> None:
    """Record on the page of the pack that it was handed over."""
    page.get_by_text("It was handed over").click()
    page.get_by_label("Handed over on").fill("2026-05-26")
    page.get_by_label("To whom, and where").fill("To the embassy in London")
    press(page, "Save and show it on the page")
