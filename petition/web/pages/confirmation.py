"""A signer's own way: the page after signing, the mailed link, thanks. A token is the only key to
each.
"""

from typing import Any

from flask import Response, current_app, make_response, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.abuse import email_domains
from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import CodeInvalid, DisposableAddressRefused, TokenExpired, TooSoon
from petition.petitions import queries, updates
from petition.signatures import confirmation, verification
from petition.signatures.entries import EntryRef
from petition.web.middleware.headers import see_other
from petition.web.middleware.language import LocalizedBlueprint, set_language
from petition.web.support import abuse_checks
from petition.web.support.forms import AddressForm, throw_away
from petition.web.support.keys import keys

pages = LocalizedBlueprint("confirmation", __name__)


@pages.get("/pending/<token>")
def pending(token: str) -> Response:
    """Tell how far the mail is and what to do next. The same page for an address that is new,
    pending or confirmed.
    """
    return _pending(token)


def _pending(token: str, **values: object) -> Response:
    (email_id,) = _read(tokens.PENDING, token)
    moment = now()
    found = verification.get_progress(email_id, now=moment)
    set_language(found.language)
    return _page(
        "pending",
        found.slug,
        found.language,
        token=token,
        pending=found,
        suggestion=email_domains.suggestion(found.email),
        too_soon=moment < found.again_at,
        again="again" in request.args,
        **{"form": AddressForm(), **values},
    )


@pages.post("/pending/<token>")
def send_again(token: str) -> AnyResponse:
    """Send the mail once more, within its limits, and say the same in every case."""
    (email_id,) = _read(tokens.PENDING, token)
    moment = now()
    try:
        email_id = verification.resend(email_id, sender=abuse_checks.request_sender(), now=moment)
    except TooSoon:
        return _pending(token)
    return _to_pending(email_id, again=1)


@pages.post("/pending/<token>/code")
def type_code(token: str) -> AnyResponse:
    """Do what the button under the mailed link does, for the six digits of the mail."""
    (email_id,) = _read(tokens.PENDING, token)
    try:
        signature_id = confirmation.confirm_by_code(
            email_id,
            request.form.get("code", ""),
            keys=keys(),
            lifetime=_confirming().lifetime,
            now=now(),
        )
    except CodeInvalid:
        page = _pending(
            token,
            code_error=_(
                "This is not the code of the mail, or it was tried too often."
                " Please look again, or use the link in the mail."
            ),
        )
        page.status_code = 422
        return page
    return _to_thanks(signature_id)


@pages.post("/pending/<token>/address")
def correct_address(token: str) -> AnyResponse:
    """Sign again with the same entry and another address."""
    (email_id,) = _read(tokens.PENDING, token)
    form = AddressForm(request.form)
    if form.valid():
        try:
            email_id = verification.correct_address(
                email_id,
                form.address(),
                sender=abuse_checks.request_sender(),
                now=now(),
            )
            return _to_pending(email_id)
        except DisposableAddressRefused:
            form.errors["email"] = throw_away()
    page = _pending(token, form=form)
    page.status_code = 422
    return page


@pages.get("/pending/<token>/code")
@pages.get("/pending/<token>/address")
def back_to_pending(token: str) -> AnyResponse:
    """Lead back who reloads the address of a form that had errors."""
    return see_other(url_for("confirmation.pending", token=token))


@pages.get("/confirm/<token>")
def confirm(token: str) -> Response:
    """Show what is about to be confirmed, and one button. Changes nothing: mail scanners open
    links.
    """
    try:
        kept = EntryRef(*_read(_confirming(), token))
    except TokenExpired as expired:
        return _expired(expired, token)
    return _confirm_page(confirmation.get_pending(kept), token)


def _confirm_page(
    about: confirmation.PendingConfirmation, token: str, *, unchosen: bool = False
) -> Response:
    set_language(about.language)
    page = render_template("confirmation/confirm.html", about=about, token=token, unchosen=unchosen)
    return make_response(page, 422 if unchosen else 200)


@pages.post("/confirm/<token>")
def count_me(token: str) -> AnyResponse:
    """Count the signature that the page showed, once; where different entries were typed for the
    mailbox, the one chosen.
    """
    try:
        kept = EntryRef(*_read(_confirming(), token))
    except TokenExpired as expired:
        return _expired(expired, token)
    about = confirmation.get_pending(kept)
    chosen = request.form.get("entry", "")
    if chosen in map(str, about.choices):
        kept = EntryRef(kept.signature_id, int(chosen))
    elif len(about.choices) > 1:
        return _confirm_page(about, token, unchosen=True)
    confirmation.confirm(kept, now=now())
    return _to_thanks(kept.signature_id)


@pages.post("/confirm/<token>/renew")
def renew(token: str) -> AnyResponse:
    """Send a new link in place of an expired one."""
    try:
        ids = _read(_confirming(), token)
    except TokenExpired as expired:
        ids = expired.ids
    email_id = verification.renew(*ids, sender=abuse_checks.request_sender(), now=now())
    return _to_pending(email_id)


@pages.get("/confirm/<token>/renew")
def back_to_confirm(token: str) -> AnyResponse:
    """Lead back who reloads the address of the form that asks for a new link."""
    return see_other(url_for("confirmation.confirm", token=token))


@pages.get("/thanks/<token>")
def thanks(token: str) -> Response:
    """Thank, tell the number, and offer to pass it on."""
    (signature_id,) = _read(tokens.THANKS, token)
    found = confirmation.get_thanks(signature_id)
    set_language(found.language)
    # With no link to the signer's own page: this address is the likeliest to be passed on.
    return _page("thanks", found.slug, found.language, number=found.number)


def _page(name: str, slug: str, language: str, **values: object) -> Response:
    petition = queries.get_petition(slug, language)
    return make_response(
        render_template(
            f"confirmation/{name}.html",
            petition=petition,
            has_targets=bool(updates.list_targets(petition.id)),
            **values,
        )
    )


def _to_pending(email_id: int, **values: Any) -> Response:
    token = keys().make(tokens.PENDING, email_id, now=now())
    return see_other(url_for("confirmation.pending", token=token, **values))


def _to_thanks(signature_id: int) -> Response:
    current_app.extensions["page_cache"].forget()
    token = keys().make(tokens.THANKS, signature_id, now=now())
    return see_other(url_for("confirmation.thanks", token=token))


def _expired(expired: TokenExpired, token: str) -> Response:
    about = confirmation.get_pending(EntryRef(*expired.ids))
    if about.confirmed:
        return _confirm_page(about, token)
    set_language(about.language)
    return make_response(render_template("confirmation/expired.html", token=token), 410)


def _confirming() -> tokens.Purpose:
    return tokens.confirm_purpose(current_app.config["CONFIRM_LINK_DAYS"])


def _read(purpose: tokens.Purpose, token: str) -> tuple[int, ...]:
    return keys().read(purpose, token, now=now())
