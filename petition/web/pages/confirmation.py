"""The pages that an emailed link leads to: confirm, thanks. Each is reached by a token."""

from flask import Response, current_app, request, url_for

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import SignatureNotCounted, TokenExpired, TokenInvalid
from petition.petitions import queries, questions, updates
from petition.signatures import confirmation, verification
from petition.signatures.entries import EntryRef
from petition.web.middleware.language import LocalizedBlueprint, is_switched, set_language
from petition.web.support import abuse_checks
from petition.web.support.forms import OwnEntryForm
from petition.web.support.responses import render_page, see_other
from petition.web.support.tokens import made_at, make_token, read_token

pages = LocalizedBlueprint("confirmation", __name__)

_PREFILLED = ("name", "country", "postcode", "organisation", "role", "comment")


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
    if expired or pending.signature.invalidated:
        return _render_confirm(pending, token, expired=expired)
    chosen = request.form.get("entry", "")
    if chosen in map(str, pending.choices):
        entry_ref = EntryRef(entry_ref.signature_id, int(chosen))
    elif len(pending.choices) > 1:
        return _render_confirm(pending, token, unchosen=True)
    elif chosen and pending.signature.confirmed:  # another one, meanwhile
        return reload_confirm(token)
    confirmed = confirmation.confirm(entry_ref, now=now())
    return redirect_to_thanks(confirmed) if confirmed.is_current else reload_confirm(token)


def _render_confirm(
    pending: confirmation.PendingConfirmation,
    token: str,
    *,
    expired: bool = False,
    unchosen: bool = False,
) -> Response:
    set_language(pending.language)
    if pending.signature.invalidated:
        raise SignatureNotCounted(pending.petition.contact, pending.language)
    if expired and not pending.signature.counted:
        return render_page("confirmation/expired.html", status=410, token=token)
    status = 422 if unchosen else 200
    return render_page(
        "confirmation/confirm.html",
        status=status,
        pending=pending,
        asked=_asked(pending),
        token=token,
        unchosen=unchosen,
    )


@pages.get("/confirm/<token>/entry")
def own_entry(token: str) -> Response:
    """Show a form to the owner of the mailbox whose entry somebody else, or a slip, has typed."""
    entry_ref, expired = _read_link(token)
    pending = confirmation.get_pending(entry_ref)
    if expired or pending.signature.confirmed:
        return reload_confirm(token)
    linked = next(iter(pending.choices.values()))
    # Without the choices that publish or pass on a name: a stranger may have made them.
    data = {name: getattr(linked, name) for name in _PREFILLED}
    data |= questions.to_fields(linked.answers)
    return _render_own_entry(pending, token, OwnEntryForm(data, asked=_asked(pending)))


@pages.post("/confirm/<token>/entry")
def submit_own_entry(token: str) -> Response:
    """Confirm the signature with what the owner of the mailbox enters. Idempotent."""
    entry_ref, expired = _read_link(token)
    pending = confirmation.get_pending(entry_ref)
    if expired:
        return reload_confirm(token)
    form = OwnEntryForm(request.form, asked=_asked(pending))
    if not form.valid() or is_switched():
        return _render_own_entry(pending, token, form, status=422)
    confirmed = confirmation.confirm_own(entry_ref, form.entry(), now=now())
    return redirect_to_thanks(confirmed) if confirmed.is_current else reload_confirm(token)


def _asked(pending: confirmation.PendingConfirmation) -> questions.Asked:
    return questions.asked_by(pending.petition, pending.language)


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
    try:
        (signature_id,) = read_token(tokens.THANKS, token)
    except TokenInvalid:
        return _render_counted(token)
    return _render_thanks("thanks", signature_id)


def _render_counted(token: str) -> Response:
    """Thank a signer for whom signing may be dangerous. Soon the address leads to `/`."""
    try:
        (signature_id,) = read_token(tokens.COUNTED, token)
    except TokenExpired:
        return see_other(url_for("petition.index"))
    return _render_thanks("counted", signature_id)


def _render_thanks(name: str, signature_id: int) -> Response:
    slug, language, number = confirmation.get_thanks(signature_id)
    set_language(language)
    petition = queries.get_petition(slug, language)
    return render_page(
        f"confirmation/{name}.html",
        petition=petition,
        number=number,
        has_offices=bool(updates.list_offices(petition.id)),
    )


def redirect_to_pending(email_id: int, *, again: int | None = None) -> Response:
    """Redirect to the page that shows whether the email was sent."""
    token = make_token(tokens.PENDING, email_id)
    return see_other(url_for("pending.show", token=token, again=again))


def redirect_to_thanks(confirmed: confirmation.Confirmation) -> Response:
    """Redirect to the page that thanks for a signature which was just counted."""
    current_app.extensions["page_cache"].clear()
    # Its own kind of token: the usual one works for a year and is passed on.
    purpose = tokens.COUNTED if confirmed.at_risk else tokens.THANKS
    token = make_token(purpose, confirmed.signature_id)
    return see_other(url_for("confirmation.thanks", token=token))


def _read_link(token: str) -> tuple[EntryRef, bool]:
    """Return the entry of a confirmation link, and whether the link has expired."""
    try:
        return EntryRef(*read_token(_confirm_purpose(), token)), False
    except TokenExpired as error:
        return EntryRef(*error.ids), True


def _confirm_purpose() -> tokens.Purpose:
    return tokens.confirm_purpose(current_app.config["CONFIRM_LINK_DAYS"])
