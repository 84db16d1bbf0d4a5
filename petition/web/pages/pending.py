"""The page after signing: how far the email is, the code, sending again, another address."""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from flask import Response, current_app, jsonify, request, url_for
from flask_babel import format_timedelta
from flask_babel import gettext as _

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import CodeInvalid, CodeTriesUsedUp, DisposableAddressRefused, TooSoon
from petition.mail.status_codes import is_mailbox_full
from petition.petitions import queries
from petition.signatures import address_question, codes, confirmation, progress, verification
from petition.signatures.progress import EmailProgress
from petition.web.middleware.language import LocalizedBlueprint, is_switched, set_language
from petition.web.pages.confirmation import redirect_to_pending, redirect_to_thanks
from petition.web.support import abuse_checks
from petition.web.support.forms import AddressForm
from petition.web.support.forms.fields import disposable_message
from petition.web.support.messages import refusal_message
from petition.web.support.responses import render_page, see_other
from petition.web.support.tokens import get_tokens, read_token

pages = LocalizedBlueprint("pending", __name__)

BUSY_AFTER = timedelta(seconds=30)  # an email that waits longer is said to be late
HELP_AFTER = timedelta(minutes=1)  # from when the page offers help unasked
_MINUTE = timedelta(minutes=1)


@pages.get("/pending/<token>")
def show(token: str) -> Response:
    """Show how far the email is. The same page for a new, pending or confirmed address."""
    return _render(token, code_error=_code_error(request.args.get("code", "")))


@pages.get("/pending/<token>/status")
def status(token: str) -> Response:
    """Return what changes on a page that is open: it asks again and again.

    One statement like the count; an email of a burst takes two more.
    """
    (email_id,) = read_token(tokens.PENDING, token)
    moment = now()
    return jsonify(_describe(progress.get_progress(email_id, now=moment), moment))


@pages.post("/pending/<token>")
def resend(token: str) -> Response:
    """Send the email again, within its limits. The response is the same in every case."""
    (email_id,) = read_token(tokens.PENDING, token)
    try:
        email_id = verification.resend(email_id, sender=abuse_checks.request_sender(), now=now())
    except TooSoon:
        return _render(token)
    return redirect_to_pending(email_id, again=1)


@pages.post("/pending/<token>/code")
def submit_code(token: str) -> Response:
    """Confirm the signature by the six digits of the email.

    Redirect after a wrong code, too: whoever reloads the page does not try it again.
    """
    (email_id,) = read_token(tokens.PENDING, token)
    code = codes.parse_code(request.form.get("code", ""))
    if not code:
        return _render(token, status=422, code_error=_("Type the six digits from the email."))
    try:
        confirmed = confirmation.confirm_by_code(
            email_id,
            code,
            tokens=get_tokens(),
            lifetime=tokens.confirm_purpose(current_app.config["CONFIRM_LINK_DAYS"]).lifetime,
            now=now(),
        )
    except CodeInvalid:
        return see_other(url_for("pending.show", token=token, code="wrong"))
    except CodeTriesUsedUp:
        return see_other(url_for("pending.show", token=token, code="often"))
    return redirect_to_thanks(confirmed)


@pages.post("/pending/<token>/address")
def correct_address(token: str) -> Response:
    """Sign again with the same entry and another address."""
    (email_id,) = read_token(tokens.PENDING, token)
    form = AddressForm(request.form)
    if form.valid() and not is_switched():
        try:
            email_id = verification.correct_address(
                email_id, form.address(), sender=abuse_checks.request_sender(), now=now()
            )
            return redirect_to_pending(email_id)
        except DisposableAddressRefused:
            form.errors["email"] = disposable_message()
    return _render(token, status=422, form=form)


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
def reload_page(token: str) -> Response:
    """Redirect a reader who reloads the page of a form with errors."""
    return see_other(url_for("pending.show", token=token))


def _render(token: str, *, status: int = 200, **values: Any) -> Response:
    (email_id,) = read_token(tokens.PENDING, token)
    moment = now()
    pending = progress.get_pending_entry(email_id, now=moment)
    set_language(pending.entry.language)
    petition = queries.get_petition(pending.slug, pending.entry.language)
    return render_page(
        "confirmation/pending.html",
        status=status,
        token=token,
        petition=petition,
        pending=pending,
        shown=_describe(pending.email, moment),
        help_in=max(0, ceil((pending.email.since + HELP_AFTER - moment).total_seconds())),
        at_risk=pending.entry.country == petition.regime_country,
        again="again" in request.args,
        **{"form": AddressForm(), **values},
    )


def _describe(email: EmailProgress, moment: datetime) -> dict[str, object]:
    """Return what changes on the page: its layout, sentences, and whether the form to resend shows.

    The layout is `asked`, `refused` or `sending`.
    """
    layout = "asked" if email.asked_until else "refused" if email.refused else "sending"
    return {
        "layout": layout,
        "status": _status(email, moment),
        "times": _times(email, moment),
        "resendable": layout != "asked" and moment >= email.again_at,
    }


def _status(email: EmailProgress, moment: datetime) -> str:
    if email.refused:
        return refusal_message(email.refused)
    if not email.waiting:
        return str(_("It is sent. It can take a few minutes to arrive."))
    if is_mailbox_full(email.deferred):
        kept = _(
            "We try again for five days. The email arrives as soon as there is room, and nothing"
            " is lost."
        )
        return f"{refusal_message(email.deferred)} {kept}"
    if email.deferred:
        return str(_("The email server there asks us to wait. We try again, and nothing is lost."))
    if moment - email.since >= BUSY_AFTER:
        return str(_("We are busy, so it takes longer than usual. Nothing is lost."))
    return str(_("It leaves in a moment."))


def _times(email: EmailProgress, moment: datetime) -> str:
    """Return when the email was sent and when it can be sent again, as seen from now."""
    if email.asked_until:
        return str(
            _(
                "The email leaves when you answer, or %(when)s to the address that you typed.",
                when=_in(email.asked_until - moment),
            )
        )
    sentences = []
    if email.sent_at and moment - email.sent_at < _MINUTE:
        sentences.append(_("We sent it just now."))
    elif email.sent_at:
        ago = format_timedelta(email.sent_at - moment, granularity="minute", add_direction=True)
        sentences.append(_("We sent it %(when)s.", when=ago))
    if moment < email.again_at:
        sentences.append(
            _("You can have it sent again %(when)s.", when=_in(email.again_at - moment))
        )
    return " ".join(map(str, sentences))


def _in(delta: timedelta) -> str:
    """Return a time to come in whole minutes, rounded up: `in 2 minutes`."""
    return str(format_timedelta(ceil(delta / _MINUTE) * _MINUTE, add_direction=True))


def _code_error(reason: str) -> str:
    """Return the message to a reader whose code was refused, or ""."""
    if reason == "wrong":
        # Also where others have used up the tries of the mailbox, which would say it is known.
        return str(
            _("This code does not work. Compare it with the email, or press the button there.")
        )
    if reason == "often":
        return str(_("That was one code too many. Only the button in the email works now."))
    return ""
