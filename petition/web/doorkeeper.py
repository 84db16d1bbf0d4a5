"""Who may hand in one more form: the trap that no person sees, the time that filling in takes, the
limits, and the extra step. Rules about counts are `limits`', about the step `steps`'.
"""

from datetime import timedelta

from flask import current_app, request

from petition import limits, steps, tokens
from petition.clock import now
from petition.domains import is_watched
from petition.errors import TokenExpired, TokenForged
from petition.limits import Sender
from petition.networks import Networks
from petition.signers import Address
from petition.web.keys import keys

# A field that no person sees, under a name that no browser fills in by itself.
TRAP = "further"
LETTERS_TIMES_FREE = 4  # asking for mails again and the like, against signing


def opened(*, asked_before: bool = False) -> str:
    """Return what a form carries to tell when it was opened. One that was sent back to its reader
    once needs no more time.
    """
    return keys().make(tokens.FORM, int(asked_before), now=now())


def was_hurried() -> bool:
    """Say whether the form came faster than a person types, or was opened over a day ago; then it
    is asked for once more.
    """
    least = current_app.config["MIN_FORM_SECONDS"]
    if not least:
        return False
    written = request.form.get("opened", "")
    moment = now()
    try:
        ids = keys().read(tokens.FORM, written, now=moment)
    except (TokenExpired, TokenForged):
        return True
    return ids != (1,) and moment - keys().made(written) < timedelta(seconds=least)


def signer(address: Address) -> Sender:
    """Return what limits need to know of who signs. Raises ProofRefused."""
    trapped = bool(request.form.get(TRAP))
    if not current_app.config["RATELIMIT_ENABLED"]:
        return Sender(trapped=trapped)
    proven, spendings = False, []
    ticket = request.form.get("ticket", "")
    if ticket:
        proof = request.form.get("proof", "")
        used, until = steps.done(keys(), ticket, proof, delay=delay(), now=now())
        spendings.append(limits.Spending(used, 1, None, until=until))
        proven = True
    networks, network = _networks(), ""
    if not networks.is_allowed(request.remote_addr):
        network = networks.key(request.remote_addr, now=now())
        free, most = current_app.config["RATELIMIT_FREE"], _most()
        spendings.append(limits.Spending(f"sign:{network}", free, most, proven))
    if is_watched(address.domain):
        mark = keys().mark("domain", address.domain)
        free = current_app.config["RATELIMIT_DOMAIN"]
        spendings.append(limits.Spending(f"domain:{mark}", free, None, proven))
    return Sender(tuple(spendings), network, trapped)


def asker() -> Sender:
    """Return what limits need to know of who asks for a mail."""
    networks = _networks()
    if not current_app.config["RATELIMIT_ENABLED"] or networks.is_allowed(request.remote_addr):
        return Sender()
    most = _most() and current_app.config["RATELIMIT_FREE"] * LETTERS_TIMES_FREE
    network = networks.key(request.remote_addr, now=now())
    return Sender((limits.Spending(f"letter:{network}", 0, most, proven=True),), network)


def step(ticket: str = "") -> steps.Step:
    """Return the extra step for the page, going on with the ticket of one under way."""
    return steps.ask(keys(), delay=delay(), now=now(), ticket=ticket)


def delay() -> timedelta:
    """Return how long the extra step takes without JavaScript."""
    return timedelta(seconds=current_app.config["STEP_SECONDS"])


def _networks() -> Networks:
    networks: Networks = current_app.extensions["networks"]
    return networks


def _most() -> int | None:
    refuse = not _networks().is_never_refused(request.remote_addr)
    most: int = current_app.config["RATELIMIT_MOST"]
    return most if refuse else None
