"""What signers do with their own signature: see, correct, download, withdraw, disown."""

from datetime import datetime

from flask import Response, current_app, g, jsonify, request, url_for

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import ChangedMeanwhile
from petition.models import Signature
from petition.petitions import questions
from petition.signatures import disowning, new_text, self_service
from petition.signatures.entries import FIELDS, EntryContext
from petition.signatures.identity import parse_address
from petition.web.middleware.language import LocalizedBlueprint, is_switched, set_language
from petition.web.pages.sign import sign
from petition.web.support import abuse_checks
from petition.web.support.forms import AddressForm, SelfServiceForm
from petition.web.support.responses import render_page, see_other
from petition.web.support.tokens import get_tokens, made_at, read_token

pages = LocalizedBlueprint("self_service", __name__)


@pages.get("/my")
def request_link() -> Response:
    """Ask for the address to which the link is sent."""
    return render_page("self_service/request_link.html", form=AddressForm())


@pages.post("/my")
def send_link() -> Response:
    """Email the link to a signer. The response is the same for every address."""
    form = AddressForm(request.form)
    if not form.valid() or is_switched():
        return render_page("self_service/request_link.html", status=422, form=form)
    self_service.request_link(form.address(), sender=abuse_checks.request_sender(), now=now())
    return render_page("self_service/link_sent.html")


@pages.get("/my/<token>")
def show(token: str) -> Response:
    """Show everything that is stored, with a form to correct it."""
    return _show(token)


@pages.post("/my/<token>")
def update(token: str) -> Response:
    """Correct the signature, hide its name, agree with a new text, or withdraw it.

    An unconfirmed signature is signed again: the signer confirms one of the two entries.
    """
    stored = _get_stored(token)
    action = request.form.get("action")
    if action == "withdraw":
        slug = self_service.withdraw(stored.signature.id, now=now())
        current_app.extensions["page_cache"].clear()
        return render_page(
            "self_service/withdrawn.html",
            slug=slug,
            list_downloaded=bool(stored.lists_downloaded_at),
        )
    if action == "confirm_text":
        return _confirm_text(token, stored)
    if action == "hide":
        self_service.hide(stored.signature.id, now=now())
    else:
        form = SelfServiceForm(request.form, asked=_asked(stored))
        if not form.valid() or is_switched():
            return _render(token, stored, form, status=422)
        if not stored.signature.confirmed:
            return _sign_again(stored.signature, form, made_at(tokens.SELF_SERVICE, token))
        self_service.correct(stored.signature.id, form.entry(), now=now())
    current_app.extensions["page_cache"].clear()
    return see_other(url_for("self_service.show", token=token, saved=1))


def _confirm_text(token: str, stored: self_service.StoredSignature) -> Response:
    """Store that the signer agrees with the newest text, if that is the one that was read."""
    version = request.form.get("version", 0, type=int)
    try:
        new_text.confirm(stored.signature.id, version, now=now())
    except ChangedMeanwhile:
        return _show(token, status=409)
    current_app.extensions["page_cache"].clear()
    return see_other(url_for("self_service.show", token=token, saved=1))


def _asked(stored: self_service.StoredSignature) -> questions.Asked:
    return questions.asked_by(stored.petition, g.language)


def _sign_again(signature: Signature, form: SelfServiceForm, link_made_at: datetime) -> Response:
    address = parse_address(signature.email, get_tokens().hash_mailbox)
    context = EntryContext(
        signature.language, signature.channel, signature.text_language, signature.text_version
    )
    return sign(signature.petition_id, form, address, context, link_made_at=link_made_at)


@pages.get("/my/<token>/data.json")
def download(token: str) -> Response:
    """Send everything that is stored as a JSON file."""
    response = jsonify(self_service.export_data(_get_stored(token)))
    response.headers["Content-Disposition"] = 'attachment; filename="my-signature.json"'
    return response


@pages.get("/not-me/<token>")
def not_me(token: str) -> Response:
    """Show a button that removes an entry. Changes nothing: mail scanners open links."""
    read_token(tokens.DISOWN, token)
    return render_page("self_service/not_me.html", token=token)


@pages.post("/not-me/<token>")
def disown(token: str) -> Response:
    """Remove the entry and, if asked, suppress the address."""
    (email_id,) = read_token(tokens.DISOWN, token)
    never_again = request.form.get("never") == "yes"
    disowned = disowning.disown(email_id, never_again=never_again, now=now())
    current_app.extensions["page_cache"].clear()
    removed, left = disowned.removed, disowned.left
    my_token = None
    if left is not None and not removed:  # no newer than the link, as it proves no more
        my_token = get_tokens().make(tokens.SELF_SERVICE, left, now=made_at(tokens.DISOWN, token))
    return render_page(
        "self_service/removed.html", removed=removed, my_token=my_token, never_again=never_again
    )


@pages.post("/not-me/<token>/accept")
def accept_emails(token: str) -> Response:
    """Let the mailbox get emails again that others have used up."""
    (email_id,) = read_token(tokens.DISOWN, token)
    sent_at = made_at(tokens.DISOWN, token)
    disowning.accept_emails(email_id, tokens=get_tokens(), link_made_at=sent_at)
    return render_page("self_service/accepted.html")


@pages.get("/not-me/<token>/accept")
def reload_not_me(token: str) -> Response:
    """Redirect a reader who reloads the page of the form that lets emails through."""
    return see_other(url_for("self_service.not_me", token=token))


def _show(token: str, *, status: int = 200) -> Response:
    stored = _get_stored(token)
    data = {name: getattr(stored.signature, name) for name in FIELDS}
    data |= {name: "yes" if data[name] else "no" for name in ("handover", "updates")}
    data |= questions.to_fields(data["answers"])
    form = SelfServiceForm(data, asked=_asked(stored))
    return _render(token, stored, form, status=status)


def _render(
    token: str, stored: self_service.StoredSignature, form: SelfServiceForm, *, status: int = 200
) -> Response:
    saved = "saved" in request.args
    return render_page(
        "self_service/show.html",
        status=status,
        stored=stored,
        form=form,
        token=token,
        saved=saved,
        text_changed=status == 409,
    )


def _get_stored(token: str) -> self_service.StoredSignature:
    (signature_id,) = read_token(tokens.SELF_SERVICE, token)
    stored = self_service.get_stored(
        signature_id,
        purge_days=current_app.config["PURGE_UNCONFIRMED_DAYS"],
        anonymise_days=current_app.config["ANONYMISE_AFTER_DAYS"],
    )
    set_language(stored.signature.language)
    return stored
