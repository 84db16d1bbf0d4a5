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

from petition import petitions, sharing, signing, tokens
from petition.clock import now
from petition.entries import Setting
from petition.errors import ProofRefused, StepWanted, TooMany
from petition.kinds import PUBLIC
from petition.web import doorkeeper, kept
from petition.web.forms import SignForm
from petition.web.headers import come_back, for_all_sites, see_other
from petition.web.keys import keys
from petition.web.language import Prefixed, speak
from petition.web.remembered import remembered
from petition.web.surroundings import around, foremost

pages = Prefixed("public", __name__)

# A visitor may be a second behind, and so may whatever caches for many of them.
PAGE_CACHE = "public, max-age=1"
COUNT_CACHE = "public, max-age=5, stale-while-revalidate=30"


@pages.get("/")
def index() -> Response:
    """The featured petition; else the only open one; else the list."""
    listed = petitions.listed(g.language, states=PUBLIC)
    first = foremost(listed)
    if first is not None:
        return petition(first.slug)
    kept.keep()
    page = make_response(render_template("petition/list.html", petitions=listed))
    page.headers["Cache-Control"] = PAGE_CACHE
    return page


@pages.get("/p/<slug>")
def petition(slug: str) -> Response:
    """The petition: letter, form, counter, share links."""
    kept.keep()
    page = _petition_page(slug, SignForm(), channel=kept.channel_in(request.query_string.decode()))
    page.headers["Cache-Control"] = PAGE_CACHE
    return page


def _petition_page(slug: str, form: SignForm, *, channel: str, **values: object) -> Response:
    shown = petitions.shown(slug, g.language)
    return make_response(
        render_template(
            "petition/page.html",
            petition=shown,
            form=form,
            channel=sharing.channel_of(channel),
            **around(shown),
            **{"opened": doorkeeper.opened(), **values},
        )
    )


@pages.get("/p/<slug>/sign")
def sign_again(slug: str) -> AnyResponse:
    """Lead back who reloads the address of a form that had errors."""
    return see_other(url_for("public.petition", slug=slug, _anchor="sign"))


@pages.post("/p/<slug>/sign")
def sign(slug: str) -> AnyResponse:
    """Take a signature. Every accepted entry gets the same answer, whoever has signed before."""
    speak(request.form.get("language", g.language))
    channel = request.form.get("channel", "")
    # As the page does, this may be a second behind; whether the petition is open may not, and is
    # looked at again when the entry is kept.
    signable = remembered(
        f"signable:{g.language}:{slug}",
        lambda: petitions.signable(slug, g.language),
        seconds=kept.SECONDS,
    )
    form = SignForm(
        request.form,
        asks_postcode=signable.asks_postcode,
        refuses_disposable=signable.refuses_disposable,
    )

    def ask_again(status: int, **values: object) -> Response:
        # Who is sent back once needs no more time: they have looked.
        opened = doorkeeper.opened(asked_before=True)
        page = _petition_page(slug, form, channel=channel, opened=opened, **values)
        page.status_code = status
        return page

    if not form.valid():
        return ask_again(422)
    another_look = doorkeeper.wants_another_look()
    if another_look:
        return ask_again(422, notice=another_look)
    try:
        token = _keep(form, signable, sharing.channel_of(channel))
    except StepWanted:
        return ask_again(422, notice="step", step=doorkeeper.step())
    except ProofRefused as refused:
        page = ask_again(429, notice="step", step=doorkeeper.step(request.form["ticket"]))
        return come_back(page, refused.wait)
    except TooMany as over:
        return come_back(ask_again(429, notice="too_many"), over.wait)
    return see_other(url_for("signer.pending", token=token))


def _keep(form: SignForm, signable: petitions.Signable, channel: str) -> str:
    """Keep a good entry and return the token of its pending page."""
    moment, address = now(), form.address()
    setting = Setting(
        language=g.language,
        channel=channel,
        text_language=signable.text_language,
        text_version=signable.text_version,
    )
    letter_id = signing.sign(
        signable.id,
        form.entry(),
        address,
        setting,
        sender=doorkeeper.signer(address, signable.id),
        now=moment,
    )
    return keys().make(tokens.PENDING, letter_id, now=moment)


@pages.get("/p/<slug>/count.json", in_languages=False)
def count(slug: str) -> Response:
    """The counter for pages that are open and for other sites. The day it changed on, no more: to
    the second it would tell when somebody clicked.
    """
    kept.keep()
    counted = petitions.count(slug)
    answer = jsonify(
        count=counted.count,
        goal=counted.goal,
        updated=counted.updated.replace(hour=0, minute=0, second=0).isoformat(timespec="seconds"),
    )
    answer.headers["Cache-Control"] = COUNT_CACHE
    return for_all_sites(answer)
