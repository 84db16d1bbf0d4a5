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

from petition import disowning, mine, signing, tokens
from petition.clock import now
from petition.entries import TYPED, Setting
from petition.models import Signature
from petition.signers import read_address
from petition.web import doorkeeper
from petition.web.forms import AddressForm, MyForm
from petition.web.headers import see_other
from petition.web.keys import keys
from petition.web.language import Prefixed, speak

pages = Prefixed("mine", __name__)


@pages.get("/my")
def ask() -> str:
    """Ask for the address to which the link goes."""
    return render_template("mine/ask.html", form=AddressForm())


@pages.post("/my")
def send() -> tuple[str, int]:
    """Mail the link to who has signed, and say the same to everybody else."""
    form = AddressForm(request.form)
    if not form.valid():
        return render_template("mine/ask.html", form=form), 422
    mine.ask_link(
        form.address(),
        sender=doorkeeper.asker(),
        now=now(),
    )
    return render_template("mine/sent.html"), 200


@pages.get("/my/<token>")
def show(token: str) -> Response:
    """Show all that is kept, in plain words, with what can be done."""
    found = _mine(token)
    written = {name: getattr(found.signature, name) for name in TYPED}
    written |= {
        "handover": "yes" if found.signature.handover else "no",
        "updates": "yes" if found.signature.updates else "",
    }
    return _page(token, found, MyForm(written))


@pages.post("/my/<token>")
def change(token: str) -> AnyResponse:
    """Keep what was corrected, or take the signature back. What is not confirmed is signed again:
    the page of the mail that comes then asks which of the two is right.
    """
    found = _mine(token)
    if request.form.get("action") == "withdraw":
        slug = mine.withdraw(found.signature.id, now=now())
        current_app.extensions["kept"].forget()
        return make_response(
            render_template("mine/withdrawn.html", slug=slug, copied=found.copied_at)
        )
    form = MyForm(request.form)
    if not form.valid():
        page = _page(token, found, form)
        page.status_code = 422
        return page
    if not found.signature.counted:
        return _sign_again(found.signature, form)
    mine.correct(found.signature.id, form.entry(), now=now())
    current_app.extensions["kept"].forget()
    return see_other(url_for("mine.show", token=token, saved=1))


def _sign_again(signature: Signature, form: MyForm) -> AnyResponse:
    address, moment = read_address(signature.email, keys().hash_mailbox), now()
    letter_id = signing.sign(
        signature.petition_id,
        form.entry(),
        address,
        Setting(
            signature.language,
            signature.channel,
            signature.text_language,
            signature.text_version,
        ),
        sender=doorkeeper.signer(address, signature.petition_id),
        now=moment,
    )
    token = keys().make(tokens.PENDING, letter_id, now=moment)
    return see_other(url_for("signer.pending", token=token))


@pages.get("/my/<token>/data.json")
def download(token: str) -> Response:
    """Give everything that is kept, as a file."""
    answer = jsonify(mine.as_data(_mine(token)))
    answer.headers["Content-Disposition"] = 'attachment; filename="my-signature.json"'
    return answer


@pages.get("/not-me/<token>")
def not_me(token: str) -> Response:
    """Show one button that removes an entry. Changes nothing: mail scanners open links."""
    keys().read(tokens.NOT_ME, token, now=now())
    return make_response(render_template("mine/not_me.html", token=token))


@pages.post("/not-me/<token>")
def disown(token: str) -> str:
    """Remove the entry and, if wished, never mail the address again."""
    (letter_id,) = keys().read(tokens.NOT_ME, token, now=now())
    never = request.form.get("never") == "yes"
    disowned = disowning.disown(letter_id, never_again=never, now=now())
    current_app.extensions["kept"].forget()
    my_page = None
    if disowned.left is not None and not disowned.removed:
        my_page = keys().make(tokens.MY_PAGE, disowned.left, now=now())
    return render_template(
        "mine/removed.html", removed=disowned.removed, my_page=my_page, never=never
    )


def _page(token: str, found: mine.Mine, form: MyForm) -> Response:
    return make_response(
        render_template(
            "mine/show.html", mine=found, form=form, token=token, saved="saved" in request.args
        )
    )


def _mine(token: str) -> mine.Mine:
    (signature_id,) = keys().read(tokens.MY_PAGE, token, now=now())
    found = mine.mine(
        signature_id,
        purge_days=current_app.config["PURGE_UNCONFIRMED_DAYS"],
        anonymise_days=current_app.config["ANONYMISE_AFTER_DAYS"],
    )
    speak(found.signature.language)
    return found
