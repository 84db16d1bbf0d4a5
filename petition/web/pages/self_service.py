"""What a signer can do with their own signature: see, correct, download, take back, disown."""

from flask import (
    Response,
    current_app,
    jsonify,
    make_response,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from petition.core import tokens
from petition.core.clock import now
from petition.models import Signature
from petition.signatures import disowning, self_service, signing
from petition.signatures.entries import FIELDS, EntryContext
from petition.signatures.identity import read_address
from petition.web.middleware.headers import see_other
from petition.web.middleware.language import LocalizedBlueprint, set_language
from petition.web.support import abuse_checks
from petition.web.support.forms import AddressForm, SelfServiceForm
from petition.web.support.keys import keys

pages = LocalizedBlueprint("self_service", __name__)


@pages.get("/my")
def ask() -> str:
    """Ask for the address to which the link goes."""
    return render_template("self_service/ask.html", form=AddressForm())


@pages.post("/my")
def send() -> tuple[str, int]:
    """Mail the link to who has signed, and say the same to everybody else."""
    form = AddressForm(request.form)
    if not form.valid():
        return render_template("self_service/ask.html", form=form), 422
    self_service.request_link(
        form.address(),
        sender=abuse_checks.request_sender(),
        now=now(),
    )
    return render_template("self_service/sent.html"), 200


@pages.get("/my/<token>")
def show(token: str) -> Response:
    """Show all that is kept, in plain words, with what can be done."""
    found = _mine(token)
    written = {name: getattr(found.signature, name) for name in FIELDS}
    written |= {
        "handover": "yes" if found.signature.handover else "no",
        "updates": "yes" if found.signature.updates else "",
    }
    return _page(token, found, SelfServiceForm(written))


@pages.post("/my/<token>")
def change(token: str) -> AnyResponse:
    """Keep what was corrected, or take the signature back. What is not confirmed is signed again:
    the page of the mail that comes then asks which of the two is right.
    """
    found = _mine(token)
    if request.form.get("action") == "withdraw":
        slug = self_service.withdraw(found.signature.id, now=now())
        current_app.extensions["page_cache"].forget()
        return make_response(
            render_template("self_service/withdrawn.html", slug=slug, copied=found.copied_at)
        )
    form = SelfServiceForm(request.form)
    if not form.valid():
        page = _page(token, found, form)
        page.status_code = 422
        return page
    if not found.signature.counted:
        return _sign_again(found.signature, form)
    self_service.correct(found.signature.id, form.entry(), now=now())
    current_app.extensions["page_cache"].forget()
    return see_other(url_for("self_service.show", token=token, saved=1))


def _sign_again(signature: Signature, form: SelfServiceForm) -> AnyResponse:
    address, moment = read_address(signature.email, keys().hash_mailbox), now()
    email_id = signing.sign(
        signature.petition_id,
        form.entry(),
        address,
        EntryContext(
            signature.language,
            signature.channel,
            signature.text_language,
            signature.text_version,
        ),
        sender=abuse_checks.signing_sender(address, signature.petition_id),
        now=moment,
    )
    token = keys().make(tokens.PENDING, email_id, now=moment)
    return see_other(url_for("confirmation.pending", token=token))


@pages.get("/my/<token>/data.json")
def download(token: str) -> Response:
    """Give everything that is kept, as a file."""
    answer = jsonify(self_service.export_data(_mine(token)))
    answer.headers["Content-Disposition"] = 'attachment; filename="my-signature.json"'
    return answer


@pages.get("/not-me/<token>")
def not_me(token: str) -> Response:
    """Show one button that removes an entry. Changes nothing: mail scanners open links."""
    keys().read(tokens.DISOWN, token, now=now())
    return make_response(render_template("self_service/not_me.html", token=token))


@pages.post("/not-me/<token>")
def disown(token: str) -> str:
    """Remove the entry and, if wished, never mail the address again."""
    (email_id,) = keys().read(tokens.DISOWN, token, now=now())
    never = request.form.get("never") == "yes"
    disowned = disowning.disown(email_id, never_again=never, now=now())
    current_app.extensions["page_cache"].forget()
    my_page = None
    if disowned.left is not None and not disowned.removed:
        my_page = keys().make(tokens.SELF_SERVICE, disowned.left, now=now())
    return render_template(
        "self_service/removed.html", removed=disowned.removed, my_page=my_page, never=never
    )


def _page(token: str, found: self_service.StoredSignature, form: SelfServiceForm) -> Response:
    return make_response(
        render_template(
            "self_service/show.html",
            mine=found,
            form=form,
            token=token,
            saved="saved" in request.args,
        )
    )


def _mine(token: str) -> self_service.StoredSignature:
    (signature_id,) = keys().read(tokens.SELF_SERVICE, token, now=now())
    found = self_service.get_stored(
        signature_id,
        purge_days=current_app.config["PURGE_UNCONFIRMED_DAYS"],
        anonymise_days=current_app.config["ANONYMISE_AFTER_DAYS"],
    )
    set_language(found.signature.language)
    return found
