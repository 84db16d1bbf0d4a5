"""Go through every public page: pages to read, forms, a signer's own pages, error pages."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count

from playwright.sync_api import Page, Route

from petition.core import tokens
from petition.core.clock import now
from petition.core.config import ROOT
from tests.browser.full_site import LONG_NAME, STATES, UKRAINIAN, FullSite

PATHS = (
    "",
    "p/kuramshin",
    "p/kuramshin/share",
    "p/kuramshin/updates",
    "p/kuramshin/signatures",
    "p/kuramshin/versions",
    "p/kuramshin/mastodon",
    "p/kuramshin/mastodon?server=x",
    "p/kuramshin/mastodon?server=mastodon.social",
    "p/kuramshin/embed",
    f"p/{UKRAINIAN}",
    "privacy",
    "accessibility",
    "confirm/cut-short",
)
# The other error pages are answers to a request below.
ERROR_PAGES = sorted(
    {file.name for file in (ROOT / "templates" / "errors").glob("*.html")}
    - {"base.html", "link_broken.html", "link_gone.html", "challenge.html"}
    - {"challenge_form.html"}
)
# The site takes one signature from this network, then none.
LOCAL_NETWORK = {"X-Forwarded-For": "127.0.0.1"}  # it is never refused
NETWORK = {"X-Forwarded-For": "198.51.100.7"}
# The settings that the pages here need.
SETTINGS = {
    "TRUSTED_PROXIES": "1",
    "RATELIMIT_FREE": "1",
    "RATELIMIT_MOST": "1",
    "MIN_FORM_SECONDS": "3600",  # every form comes back to be looked over
}
TRIES = 12  # a limit starts again when a window of ten minutes ends
_numbers = count(1)


def all_pages(page: Page, site: FullSite, language: str) -> Iterator[str]:
    """Open every page in a language; yield its name while it is open."""
    yield from pages(page, site, language)
    yield from forms_and_states(page, site, language)


def pages(page: Page, site: FullSite, language: str) -> Iterator[str]:
    """Open the pages to read, a signer's own pages and the error pages."""
    home = f"{site.url}/{language}/"
    for path in PATHS:
        page.goto(home + path)
        yield path
    yield from _update_and_letter(page, home)
    yield from _signing(page, site, home, language)
    yield from _self_service(page, site, home, language)
    yield from _error_pages(page, site, home, language)


def forms_and_states(page: Page, site: FullSite, language: str) -> Iterator[str]:
    """Open a petition in every state and with every answer to its form."""
    home = f"{site.url}/{language}/"
    for slug in STATES:
        page.goto(f"{home}p/{slug}")
        yield slug
    yield from _sign_form(page, home, language)


def _submit(page: Page, form: str, **fields: str) -> int:
    """Fill in fields of a form, submit it and return the status of the answer."""
    for name, value in fields.items():
        page.locator(f"{form} [name={name}]").fill(value)
    with page.expect_navigation() as navigation:
        page.locator(f"{form} button[type=submit]").first.click()
    assert navigation.value is not None
    return navigation.value.status


def _update_and_letter(page: Page, home: str) -> Iterator[str]:
    page.goto(f"{home}p/kuramshin/updates")
    with page.expect_navigation():
        page.locator("article h2 a").first.click()
    yield "update with a picture"
    page.goto(f"{home}p/kuramshin/write")
    yield "write"
    page.locator("#office").select_option(index=1)
    _submit(page, "main form", name=LONG_NAME)
    yield "letter to the embassy"
    page.locator("#office").select_option("0")
    _submit(page, "main form", name=LONG_NAME)
    yield "letter to an embassy that is not listed"


def _sign_form(page: Page, home: str, language: str) -> Iterator[str]:
    page.goto(f"{home}p/kuramshin")
    _submit(page, "#sign form")
    yield "form with errors"
    _fill_in(page, home, f"first@{language}.example.org")
    yield "form to look over"
    page.set_extra_http_headers(LOCAL_NETWORK)
    _sign_until_refused(page, home, language)
    yield "form with a challenge"
    page.set_extra_http_headers(NETWORK)
    _sign_until_refused(page, home, language)
    yield "form beyond the limit"
    page.set_extra_http_headers({})


def _fill_in(page: Page, home: str, email: str) -> None:
    page.goto(f"{home}p/kuramshin")
    page.locator("#country").select_option("SE")
    page.locator("#consent").check()
    _submit(page, "#sign form", name=LONG_NAME, email=email)


def _sign_until_refused(page: Page, home: str, language: str) -> None:
    """Sign until the site asks for a challenge or refuses."""
    for number in range(TRIES):
        _fill_in(page, home, f"{number}@{language}.example.org")
        _submit(page, "#sign form")
        if page.locator(".signing [role=alert]").count():
            return
    raise AssertionError(page.url)


def _signing(page: Page, site: FullSite, home: str, language: str) -> Iterator[str]:
    """Open the pages from the form to the thanks, and what a mailed link leads to."""
    email = f"signer{next(_numbers)}@{language}.example.com"
    signer = site.sign(email, name=LONG_NAME, language=language, confirmed=False)
    ids = (signer.entry.signature_id, signer.entry.entry)
    pending = f"{home}pending/{site.token(tokens.PENDING, signer.email_id)}"
    page.goto(pending)
    yield "pending"
    _submit(page, "form:has(#code)", code="000000")
    yield "pending with a wrong code"
    page.goto(pending)
    page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    _submit(page, "form:has(#email)", email="no address")
    yield "pending with a wrong address"
    doubted = site.sign(
        f"{LONG_NAME.replace(' ', '')[:40]}{next(_numbers)}@gmial.com",
        language=language,
        country="KZ",
        confirmed=False,
    )
    page.goto(f"{home}pending/{site.token(tokens.PENDING, doubted.email_id)}")
    yield "pending with a question"
    assert page.locator("[name=answer]").count() == 2
    purpose = tokens.confirm_purpose(7)
    link = f"{home}confirm/{site.token(purpose, *ids)}"
    page.goto(link)
    yield "confirm"
    page.goto(f"{home}confirm/{site.token(purpose, *ids, at=now() - timedelta(days=8))}")
    yield "expired"
    page.goto(f"{link}/entry")
    yield "own entry"
    assert _submit(page, "main form", name="") == 422
    yield "own entry with errors"
    other = site.sign(email, name="Somebody Else", language=language, confirmed=False)
    page.goto(link)
    yield "confirm one of two names"
    assert page.locator("[name=entry][type=radio]").count() == 2
    assert _submit(page, "main form") == 422
    yield "confirm neither of two names"
    page.goto(f"{home}not-me/{site.token(tokens.DISOWN, other.email_id)}")
    yield "not me"
    _submit(page, "form[action$=accept]")
    yield "emails accepted"
    page.goto(f"{home}not-me/{site.token(tokens.DISOWN, other.email_id)}")
    page.locator("#never").check()
    assert _submit(page, "form:has(#never)") == 200
    yield "removed"
    page.goto(link)
    _submit(page, "main form")
    assert "/thanks/" in page.url
    yield "thanks"
    page.goto(f"{home}thanks/{site.token(tokens.COUNTED, signer.entry.signature_id)}")
    yield "counted"
    page.goto(link)
    assert page.locator("[name=entry][type=hidden]").count() == 1
    yield "confirmed already"


def _self_service(page: Page, site: FullSite, home: str, language: str) -> Iterator[str]:
    """Open the pages on which a signer sees, corrects and withdraws a signature."""
    page.goto(f"{home}my")
    yield "my"
    _submit(page, "main form", email="no address")
    yield "my with errors"
    # Each time another network. It is local: the site asks it for a challenge, but never refuses.
    page.set_extra_http_headers({"X-Forwarded-For": f"127.0.1.{next(_numbers)}"})
    for number in range(TRIES):
        page.goto(f"{home}my")
        _submit(page, "main form", email=f"signer@{language}.example.com")
        if number == 0:
            yield "my sent"
        if page.locator("[data-challenge]").count():
            break
    assert page.locator("[data-challenge]").count() == 1
    yield "challenge"
    page.set_extra_http_headers({})
    signer = site.sign(f"own@{language}.example.com", name=LONG_NAME, language=language)
    my_page = f"{home}my/{site.token(tokens.SELF_SERVICE, signer.entry.signature_id)}"
    page.goto(my_page)
    for entry in page.locator(".entries > li > details > summary").all():
        entry.click()
    yield "my signature"
    _submit(page, "form:has(#name)", name="")
    yield "my signature with errors"
    _submit(page, "form:has(#name)", name=LONG_NAME)
    yield "my signature corrected"
    site.change_text(language)
    page.goto(my_page)
    page.locator("#new-text ~ details summary").click()
    yield "my signature with a new text"
    site.change_text(language)
    assert _submit(page, "form:has([value=confirm_text])") == 409
    yield "my signature with a text that has changed again"
    _submit(page, "form:has([value=confirm_text])")
    yield "my signature with the new text confirmed"
    assert page.locator("#new-text").count() == 0
    page.goto(f"{home}unsubscribe/{site.token(tokens.UNSUBSCRIBE, signer.entry.signature_id)}")
    yield "unsubscribe"
    _submit(page, "main form")
    yield "unsubscribed"
    page.goto(my_page)
    page.locator("details:has([value=withdraw]) > summary").click()
    _submit(page, "form:has([value=withdraw])")
    yield "withdrawn"
    page.goto(my_page)
    yield "gone"


def _error_pages(page: Page, site: FullSite, home: str, language: str) -> Iterator[str]:
    assert ERROR_PAGES
    for name in ERROR_PAGES:
        page.route(f"{home}failed", _fulfill(site.error_page(name, language)))
        page.goto(f"{home}failed")
        yield name
        page.unroute(f"{home}failed")


def _fulfill(html: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")
