"""Signing in by a one-time link, and out."""

from flask import render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from petition import organisers, tokens
from petition.clock import now
from petition.errors import SignInSpent, TokenExpired
from petition.web import doorkeeper
from petition.web.forms import AddressForm
from petition.web.headers import see_other
from petition.web.keys import keys
from petition.web.organiser.guard import pages


@pages.get("/sign-in")
def sign_in() -> str:
    """Ask for the address to which a sign-in link goes."""
    return render_template("organiser/sign_in.html", form=AddressForm())


@pages.post("/sign-in")
def ask_link() -> tuple[str, int]:
    """Mail a link to an organiser, and say the same to everybody else."""
    form = AddressForm(request.form)
    if not form.valid():
        return render_template("organiser/sign_in.html", form=form), 422
    organisers.ask_link(form.address(), sender=doorkeeper.asker(), now=now())
    return render_template("organiser/link_sent.html"), 200


@pages.get("/enter/<token>")
def arrive(token: str) -> str:
    """Show one button. Changes nothing: mail scanners open links."""
    _read(token)
    return render_template("organiser/enter.html", token=token)


@pages.post("/enter/<token>")
def enter(token: str) -> AnyResponse:
    """Spend the link and open a session of twelve hours."""
    organiser_id = organisers.enter(_read(token), now=now())
    session.clear()
    session.permanent = True
    session["organiser"] = organiser_id
    return see_other(url_for("organiser.dashboard"))


@pages.post("/sign-out")
def sign_out() -> AnyResponse:
    """End the session."""
    session.clear()
    return see_other(url_for("organiser.sign_in"))


def _read(token: str) -> organisers.Link:
    try:
        ids = keys().read(tokens.SIGN_IN, token, now=now())
    except TokenExpired as error:
        raise SignInSpent from error
    return organisers.Link(*ids)
