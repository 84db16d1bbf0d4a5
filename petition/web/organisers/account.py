"""An organiser's own account: role, and the sessions, which end singly or all."""

from flask import flash, g, render_template, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.organisers import second_factor, sessions
from petition.petitions import queries
from petition.web.organisers.guard import pages
from petition.web.organisers.people import ROLES
from petition.web.support.responses import see_other


@pages.get("/account")
def account() -> str:
    """Show role and reach, and list the sessions."""
    petitions = queries.list_petitions(g.language) if g.organiser.petition_id else []
    return render_template(
        "organisers/account.html",
        role=ROLES[g.organiser.role],
        petition=next((one for one in petitions if one.id == g.organiser.petition_id), None),
        second_factor=second_factor.get_status(g.organiser.id),
        sessions=sessions.list_sessions(g.organiser.id, now=now()),
    )


@pages.post("/account/sessions/<int:session_id>/end")
def end_session(session_id: int) -> AnyResponse:
    """End one session, which may be this one."""
    sessions.end(session_id, organiser_id=g.organiser.id, now=now())
    if session_id == g.browser_session.id:
        session.clear()
        return see_other(url_for("organisers.sign_in", signed_out="here"))
    flash(gettext("That session has ended."))
    return see_other(url_for("organisers.account"))
