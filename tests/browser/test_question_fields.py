"""Questions of a petition's own in a real browser, without JavaScript: found and read by labels."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from petition.core.clock import now
from petition.petitions import lifecycle
from petition.petitions.editing import petition_file
from tests.browser.full_site import FullSite, run_full_site
from tests.browser.overflow import find_overflow
from tests.browser.site import OpenPage

QUESTIONS = [
    {"id": "city", "kind": "text", "required": True, "text": {"en": "City", "ru": "Город"}},
    {
        "id": "help",
        "kind": "choice",
        "text": {"en": "How can you help?", "ru": "Чем вы поможете?"},
        "options": [
            {"id": "post", "text": {"en": "Put up posters", "ru": "Клеить плакаты"}},
            {"id": "write", "text": {"en": "Write letters", "ru": "Писать письма"}},
        ],
    },
    {"id": "adult", "kind": "tick", "text": {"en": "I am over 18", "ru": "Мне больше 18"}},
]
TEXT = {
    "title": "Free them",
    "target": "the Government",
    "lede": "They are in prison.",
    "letter": "We ask you to free them.",
    "story": "They spoke.",
    "share": "Sign:",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    """Return a site with a petition that has questions."""
    fields = {
        "slug": "asking",
        "state": "open",
        "source_language": "en",
        "organiser": "The committee",
        "contact": "committee@example.org",
        "questions": QUESTIONS,
        "text": {"en": TEXT},
    }
    with run_full_site(tmp_path_factory.mktemp("instance"), {"MIN_FORM_SECONDS": "0"}) as site:
        with site.app.app_context():
            lifecycle.create(petition_file.parse(fields), now=now())
        yield site


def test_a_signer_answers_by_the_labels_alone(open_page: OpenPage) -> None:
    page = open_page(
        "/ru/p/asking", java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page.locator("#name").fill("Анна Берг")
    page.locator("#email").fill("anna@example.org")
    page.locator("#country").select_option("SE")
    page.get_by_label("Чем вы поможете? (необязательно)").select_option("Писать письма")
    page.get_by_label("Мне больше 18 (необязательно)").check()
    page.locator("#consent").check()
    page.locator("#sign button[type=submit]").click()
    city = page.get_by_label("Город")
    expect(city).to_have_attribute("aria-invalid", "true")
    expect(city).to_have_accessible_description(re.compile("Ответьте на этот вопрос."))
    expect(page.get_by_label("Мне больше 18 (необязательно)")).to_be_checked()
    expect(page.locator("#answer_help")).to_have_value("write")
    assert find_overflow(page) == []
    city.fill("Осло")
    page.locator("#sign button[type=submit]").click()
    expect(page).to_have_url(re.compile("/pending/"))
