"""A signer's own way: the page after signing, the mailed link, thanks. A token is the only key to
each.
"""

from flask import Response, current_app, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from petition import confirming, petitions, signing, tokens
from petition.clock import now
from petition.errors import TokenExpired
from petition.web.headers import private, see_other
from petition.web.language import Prefixed, speak

pages = Prefixed("signer", __name__)


@pages.after_request
def keep_private(response: Response) -> Response:
    """Mark every page here as nobody else's."""
    return private(response)


@pages.get("/pending/<token>")
def pending(token: str) -> Response:
    """Tell what to do next. The same page for an address that is new, pending or confirmed."""
    (letter_id,) = _read(tokens.PENDING, token)
    found = signing.pending(letter_id)
    speak(found.language)
    return _page("pending", found.slug, found.language, token=token, again="again" in request.args)


@pages.post("/pending/<token>")
def send_again(token: str) -> AnyResponse:
    """Send the mail once more, within its limits, and say the same in every case."""
    (letter_id,) = _read(tokens.PENDING, token)
    signing.resend(letter_id, now=now())
    return see_other(url_for("signer.pending", token=token, again=1))


@pages.get("/confirm/<token>")
def confirm(token: str) -> Response:
    """Show what is about to be confirmed, and one button. Changes nothing: mail scanners open
    links.
    """
    try:
        signature_id, entry = _read(_confirming(), token)
    except TokenExpired as expired:
        return _expired(expired, token)
    about = confirming.to_confirm(signature_id)
    speak(about.language)
    return make_response(
        render_template(
            "signer/confirm.html", about=about, token=token, replaced=about.entry != entry
        )
    )


@pages.post("/confirm/<token>")
def count_me(token: str) -> AnyResponse:
    """Count the signature that the page showed, once."""
    try:
        signature_id, entry = _read(_confirming(), token)
    except TokenExpired as expired:
        return _expired(expired, token)
    shown = request.form.get("entry", "")
    if shown.isascii() and shown.isdigit() and len(shown) < 10:
        entry = int(shown)
    moment = now()
    if not confirming.confirm(signature_id, entry, now=moment):
        return see_other(url_for("signer.confirm", token=token))
    current_app.extensions["kept"].forget()
    thanks = current_app.extensions["tokens"].make(tokens.THANKS, signature_id, now=moment)
    return see_other(url_for("signer.thanks", token=thanks))


@pages.post("/confirm/<token>/renew")
def renew(token: str) -> AnyResponse:
    """Send a new link in place of an expired one."""
    try:
        ids = _read(_confirming(), token)
    except TokenExpired as expired:
        ids = expired.ids
    moment = now()
    letter_id = signing.renew(ids[0], now=moment)
    pending = current_app.extensions["tokens"].make(tokens.PENDING, letter_id, now=moment)
    return see_other(url_for("signer.pending", token=pending))


@pages.get("/thanks/<token>")
def thanks(token: str) -> Response:
    """Thank, tell the number, and offer to pass it on."""
    (signature_id,) = _read(tokens.THANKS, token)
    found = confirming.thanks(signature_id)
    speak(found.language)
    return _page("thanks", found.slug, found.language, number=found.number)


def _page(name: str, slug: str, language: str, **values: object) -> Response:
    petition = petitions.shown(slug, language)
    return make_response(render_template(f"signer/{name}.html", petition=petition, **values))


def _expired(expired: TokenExpired, token: str) -> Response:
    speak(confirming.to_confirm(expired.ids[0]).language)
    return make_response(render_template("signer/expired.html", token=token), 410)


def _confirming() -> tokens.Purpose:
    return tokens.confirm(current_app.config["CONFIRM_LINK_DAYS"])


def _read(purpose: tokens.Purpose, token: str) -> tuple[int, ...]:
    read: tuple[int, ...] = current_app.extensions["tokens"].read(purpose, token, now=now())
    return read
