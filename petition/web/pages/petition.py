"""What everybody may see: the petition, its counter, and the form that signs it."""

from flask import (
    Response,
    g,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import ChallengeFailed, ChallengeRequired, RateLimited
from petition.models.enums import PUBLIC_STATES
from petition.petitions import queries, sharing
from petition.signatures import signing
from petition.signatures.entries import EntryContext
from petition.web.middleware import page_cache
from petition.web.middleware.headers import come_back, for_all_sites, see_other
from petition.web.middleware.language import LocalizedBlueprint, set_language
from petition.web.support import abuse_checks
from petition.web.support.forms import SignForm
from petition.web.support.keys import keys
from petition.web.support.memo import memoize
from petition.web.support.page_context import find_featured, get_page_context

pages = LocalizedBlueprint("petition", __name__)

# A visitor may be a second behind, and so may whatever caches for many of them.
PAGE_CACHE = "public, max-age=1"
COUNT_CACHE = "public, max-age=5, stale-while-revalidate=30"


@pages.get("/")
def index() -> Response:
    """The featured petition; else the only open one; else the list."""
    listed = queries.list_petitions(g.language, states=PUBLIC_STATES)
    first = find_featured(listed)
    if first is not None:
        return show(first.slug)
    page_cache.cache_response()
    page = make_response(render_template("petition/list.html", petitions=listed))
    page.headers["Cache-Control"] = PAGE_CACHE
    return page


@pages.get("/p/<slug>")
def show(slug: str) -> Response:
    """The petition: letter, form, counter, share links."""
    page_cache.cache_response()
    page = _petition_page(
        slug, SignForm(), channel=page_cache.channel_in(request.query_string.decode())
    )
    page.headers["Cache-Control"] = PAGE_CACHE
    return page


def _petition_page(slug: str, form: SignForm, *, channel: str, **values: object) -> Response:
    shown = queries.get_petition(slug, g.language)
    return make_response(
        render_template(
            "petition/page.html",
            petition=shown,
            form=form,
            channel=sharing.channel_of(channel),
            **get_page_context(shown),
            **{"opened": abuse_checks.make_form_token(), **values},
        )
    )


@pages.get("/p/<slug>/sign")
def sign_again(slug: str) -> AnyResponse:
    """Lead back who reloads the address of a form that had errors."""
    return see_other(url_for("petition.show", slug=slug, _anchor="sign"))


@pages.post("/p/<slug>/sign")
def sign(slug: str) -> AnyResponse:
    """Take a signature. Every accepted entry gets the same answer, whoever has signed before."""
    set_language(request.form.get("language", g.language))
    channel = request.form.get("channel", "")
    # As the page does, this may be a second behind; whether the petition is open may not, and is
    # looked at again when the entry is kept.
    signable = memoize(
        f"signable:{g.language}:{slug}",
        lambda: queries.get_signing_terms(slug, g.language),
        seconds=page_cache.SECONDS,
    )
    form = SignForm(
        request.form,
        asks_postcode=signable.asks_postcode,
        refuses_disposable=signable.refuses_disposable,
    )

    def ask_again(status: int, **values: object) -> Response:
        # Who is sent back once needs no more time: they have looked.
        opened = abuse_checks.make_form_token(asked_before=True)
        page = _petition_page(slug, form, channel=channel, opened=opened, **values)
        page.status_code = status
        return page

    if not form.valid():
        return ask_again(422)
    another_look = abuse_checks.find_timing_problem()
    if another_look:
        return ask_again(422, notice=another_look)
    try:
        token = _keep(form, signable, sharing.channel_of(channel))
    except ChallengeRequired:
        return ask_again(422, notice="step", step=abuse_checks.issue_challenge())
    except ChallengeFailed as refused:
        page = ask_again(
            429, notice="step", step=abuse_checks.issue_challenge(request.form["ticket"])
        )
        return come_back(page, refused.wait)
    except RateLimited as over:
        return come_back(ask_again(429, notice="too_many"), over.wait)
    return see_other(url_for("confirmation.pending", token=token))


def _keep(form: SignForm, signable: queries.SigningTerms, channel: str) -> str:
    """Keep a good entry and return the token of its pending page."""
    moment, address = now(), form.address()
    setting = EntryContext(
        language=g.language,
        channel=channel,
        text_language=signable.text_language,
        text_version=signable.text_version,
    )
    email_id = signing.sign(
        signable.id,
        form.entry(),
        address,
        setting,
        sender=abuse_checks.signing_sender(address, signable.id),
        now=moment,
    )
    return keys().make(tokens.PENDING, email_id, now=moment)


@pages.get("/p/<slug>/count.json", in_languages=False)
def count(slug: str) -> Response:
    """The counter for pages that are open and for other sites. The day it changed on, no more: to
    the second it would tell when somebody clicked.
    """
    page_cache.cache_response()
    counted = queries.get_count(slug)
    answer = jsonify(
        count=counted.count,
        goal=counted.goal,
        updated=counted.updated.replace(hour=0, minute=0, second=0).isoformat(timespec="seconds"),
    )
    answer.headers["Cache-Control"] = COUNT_CACHE
    return for_all_sites(answer)
