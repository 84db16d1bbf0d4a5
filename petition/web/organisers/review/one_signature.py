"""One signature: shown whole by a button, which is recorded, and what can be done with it."""

from flask import Response, current_app, flash, g, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from petition.core.clock import now
from petition.core.errors import TooSoon
from petition.organisers import moderation
from petition.organisers.review import invalidation, one_signature
from petition.organisers.review.one_signature import SignatureFile
from petition.petitions import queries
from petition.web.organisers.guard import pages
from petition.web.organisers.review import words
from petition.web.organisers.review.forms import ReasonForm
from petition.web.support.responses import render_page, see_other

_ONE = "/p/<slug>/signatures/<int:signature_id>"


@pages.get(_ONE)
def signature(slug: str, signature_id: int) -> Response:
    """Show a signature's number and state, nothing personal, and a button to open it."""
    return _render(slug, signature_id, ReasonForm(None))


@pages.post(_ONE)
def show_signature(slug: str, signature_id: int) -> Response:
    """Show a signature whole. Recorded: its signer sees the day."""
    found = one_signature.show(g.petition_id, signature_id, organiser_id=g.organiser.id, now=now())
    return _render(slug, signature_id, ReasonForm(None), found)


@pages.post(f"{_ONE}/invalidate")
def invalidate(slug: str, signature_id: int) -> AnyResponse:
    """Take a signature out of the count."""
    form = ReasonForm()
    if not form.validate():
        return _render(slug, signature_id, form, status=422)
    invalidation.invalidate(
        g.petition_id,
        signature_id,
        form.get_reason(),
        form.note.data,
        organiser_id=g.organiser.id,
        now=now(),
    )
    return _done(slug, signature_id, _("The signature no longer counts."))


@pages.post(f"{_ONE}/restore")
def restore(slug: str, signature_id: int) -> AnyResponse:
    """Count a signature again."""
    invalidation.restore(g.petition_id, signature_id, organiser_id=g.organiser.id, now=now())
    return _done(slug, signature_id, _("The signature counts again."))


@pages.post(f"{_ONE}/resend")
def resend(slug: str, signature_id: int) -> AnyResponse:
    """Email the signer again, within the limits of the signer's own button."""
    try:
        sent = one_signature.resend(
            g.petition_id, signature_id, organiser_id=g.organiser.id, now=now()
        )
    except TooSoon:
        return _done(slug, signature_id, _("An email went out just now. Wait two minutes."))
    if not sent:
        return _done(
            slug,
            signature_id,
            _("This mailbox has had as many emails as it may get, so none is sent."),
        )
    return _done(slug, signature_id, _("An email to the signer is on its way."))


@pages.post(f"{_ONE}/hide")
def hide_signature_name(slug: str, signature_id: int) -> AnyResponse:
    """Hide the name of a signature that counts."""
    state = one_signature.get_state(g.petition_id, signature_id)
    moderation.hide_name(g.petition_id, state.number or 0, organiser_id=g.organiser.id, now=now())
    return _done(slug, signature_id, _("The name is hidden. The signature still counts."))


def _done(slug: str, signature_id: int, message: str) -> AnyResponse:
    current_app.extensions["page_cache"].clear()
    flash(message)
    return see_other(url_for("organisers.signature", slug=slug, signature_id=signature_id))


def _render(
    slug: str,
    signature_id: int,
    form: ReasonForm,
    found: SignatureFile | None = None,
    *,
    status: int = 200,
) -> Response:
    return render_page(
        "organisers/signature.html",
        status=status,
        slug=slug,
        petition=queries.get_petition(slug, queries.SOURCE_LANGUAGE, drafts=True),
        tab="organisers.signatures",
        state=one_signature.get_state(g.petition_id, signature_id),
        found=found,
        form=form,
        now=now(),
        email_kinds=words.EMAIL_KINDS,
        email_states=words.EMAIL_STATES,
        likenesses=words.LIKENESSES,
        displays=words.DISPLAYS,
    )
