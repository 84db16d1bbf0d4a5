"""Sign-in by a one-time link, and sign-out."""

from flask import Response, g, render_template, request, session, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import TokenExpired
from petition.core.organiser_errors import SignInLinkUsed
from petition.organisers import access
from petition.organisers.browsers import read_browser
from petition.web.organisers import known_browser
from petition.web.organisers.forms import OrganiserForm, email_field
from petition.web.organisers.guard import pages
from petition.web.support import abuse_checks
from petition.web.support.responses import render_page, see_other
from petition.web.support.tokens import get_tokens


class SignInForm(OrganiserForm):
    """Asks for the address to which a link goes."""

    email = email_field(
        _("Your email address"), missing=_("Enter your email address."), autocomplete="email"
    )


@pages.get("/sign-in")
def sign_in() -> Response:
    """Ask for the address to which a sign-in link goes; tell who has just signed out so."""
    signed_out = request.args.get("signed_out", "")
    return render_page("organisers/sign_in.html", form=SignInForm(), signed_out=signed_out)


@pages.post("/sign-in")
def ask_link() -> Response:
    """Enqueue a sign-in link for an organiser; the answer is the same for everybody else."""
    form = SignInForm()
    if not form.validate():
        return render_page("organisers/sign_in.html", status=422, form=form)
    access.request_link(form.email.address, sender=abuse_checks.request_sender(), now=now())
    return render_page("organisers/link_sent.html")


@pages.get("/enter/<token>")
def show_sign_in_button(token: str) -> str:
    """Show one button and change nothing: mail scanners open links."""
    _read_link(token)
    return render_template("organisers/enter.html", token=token)


@pages.post("/enter/<token>")
def enter(token: str) -> AnyResponse:
    """Use up the link and open a session, which ends after twelve hours without use."""
    link = _read_link(token)
    key = access.use_link(
        link,
        browser=read_browser(request.user_agent.string),
        known_to=known_browser.read_organisers(),
        now=now(),
    )
    session.clear()
    session.permanent = True
    session["id"], session["secret"] = key
    response = see_other(url_for("organisers.dashboard"))
    known_browser.remember(response, link.organiser_id)
    return response


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
