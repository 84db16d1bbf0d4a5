"""Signing: the petition's form is submitted here."""

from datetime import datetime
from typing import Any

from flask import Response, current_app, g, request, url_for

from petition.core.clock import now
from petition.core.errors import ChallengeFailed, ChallengeRequired, RateLimited
from petition.petitions import sharing
from petition.petitions.signing_terms import SigningTerms, get_signing_terms
from petition.signatures import signing
from petition.signatures.entries import EntryContext
from petition.signatures.identity import Address
from petition.web.middleware.language import LocalizedBlueprint, set_language
from petition.web.pages.confirmation import redirect_to_pending
from petition.web.pages.petition import render_petition
from petition.web.support import abuse_checks
from petition.web.support.forms import SelfServiceForm, SignForm
from petition.web.support.memo import memoize
from petition.web.support.responses import see_other

pages = LocalizedBlueprint("sign", __name__)


@pages.get("/p/<slug>/sign")
def redirect_to_form(slug: str) -> Response:
    """Redirect a reader who reloads the page of a form with errors."""
    return see_other(url_for("petition.show", slug=slug, _anchor="sign"))


@pages.post("/p/<slug>/sign")
def submit(slug: str) -> Response:
    """Accept a signature. The response is the same whoever has signed before."""
    set_language(request.form.get("language", g.language))
    channel = sharing.channel_of(request.form.get("channel"))
    # A second old at most; `signing.sign` checks again that the petition is open.
    terms = memoize(
        f"signing_terms:{g.language}:{slug}", lambda: get_signing_terms(slug, g.language)
    )
    form = SignForm(request.form, asked=terms.asked, refuses_disposable=terms.refuses_disposable)

    def ask_again(notice: str = "", *, status: int = 422, **values: Any) -> Response:
        values |= {"channel": channel, "notice": notice, "status": status}
        return render_petition(slug, form, asked_before=True, **values)

    # The language switch shows the form again; one that had no errors yet is not checked.
    show_again = request.form.get("show_again")
    if show_again == "unchecked" or not form.valid():
        return ask_again()
    if show_again:
        kept = abuse_checks.renew_challenge()
        return ask_again("challenge", challenge=kept) if kept else ask_again()
    problem = abuse_checks.find_form_problem()
    if problem:
        return ask_again(problem)
    address = form.address()
    context = EntryContext(g.language, channel, terms.text_language, _read_version(terms))
    try:
        response = sign(terms.id, form, address, context)
    except (ChallengeRequired, ChallengeFailed, RateLimited) as error:
        challenge = abuse_checks.issue_challenge(error)
        if isinstance(error, ChallengeRequired):
            return ask_again("challenge", challenge=challenge)
        notice = "too_many" if isinstance(error, RateLimited) else "challenge"
        wait = abuse_checks.retry_after(error, challenge)
        return ask_again(notice, status=429, challenge=challenge, retry_after=wait)
    current_app.extensions["visits"].count_form(slug)
    return response


def _read_version(terms: SigningTerms) -> int:
    """Return the version of the text that the form stood under; the newest if it does not say."""
    versions = {f"{terms.text_language}-{n}": n for n in range(1, terms.text_version + 1)}
    return versions.get(request.form.get("text", ""), terms.text_version)


def sign(
    petition_id: int,
    form: SelfServiceForm,
    address: Address,
    context: EntryContext,
    *,
    link_made_at: datetime | None = None,
) -> Response:
    """Sign with a valid form and redirect to the pending page. Arguments as of `signing.sign`."""
    sender = abuse_checks.signing_sender(address, petition_id)
    entry = form.entry()
    email_id = signing.sign(
        petition_id, entry, address, context, sender=sender, now=now(), link_made_at=link_made_at
    )
    return redirect_to_pending(email_id)
