"""The second factor: set it up, switch it off, and type a code before downloads."""

from urllib.parse import urlsplit

from flask import Response, current_app, flash, g, session, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from petition.artwork import qr_code
from petition.core.clock import now
from petition.core.config import site_url
from petition.core.organiser_errors import SecondFactorMissing, SignInTooOld
from petition.organisers import second_factor as rules
from petition.web.organisers import guard
from petition.web.organisers.forms import CodeForm, pressed
from petition.web.organisers.guard import pages
from petition.web.support.responses import render_page, see_other
from petition.web.support.tokens import get_tokens


@pages.get("/code")
def ask_code() -> Response:
    """Ask for a code, before a download."""
    return render_page("organisers/code.html", form=CodeForm(), fields=[])


@pages.post("/code")
def enter_code() -> AnyResponse:
    """Open the downloads of this session, and go on to the one that was asked for."""
    form = CodeForm()
    try:
        accepted = form.accepted(
            lambda code: rules.accept_code(g.browser_session, code, get_tokens(), now=now())
        )
    except SecondFactorMissing:
        return see_other(url_for("organisers.second_factor"))
    if not accepted:
        return render_page("organisers/code.html", status=form.status, form=form, fields=[])
    return see_other(session.pop("download", None) or url_for("organisers.dashboard"))


@pages.get("/second-factor")
def second_factor() -> Response:
    """Show whether the second factor is on or, while it is set up, what the app needs."""
    return _show(CodeForm())


@pages.post("/second-factor")
def start_second_factor() -> AnyResponse:
    """Make a secret for the app."""
    try:
        rules.start(g.organiser.id, g.browser_session, get_tokens(), now=now())
    except SignInTooOld:
        return _show(CodeForm(formdata=None), status=422, is_too_old=True)
    return see_other(url_for("organisers.second_factor"))


@pages.post("/second-factor/confirm")
def confirm_second_factor() -> AnyResponse:
    """Turn it on with a first code, and show the recovery codes, this once."""
    form, recovery_codes = CodeForm(), list[str]()
    try:
        accepted = form.accepted(
            lambda code: recovery_codes.extend(
                rules.confirm(g.browser_session, code, get_tokens(), now=now())
            )
        )
    except SecondFactorMissing:
        return see_other(url_for("organisers.second_factor"))
    if not accepted:
        return _show(form, status=form.status)
    return render_page(
        "organisers/recovery_codes.html",
        codes=recovery_codes,
        download=session.pop("download", None),
    )


@pages.post("/second-factor/off")
def turn_off_second_factor() -> AnyResponse:
    """Turn it off, with a code."""
    form = CodeForm()
    try:
        accepted = form.accepted(
            lambda code: rules.turn_off(g.browser_session, code, get_tokens(), now=now())
        )
    except SecondFactorMissing:
        return see_other(url_for("organisers.second_factor"))
    if not accepted:
        return _show(form, status=form.status)
    flash(gettext("The second factor is off."))
    return see_other(url_for("organisers.account"))


@pages.post("/p/<slug>/people/downloads")
def require_code(slug: str) -> AnyResponse:
    """Choose whether downloads of the petition need a code. Letting them go takes a code, too."""
    needed = pressed("needed", "yes", "no") == "yes"
    if not needed and (asked := guard.ask_code()) is not None:
        return asked
    rules.require_for_downloads(g.petition_id, needed=needed, by=g.organiser.id, now=now())
    flash(
        gettext("Downloads need a code now.")
        if needed
        else gettext("Downloads need no code any more.")
    )
    return see_other(url_for("organisers.people", slug=slug))


def _show(form: CodeForm, *, status: int = 200, is_too_old: bool = False) -> Response:
    enrolment = None
    state = rules.get_status(g.organiser.id)
    if state.is_waiting:
        site = urlsplit(site_url(current_app.config)).netloc
        enrolment = rules.get_enrolment(g.organiser.id, get_tokens(), site=site)
    return render_page(
        "organisers/second_factor.html",
        status=status,
        form=form,
        state=state,
        enrolment=enrolment,
        qr_code=enrolment and Markup(qr_code.svg(enrolment.uri, title=gettext("QR code"))),  # noqa: S704
        is_too_old=is_too_old,
        is_for_download="download" in session,
    )
