"""Every page that the public may come to, one after the other: those that are read, what their
forms answer, a signer's own, and those that say what went wrong.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta

from playwright.sync_api import Page, Route

from petition.core import tokens
from petition.core.clock import now
from petition.core.config import ROOT
from tests.browser.furnished import FALLS_BACK, LONG, STATES, Furnished
from tests.conftest import in_one_window

READ = (
    "",
    "p/kuramshin",
    "p/kuramshin/share",
    "p/kuramshin/updates",
    "p/kuramshin/signatures",
    "p/kuramshin/mastodon",
    "p/kuramshin/mastodon?server=x",
    "p/kuramshin/mastodon?server=mastodon.social",
    "p/kuramshin/embed",
    f"p/{FALLS_BACK}",
    "privacy",
    "accessibility",
    "confirm/cut-short",
)
FAILURES = sorted(
    file.name
    for file in (ROOT / "templates" / "failures").glob("*.html")
    # These are walked to.
    if file.name not in {"base.html", "link_broken.html", "link_gone.html", "challenge.html"}
)
_walks = itertools.count(1)
# Behind the site's proxy: a network of which one signature is taken and then none.
NETWORK = {"X-Forwarded-For": "198.51.100.7"}
# What the walk counts on.
SETTINGS = {
    "TRUSTED_PROXIES": "1",
    "RATELIMIT_FREE": "1",
    "RATELIMIT_MOST": "1",
    "MIN_FORM_SECONDS": "3600",  # every form is asked for a second look
}


def walk(page: Page, site: Furnished, language: str) -> Iterator[str]:
    """Go through all pages in a language and name each when it is there."""
    yield from pages(page, site, language)
    yield from forms_and_states(page, site, language)


def pages(page: Page, site: Furnished, language: str) -> Iterator[str]:
    """Go through those that are read, a signer's own, and those that say what went wrong."""
    home = f"{site.url}/{language}/"
    for path in READ:
        page.goto(home + path)
        yield path
    yield from _news_and_letter(page, home)
    yield from _signer(page, site, home, language)
    yield from _own(page, site, home, language)
    yield from _failures(page, site, home, language)


def forms_and_states(page: Page, site: Furnished, language: str) -> Iterator[str]:
    """Go through what a petition's form answers, and what stands in its place."""
    home = f"{site.url}/{language}/"
    for slug in STATES:
        page.goto(f"{home}p/{slug}")
        yield slug
    yield from _form(page, home, language)


def _send(page: Page, within: str, **fields: str) -> int:
    """Fill fields in, press the button, and return the status of the answer."""
    for name, value in fields.items():
        page.locator(f"{within} [name={name}]").fill(value)
    with page.expect_navigation() as coming:
        page.locator(f"{within} button[type=submit]").first.click()
    assert coming.value is not None
    return coming.value.status


def _news_and_letter(page: Page, home: str) -> Iterator[str]:
    page.goto(f"{home}p/kuramshin/updates")
    with page.expect_navigation():
        page.locator("article h2 a").first.click()
    yield "news with a picture"
    page.goto(f"{home}p/kuramshin/write")
    yield "write"
    page.locator("#office").select_option(index=1)
    _send(page, "main form", name=LONG)
    yield "the letter to the embassy"
    page.locator("#office").select_option("0")
    _send(page, "main form", name=LONG)
    yield "the letter to an embassy that is not listed"


def _form(page: Page, home: str, language: str) -> Iterator[str]:
    page.goto(f"{home}p/kuramshin")
    _send(page, "#sign form")
    yield "form with errors"
    _fill(page, home, f"first@{language}.example.org")
    yield "form to look over"
    _until_asked(page, home, language)
    yield "form with one more step"
    page.set_extra_http_headers(NETWORK)
    _until_asked(page, home, language)
    yield "form of too many"
    page.set_extra_http_headers({})


def _fill(page: Page, home: str, email: str) -> None:
    page.goto(f"{home}p/kuramshin")
    page.locator("#country").select_option("SE")
    page.locator("#consent").check()
    _send(page, "#sign form", name=LONG, email=email)


def _until_asked(page: Page, home: str, language: str) -> None:
    """Sign until the site asks for more than a second look: from the second time in ten minutes."""
    for number in range(3):
        _fill(page, home, f"{number}@{language}.example.org")
        _send(page, "#sign form")
        if page.locator("#sign [role=alert]").count():
            return
    raise AssertionError(page.url)


def _signer(page: Page, site: Furnished, home: str, language: str) -> Iterator[str]:
    """Yield the pages between form and thanks, and those of a link that came to somebody else."""
    email = f"signer{next(_walks)}@{language}.example.com"
    signer = site.sign(email, name=LONG, language=language, confirmed=False)
    kept = (signer.kept.signature_id, signer.kept.entry)
    pending = f"{home}pending/{site.token(tokens.PENDING, signer.letter)}"
    page.goto(pending)
    yield "pending"
    _send(page, "form:has(#code)", code="000000")
    yield "pending with a wrong code"
    page.goto(pending)
    page.locator("details:has(#email) > summary").click()
    _send(page, "details:has(#email) form", email="no address")
    yield "pending with a wrong address"
    week = tokens.confirm_purpose(7)
    link = f"{home}confirm/{site.token(week, *kept)}"
    page.goto(link)
    yield "confirm"
    page.goto(f"{home}confirm/{site.token(week, *kept, at=now() - timedelta(days=8))}")
    yield "expired"
    other = site.sign(email, name="Somebody Else", language=language, confirmed=False)
    page.goto(link)
    yield "confirm one of two names"
    assert page.locator("[name=entry][type=radio]").count() == 2
    assert _send(page, "main form") == 422
    yield "confirm neither of two names"
    page.goto(f"{home}not-me/{site.token(tokens.DISOWN, other.letter)}")
    yield "not me"
    page.locator("#never").check()
    assert _send(page, "main form") == 200
    yield "removed"
    page.goto(link)
    _send(page, "main form")
    assert "/thanks/" in page.url
    yield "thanks"
    page.goto(link)
    assert page.locator("[name=entry][type=hidden]").count() == 1
    yield "confirmed already"


def _own(page: Page, site: Furnished, home: str, language: str) -> Iterator[str]:
    """Yield what a signer does with the signature, up to its end."""
    page.goto(f"{home}my")
    yield "my"
    _send(page, "main form", email="no address")
    yield "my with errors"
    # Each walk from a network of its own: four such forms are free. It is never refused.
    page.set_extra_http_headers({"X-Forwarded-For": f"127.0.1.{next(_walks)}"})
    in_one_window(20)
    for number in range(5):
        page.goto(f"{home}my")
        _send(page, "main form", email=f"signer@{language}.example.com")
        if number == 0:
            yield "my sent"
    assert page.locator("[data-challenge]").count() == 1
    yield "one more step"
    page.set_extra_http_headers({})
    signer = site.sign(f"own@{language}.example.com", name=LONG, language=language)
    mine = f"{home}my/{site.token(tokens.SELF_SERVICE, signer.kept.signature_id)}"
    page.goto(mine)
    yield "my signature"
    _send(page, "form:has(#name)", name="")
    yield "my signature with errors"
    _send(page, "form:has(#name)", name=LONG)
    yield "my signature corrected"
    page.goto(mine)
    page.locator("details:has([value=withdraw]) > summary").click()
    _send(page, "form:has([value=withdraw])")
    yield "withdrawn"
    page.goto(mine)
    yield "gone"


def _failures(page: Page, site: Furnished, home: str, language: str) -> Iterator[str]:
    for name in FAILURES:
        page.route(f"{home}failed", _answering(site.failure(name, language)))
        page.goto(f"{home}failed")
        yield name
        page.unroute(f"{home}failed")


def _answering(html: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=html, content_type="text/html; charset=utf-8")
