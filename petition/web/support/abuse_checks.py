"""`petition.abuse` applied to a request: honeypot, fill-in time, rate limits, challenge."""

from datetime import timedelta
from typing import NamedTuple

from flask import current_app, g, request

from petition.abuse import challenge
from petition.abuse.email_domains import is_uncommon
from petition.abuse.networks import Networks
from petition.abuse.rate_limits import SIGN, FormSender, RateLimit
from petition.core import tokens
from petition.core.clock import now
from petition.core.errors import ChallengeFailed, RateLimited, TokenExpired, TokenInvalid
from petition.signatures.identity import Address
from petition.web.support.tokens import get_tokens, make_token, read_token

HONEYPOT_FIELD = "further"  # a name that no browser fills in by itself
REQUESTS_PER_SIGNATURE = 4  # requests for emails are limited this much more loosely
NETWORKS_PER_SITE = 20  # a /48 is limited this much more loosely than each of its 65,536 /64
REQUEST_SCOPE = "email_request"


class _Network(NamedTuple):
    """Where a form came from: hashes of its network and its /48, "" for what is not counted."""

    key: str
    wide_key: str
    crowd: bool  # so many people share it that none is refused
    limited: bool


def make_form_token(*, asked_before: bool = False) -> str:
    """Return a token that tells when a form was opened; `asked_before` waives the minimum time."""
    return make_token(tokens.FORM, int(asked_before))


def find_form_problem() -> str:
    """Return why the form is shown again: "honeypot", "quick" for a person, "old", or "".

    Browser extensions fill in the honeypot, too: a form of one of our pages is shown again. One
    that came from no page is a robot's; it is held, and the robot told nothing.
    """
    minimum = current_app.config["MIN_FORM_SECONDS"]
    honeypot = "honeypot" if _filled_honeypot() else ""
    token = request.form.get("opened", "")
    try:
        ids = read_token(tokens.FORM, token)
    except TokenExpired:
        return honeypot or ("old" if minimum else "")
    except TokenInvalid:
        return "quick" if minimum and not honeypot else ""
    age = now() - get_tokens().made_at(tokens.FORM, token)
    is_quick = ids != (1,) and age < timedelta(seconds=minimum)
    return honeypot or ("quick" if is_quick else "")


def _filled_honeypot() -> bool:
    return bool(request.form.get(HONEYPOT_FIELD))


def signing_sender(address: Address, petition_id: int) -> FormSender:
    """Return sender and limits of a signature. Raises: ChallengeRequired or ChallengeFailed."""
    settings, filled_honeypot = current_app.config, _filled_honeypot()
    network = _get_network()
    if not network.limited:
        return FormSender(filled_honeypot=filled_honeypot)
    passed = _verify_challenge(f"{SIGN}:{petition_id}", network.key)
    level = passed.level if passed else 0
    scope, maximum = ("crowd", None) if network.crowd else (SIGN, settings["RATELIMIT_MOST"])
    limits = _network_limits(
        f"{scope}:{petition_id}", network, settings["RATELIMIT_FREE"], maximum, level
    )
    if is_uncommon(address.domain) and address.domain not in settings["RATELIMIT_ALLOW_DOMAINS"]:
        domain = get_tokens().keyed_hash("domain", address.domain)
        free = settings["RATELIMIT_DOMAIN"]
        # After the network's: `lenient` refers to the limit before.
        limits.insert(1, RateLimit("domain", domain, free, None, level, lenient=True))
    # Many signatures from a network that is never refused are no burst.
    used = _use_of(passed)
    return FormSender((*limits, *used), "" if network.crowd else network.key, filled_honeypot)


def request_sender() -> FormSender:
    """Return sender and limits of a request for an email. Raises as `signing_sender` does."""
    settings = current_app.config
    network = _get_network()
    if not network.limited:
        return FormSender()
    passed = _verify_challenge(REQUEST_SCOPE, network.key)
    level = passed.level if passed else 0
    free = max(1, settings["RATELIMIT_FREE"]) * REQUESTS_PER_SIGNATURE
    maximum = None if network.crowd else max(free, settings["RATELIMIT_MOST"])
    limits = _network_limits(REQUEST_SCOPE, network, free, maximum, level)
    return FormSender((*limits, *_use_of(passed)), network.key)


def _get_network() -> _Network:
    networks: Networks = current_app.extensions["networks"]
    ip_address = request.remote_addr
    if not current_app.config["RATELIMIT_ENABLED"] or networks.is_allowed(ip_address):
        return _Network("", "", crowd=False, limited=False)
    time = now()
    return _Network(
        networks.key(ip_address, now=time),
        networks.wide_key(ip_address, now=time),
        crowd=networks.is_never_refused(ip_address),
        limited=True,
    )


def _network_limits(
    scope: str, network: _Network, free: int, maximum: int | None, level: int
) -> list[RateLimit]:
    """Return the limits of a network and its /48; none where the network is not known."""
    limits = []
    if network.key:
        limits.append(RateLimit(scope, network.key, free, maximum, level))
    if network.wide_key and not network.crowd:
        free *= NETWORKS_PER_SITE
        limits.append(RateLimit(f"{scope}/48", network.wide_key, free, None, level))
    return limits


def _verify_challenge(scope: str, network: str) -> challenge.Passed | None:
    """Return what the challenge of the form proves, if it has one and it is passed.

    Challenges that this request is answered with are of the same subject.
    """
    subject = g.challenge_subject = f"{scope} {network}"
    ticket, proof = request.form.get("ticket", ""), request.form.get("proof", "")
    if not ticket:
        return None
    return challenge.verify(
        get_tokens(), subject, ticket, proof, delay=_challenge_delay(), now=now()
    )


def _use_of(passed: challenge.Passed | None) -> tuple[RateLimit, ...]:
    """Return the limit of one use for a challenge."""
    if passed is None:
        return ()
    return (RateLimit("challenge", passed.key, 1, None, expires_at=passed.expires_at),)


def issue_challenge(error: Exception) -> challenge.Challenge:
    """Return the challenge for the page that answers an error of the limits.

    One that was not passed goes on with its ticket.
    """
    tokens, delay, time = get_tokens(), _challenge_delay(), now()
    if isinstance(error, ChallengeFailed):
        return challenge.renew(tokens, request.form["ticket"], delay=delay, now=time)
    level = error.level if isinstance(error, RateLimited) else 1
    return challenge.issue(tokens, g.challenge_subject, delay=delay, now=time, level=level)


def renew_challenge() -> challenge.Challenge | None:
    """Return the challenge of a form that is shown again, or None: its ticket goes on."""
    try:
        ticket = request.form.get("ticket", "")
        return challenge.renew(get_tokens(), ticket, delay=_challenge_delay(), now=now())
    except (TokenInvalid, TokenExpired, ValueError):
        return None


def retry_after(error: RateLimited | ChallengeFailed, issued: challenge.Challenge) -> timedelta:
    """Return the time after which the form is accepted: the wait, or the end of the window."""
    if isinstance(error, ChallengeFailed):
        return error.wait
    return min(error.wait, timedelta(seconds=issued.seconds))


def _challenge_delay() -> timedelta:
    return timedelta(seconds=current_app.config["STEP_SECONDS"])
