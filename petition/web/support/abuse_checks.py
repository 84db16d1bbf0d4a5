"""Who may hand in one more form: the trap that no person sees, the time that filling in takes, the
limits, and the extra step. Rules about counts are `limits`', about the step `steps`'.
"""

from datetime import datetime, timedelta

from flask import current_app, request

from petition.abuse import challenge
from petition.abuse.email_domains import is_watched
from petition.abuse.networks import Networks
from petition.abuse.rate_limits import SIGN, FormSender, RateLimit
from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import TokenExpired, TokenInvalid
from petition.signatures.identity import Address
from petition.web.support.keys import keys

# A field that no person sees, under a name that no browser fills in by itself.
TRAP_FIELD = "further"
ASKING_TIMES_FREE = 4  # asking for mails again and the like, against signing


def make_form_token(*, asked_before: bool = False) -> str:
    """Return what a form carries to tell when it was opened. One that was sent back to its reader
    once needs no more time.
    """
    return keys().make(tokens.FORM, int(asked_before), now=now())


def find_timing_problem() -> str:
    """Say why the form is asked for once more: it came faster than a person types ("quick"), or it
    was opened over a day ago ("old"). Nothing, when it is not.
    """
    least = current_app.config["MIN_FORM_SECONDS"]
    if not least:
        return ""
    written = request.form.get("opened", "")
    moment = now()
    try:
        ids = keys().read(tokens.FORM, written, now=moment)
    except TokenExpired:
        return "old"
    except TokenInvalid:
        return "quick"
    hurried = ids != (1,) and moment - keys().made(written) < timedelta(seconds=least)
    return "quick" if hurried else ""


def signing_sender(address: Address, petition_id: int) -> FormSender:
    """Return what limits need to know of who signs. Raises ProofRefused."""
    settings, here, moment = current_app.config, request.remote_addr, now()
    trapped = bool(request.form.get(TRAP_FIELD))
    networks = _networks()
    if not settings["RATELIMIT_ENABLED"] or networks.is_allowed(here):
        return FormSender(trapped=trapped)
    done = _step_done(moment)
    proven = bool(done)
    network = networks.key(here, now=moment)
    # Where so many people are that none is refused, many are no flood either.
    crowd = networks.is_never_refused(here)
    scope, most = ("crowd", None) if crowd else (SIGN, settings["RATELIMIT_MOST"])
    limits = [
        RateLimit(f"{scope}:{petition_id}", network, settings["RATELIMIT_FREE"], most, proven)
    ]
    if is_watched(address.domain) and address.domain not in settings["RATELIMIT_ALLOW_DOMAINS"]:
        mark = keys().keyed_hash("domain", address.domain)
        free = settings["RATELIMIT_DOMAIN"]
        limits.append(RateLimit("domain", mark, free, None, proven, lenient=True))
    return FormSender((*limits, *done), "" if crowd else network, trapped)


def request_sender() -> FormSender:
    """Return what limits need to know of who asks for a mail. Raises ProofRefused."""
    settings, here, moment = current_app.config, request.remote_addr, now()
    networks = _networks()
    if not settings["RATELIMIT_ENABLED"] or networks.is_allowed(here):
        return FormSender()
    done = _step_done(moment)
    free = max(1, settings["RATELIMIT_FREE"]) * ASKING_TIMES_FREE
    most = None if networks.is_never_refused(here) else max(free, settings["RATELIMIT_MOST"])
    network = networks.key(here, now=moment)
    asking = RateLimit("email_request", network, free, most, proven=bool(done))
    return FormSender((asking, *done), network)


def _step_done(moment: datetime) -> tuple[RateLimit, ...]:
    """Return the use of the extra step that the form says was done, if it says so. Raises
    ProofRefused and StepWanted for one that was not.
    """
    ticket = request.form.get("ticket", "")
    if not ticket:
        return ()
    proof = request.form.get("proof", "")
    used, until = challenge.verify(keys(), ticket, proof, delay=challenge_delay(), now=moment)
    return (RateLimit("challenge", used, 1, None, expires_at=until),)


def issue_challenge(ticket: str = "") -> challenge.Challenge:
    """Return the extra step for the page, going on with the ticket of one under way."""
    return challenge.issue(keys(), delay=challenge_delay(), now=now(), ticket=ticket)


def challenge_delay() -> timedelta:
    """Return how long the extra step takes without JavaScript."""
    return timedelta(seconds=current_app.config["STEP_SECONDS"])


def _networks() -> Networks:
    networks: Networks = current_app.extensions["networks"]
    return networks
