"""A whole campaign in the browser, by what a person reads alone: no address, no id, no class."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import organisers_steps as steps
from tests.browser.chromium import new_context
from tests.browser.site import Site, run_site


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site of one's own: there is one campaign on it."""
    with run_site(tmp_path_factory.mktemp("instance")) as site:
        yield site


@pytest.mark.parametrize(("width", "height", "javascript"), [(390, 844, False), (1280, 720, True)])
def test_a_campaign_from_the_first_draft_to_the_hand_over(
    site: Site, chromium: Browser, width: int, height: int, javascript: bool
) -> None:
    site.flask("organiser", "invite", steps.ORGANISER, "--role", "admin")
    size = {"width": width, "height": height}
    options = {"viewport": size, "java_script_enabled": javascript, "reduced_motion": "reduce"}
    context = new_context(chromium, **options)
    page = context.new_page()
    steps.sign_in(page, site)
    steps.make(page)
    steps.translate(page)
    steps.open_petition(page)
    public = steps.address(page)
    for email in steps.SIGNERS:
        signer = new_context(chromium, **options).new_page()
        signer.goto(public)
        steps.sign(signer, site, email)
        signer.context.close()
    steps.correct(page)
    steps.moderate(page)
    steps.publish_news(page)
    steps.email_news(page, site)
    steps.make_files(page)
    steps.hand_over(page)
    reader = new_context(chromium, **options).new_page()
    reader.goto(public)
    for words in (
        "we ask you to free all three",
        "It is three teachers",
        "A hearing in June",
        "Because teachers teach.",
        "To the embassy in London",
    ):
        expect(reader.get_by_text(words).first).to_be_visible()
    reader.get_by_role("link", name="Русский").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Свободу учителям")
    reader.context.close()
    context.close()
