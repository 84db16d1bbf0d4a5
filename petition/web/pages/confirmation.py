"""The pages of signing by email: pending, confirm, thanks. Each is reached by a token."""

from typing import Any

from flask import Response, current_app, request, url_for
from flask_babel import gettext as _

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import CodeInvalid, DisposableAddressRefused, TokenExpired, TooSoon
from petition.petitions import queries, updates
from petition.signatures import address_question, confirmation, verification
from petition.signatures.entries import EntryRef
from petition.web.middleware.language import LocalizedBlueprint, set_language
from petition.web.support import abuse_checks
from petition.web.support.forms import AddressForm, OwnEntryForm, disposable_message
from petition.web.support.responses import render_page, see_other
from petition.web.support.tokens import get_tokens, made_at, make_token, read_token

pages = LocalizedBlueprint("confirmation", __name__)

_PREFILLED = ("name", "country", "postcode", "organisation", "role", "comment")


@pages.get("/pending/<token>")
def pending(token: str) -> Response:
    """Show whether the email was sent. The same page for a new, pending or confirmed address."""
    return _render_pending(token)


@pages.post("/pending/<token>")
def resend(token: str) -> Response:
    """Send the email again, within its limits. The response is the same in every case."""
    (email_id,) = read_token(tokens.PENDING, token)
    try:
        email_id = verification.resend(email_id, sender=abuse_checks.request_sender(), now=now())
    except TooSoon:
        return _render_pending(token)
    return redirect_to_pending(email_id, again=1)


@pages.post("/pending/<token>/code")
def submit_code(token: str) -> Response:
    """Confirm the signature by the six digits of the email."""
    (email_id,) = read_token(tokens.PENDING, token)
    try:
        signature_id = confirmation.confirm_by_code(
            email_id,
            request.form.get("code", ""),
            tokens=get_tokens(),
            lifetime=_confirm_purpose().lifetime,
            now=now(),
        )
    except CodeInvalid:
        message = _(
            "This is not the code of the mail, or it was tried too often."
            " Please look again, or use the link in the mail."
        )
        return _render_pending(token, status=422, code_error=message)
    return _redirect_to_thanks(signature_id)


@pages.post("/pending/<token>/address")
def correct_address(token: str) -> Response:
    """Sign again with the same entry and another address."""
    (email_id,) = read_token(tokens.PENDING, token)
    form = AddressForm(request.form)
    if form.valid():
        try:
            email_id = verification.correct_address(
                email_id, form.address(), sender=abuse_checks.request_sender(), now=now()
            )
            return redirect_to_pending(email_id)
        except DisposableAddressRefused:
            form.errors["email"] = disposable_message()
    return _render_pending(token, status=422, form=form)


@pages.post("/pending/<token>/answer")
def answer(token: str) -> Response:
    """Answer whether the address typed is right or the suggested one is meant. Idempotent."""
    (email_id,) = read_token(tokens.PENDING, token)
    match request.form.get("answer"):
        case "typed":
            email_id = address_question.keep_address(email_id, now=now())
        case "suggested":
            email_id = verification.use_suggestion(
                email_id, get_tokens().hash_mailbox, sender=abuse_checks.request_sender(), now=now()
            )
    return redirect_to_pending(email_id)


@pages.get("/pending/<token>/answer")
@pages.get("/pending/<token>/code")
@pages.get("/pending/<token>/address")
def reload_pending(token: str) -> Response:
    """Redirect a reader who reloads the page of a form with errors."""
    return see_other(url_for("confirmation.pending", token=token))


def _render_pending(token: str, **values: Any) -> Response:
    (email_id,) = read_token(tokens.PENDING, token)
    progress = verification.get_progress(email_id, now=now())
    set_language(progress.entry.language)
    return _render(
        "pending",
        progress.slug,
        progress.entry.language,
        token=token,
        pending=progress,
        too_soon=now() < progress.again_at,
        again="again" in request.args,
        **{"form": AddressForm(), **values},
    )


@pages.get("/confirm/<token>")
def confirm(token: str) -> Response:
    """Show the entry to confirm, and a button. Changes nothing: mail scanners open links."""
    entry_ref, expired = _read_link(token)
    return _render_confirm(confirmation.get_pending(entry_ref), token, expired=expired)


@pages.post("/confirm/<token>")
def submit(token: str) -> Response:
    """Confirm the signature, with the entry chosen if there are several. Idempotent."""
    entry_ref, expired = _read_link(token)
    pending = confirmation.get_pending(entry_ref)
    if expired:
        return _render_confirm(pending, token, expired=True)
    chosen = request.form.get("entry", "")
    if chosen in map(str, pending.choices):
        entry_ref = EntryRef(entry_ref.signature_id, int(chosen))
    elif len(pending.choices) > 1:
        return _render_confirm(pending, token, unchosen=True)
    elif chosen and pending.signature.counted:  # another one, meanwhile
        return reload_confirm(token)
    is_counted = confirmation.confirm(entry_ref, now=now())
    return _redirect_to_thanks(entry_ref.signature_id) if is_counted else reload_confirm(token)


def _render_confirm(
    pending: confirmation.PendingConfirmation,
    token: str,
    *,
    expired: bool = False,
    unchosen: bool = False,
) -> Response:
    set_language(pending.language)
    if expired and not pending.signature.counted:
        return render_page("confirmation/expired.html", status=410, token=token)
    status = 422 if unchosen else 200
    return render_page(
        "confirmation/confirm.html", status=status, pending=pending, token=token, unchosen=unchosen
    )


@pages.get("/confirm/<token>/entry")
def own_entry(token: str) -> Response:
    """Show a form to the owner of the mailbox whose entry somebody else, or a slip, has typed."""
    entry_ref, expired = _read_link(token)
    pending = confirmation.get_pending(entry_ref)
    if expired or pending.signature.counted:
        return reload_confirm(token)
    linked = next(iter(pending.choices.values()))
    # Without the choices that publish or pass on a name: a stranger may have made them.
    data = {name: getattr(linked, name) for name in _PREFILLED}
    return _render_own_entry(pending, token, OwnEntryForm(data))


@pages.post("/confirm/<token>/entry")
def submit_own_entry(token: str) -> Response:
    """Confirm the signature with what the owner of the mailbox enters. Idempotent."""
    entry_ref, expired = _read_link(token)
    pending = confirmation.get_pending(entry_ref)
    if expired:
        return reload_confirm(token)
    form = OwnEntryForm(request.form, asks_postcode=pending.petition.asks_postcode)
    if not form.valid():
        return _render_own_entry(pending, token, form, status=422)
    is_counted = confirmation.confirm_own(entry_ref, form.entry(), now=now())
    return _redirect_to_thanks(entry_ref.signature_id) if is_counted else reload_confirm(token)


def _render_own_entry(
    pending: confirmation.PendingConfirmation, token: str, form: OwnEntryForm, *, status: int = 200
) -> Response:
    set_language(pending.language)
    return render_page(
        "confirmation/own_entry.html", status=status, pending=pending, token=token, form=form
    )


@pages.post("/confirm/<token>/renew")
def renew_link(token: str) -> Response:
    """Send a new link for an expired one."""
    entry_ref, _expired = _read_link(token)
    sent_at, sender = made_at(_confirm_purpose(), token), abuse_checks.request_sender()
    email_id = verification.renew(entry_ref, link_made_at=sent_at, sender=sender, now=now())
    return redirect_to_pending(email_id)


@pages.get("/confirm/<token>/renew")
def reload_confirm(token: str) -> Response:
    """Redirect to the page of a link, as also when another entry was counted meanwhile."""
    return see_other(url_for("confirmation.confirm", token=token))


@pages.get("/thanks/<token>")
def thanks(token: str) -> Response:
    """Thank the signer and offer to share the petition."""
    # Without a link to the signer's own page: people share the address of this one.
    (signature_id,) = read_token(tokens.THANKS, token)
    thanks = confirmation.get_thanks(signature_id)
    set_language(thanks.language)
    return _render("thanks", thanks.slug, thanks.language, number=thanks.number)


def _render(name: str, slug: str, language: str, **values: Any) -> Response:
    petition = queries.get_petition(slug, language)
    return render_page(
        f"confirmation/{name}.html",
        petition=petition,
        has_offices=bool(updates.list_offices(petition.id)),
        **values,
    )


def redirect_to_pending(email_id: int, *, again: int | None = None) -> Response:
    """Redirect to the page that shows whether the email was sent."""
    token = make_token(tokens.PENDING, email_id)
    return see_other(url_for("confirmation.pending", token=token, again=again))


def _redirect_to_thanks(signature_id: int) -> Response:
    current_app.extensions["page_cache"].clear()
    token = make_token(tokens.THANKS, signature_id)
    return see_other(url_for("confirmation.thanks", token=token))


def _read_link(token: str) -> tuple[EntryRef, bool]:
    """Return the entry of a confirmation link, and whether the link has expired."""
    try:
        return EntryRef(*read_token(_confirm_purpose(), token)), False
    except TokenExpired as error:
        return EntryRef(*error.ids), True


def _confirm_purpose() -> tokens.Purpose:
    return tokens.confirm_purpose(current_app.config["CONFIRM_LINK_DAYS"])
