"""`petition.abuse` applied to a request: honeypot, fill-in time, rate limits, challenge."""

from datetime import timedelta

from flask import current_app, request

from petition.abuse import challenge
from petition.abuse.email_domains import is_uncommon
from petition.abuse.networks import Networks
from petition.abuse.rate_limits import SIGN, FormSender, RateLimit
from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import TokenExpired, TokenInvalid
from petition.signatures.identity import Address
from petition.web.support.tokens import get_tokens, make_token, read_token

HONEYPOT_FIELD = "further"  # a name that no browser fills in by itself
REQUESTS_PER_SIGNATURE = 4  # requests for emails are limited this much more loosely


def make_form_token(*, asked_before: bool = False) -> str:
    """Return a token that tells when a form was opened; `asked_before` waives the minimum time."""
    return make_token(tokens.FORM, int(asked_before))


def find_timing_problem() -> str:
    """Return "quick" if the form was sent too fast for a person, "old" after a day, else ""."""
    minimum = current_app.config["MIN_FORM_SECONDS"]
    if not minimum:
        return ""
    token = request.form.get("opened", "")
    try:
        ids = read_token(tokens.FORM, token)
    except TokenExpired:
        return "old"
    except TokenInvalid:
        return "quick"
    age = now() - get_tokens().made_at(tokens.FORM, token)
    return "quick" if ids != (1,) and age < timedelta(seconds=minimum) else ""


def signing_sender(address: Address, petition_id: int) -> FormSender:
    """Return sender and limits of a signature. Raises: ChallengeRequired or ChallengeFailed."""
    settings, filled_honeypot = current_app.config, bool(request.form.get(HONEYPOT_FIELD))
    network, crowd = _get_network()
    if not network:
        return FormSender(filled_honeypot=filled_honeypot)
    challenge_limits = _verify_challenge()
    proven = bool(challenge_limits)
    scope, maximum = ("crowd", None) if crowd else (SIGN, settings["RATELIMIT_MOST"])
    free = settings["RATELIMIT_FREE"]
    limits = [RateLimit(f"{scope}:{petition_id}", network, free, maximum, proven)]
    if is_uncommon(address.domain) and address.domain not in settings["RATELIMIT_ALLOW_DOMAINS"]:
        domain = get_tokens().keyed_hash("domain", address.domain)
        free = settings["RATELIMIT_DOMAIN"]
        limits.append(RateLimit("domain", domain, free, None, proven, lenient=True))
    # Many signatures from a network that is never refused are no burst.
    return FormSender((*limits, *challenge_limits), "" if crowd else network, filled_honeypot)


def request_sender() -> FormSender:
    """Return sender and limits of a request for an email. Raises as `signing_sender` does."""
    settings = current_app.config
    network, crowd = _get_network()
    if not network:
        return FormSender()
    challenge_limits = _verify_challenge()
    free = max(1, settings["RATELIMIT_FREE"]) * REQUESTS_PER_SIGNATURE
    maximum = None if crowd else max(free, settings["RATELIMIT_MOST"])
    limit = RateLimit("email_request", network, free, maximum, proven=bool(challenge_limits))
    return FormSender((limit, *challenge_limits), network)


def _get_network() -> tuple[str, bool]:
    """Return the hash of the network ("" without limits) and whether it is never refused."""
    networks: Networks = current_app.extensions["networks"]
    ip_address = request.remote_addr
    if not current_app.config["RATELIMIT_ENABLED"] or networks.is_allowed(ip_address):
        return "", False
    return networks.key(ip_address, now=now()), networks.is_never_refused(ip_address)


def _verify_challenge() -> tuple[RateLimit, ...]:
    """Return the limit of one use for the challenge of the form, if it has one and it is solved."""
    ticket, proof = request.form.get("ticket", ""), request.form.get("proof", "")
    if not ticket:
        return ()
    used, until = challenge.verify(get_tokens(), ticket, proof, delay=_challenge_delay(), now=now())
    return (RateLimit("challenge", used, 1, None, expires_at=until),)


def issue_challenge(ticket: str = "") -> challenge.Challenge:
    """Return a challenge for the page; `ticket` continues one that was issued before."""
    return challenge.issue(get_tokens(), delay=_challenge_delay(), now=now(), ticket=ticket)


def _challenge_delay() -> timedelta:
    return timedelta(seconds=current_app.config["STEP_SECONDS"])
