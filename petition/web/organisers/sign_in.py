"""Sign-in by a one-time link, and sign-out."""

from flask import g, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import SignInLinkUsed, TokenExpired
from petition.organisers import access
from petition.web.organisers.guard import pages
from petition.web.support import abuse_checks
from petition.web.support.forms import AddressForm
from petition.web.support.responses import see_other
from petition.web.support.tokens import get_tokens


@pages.get("/sign-in")
def sign_in() -> str:
    """Ask for the address to which a sign-in link goes; tell who has just signed out so."""
    signed_out = "signed_out" in request.args
    return render_template("organisers/sign_in.html", form=AddressForm(), signed_out=signed_out)


@pages.post("/sign-in")
def ask_link() -> tuple[str, int]:
    """Enqueue a sign-in link for an organiser; the answer is the same for everybody else."""
    form = AddressForm(request.form)
    if not form.valid():
        return render_template("organisers/sign_in.html", form=form), 422
    access.request_link(form.address(), sender=abuse_checks.request_sender(), now=now())
    return render_template("organisers/link_sent.html"), 200


@pages.get("/enter/<token>")
def show_sign_in_button(token: str) -> str:
    """Show one button and change nothing: mail scanners open links."""
    _read_link(token)
    return render_template("organisers/enter.html", token=token)


@pages.post("/enter/<token>")
def enter(token: str) -> AnyResponse:
    """Use up the link and open a session of twelve hours."""
    key = access.use_link(_read_link(token), now=now())
    session.clear()
    session.permanent = True
    session["organiser"], session["serial"] = key
    return see_other(url_for("organisers.dashboard"))


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    """End this session and all others of the organiser."""
    access.sign_out(g.organiser.id, now=now())
    session.clear()
    return see_other(url_for("organisers.sign_in", signed_out=1))


def _read_link(token: str) -> access.SignInLink:
    try:
        ids = get_tokens().read(tokens.SIGN_IN, token, now=now())
    except TokenExpired as error:
        raise SignInLinkUsed from error
    return access.SignInLink(*ids)
