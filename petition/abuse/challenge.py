"""The extra step before one more form from a busy network: a proof of work that a browser does by
itself or, without JavaScript, a wait. Each is good for one form.

The proof is ALTCHA's (PBKDF2 through the browser's own WebCrypto, no WASM, so that it runs under
Tor's "Safer" too). A wait is no wall either: nobody is turned away for want of JavaScript.
"""

import json
import secrets
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta

import altcha

from petition.core.errors import ChallengeFailed, ChallengeRequired, TokenExpired, TokenInvalid
from petition.core.tokens import Purpose, Tokens

CHALLENGE = Purpose("step", timedelta(hours=1))
ALGORITHM, COST = "PBKDF2/SHA-256", 5_000
LEAST_TRIES, MORE_TRIES = 100, 200  # keys to derive: half a second on a laptop, some on a phone


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the page carries: a ticket for the wait, and the challenge of the proof as JSON."""

    ticket: str
    challenge: str
    seconds: int


def issue(tokens: Tokens, *, delay: timedelta, now: datetime, ticket: str = "") -> Challenge:
    """Return a step: a new one, or one that goes on with the ticket that is waited with."""
    ticket = ticket or tokens.make(CHALLENGE, secrets.randbits(64), now=now)
    challenge = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=LEAST_TRIES + secrets.randbelow(MORE_TRIES),
        data={"ticket": ticket},
        hmac_secret=tokens.secret("proof"),
        hmac_key_secret=tokens.secret("proof key"),
    )
    return Challenge(ticket, json.dumps(challenge.to_dict()), int(delay.total_seconds()))


def verify(
    tokens: Tokens, ticket: str, proof: str, *, delay: timedelta, now: datetime
) -> tuple[str, datetime]:
    """Return the key by which the step is used up, and until when that must be remembered, once it
    is done: by the proof or by the wait.

    Raises StepWanted for a ticket that is not ours or too old, and ProofRefused, with what is left
    of the wait.
    """
    try:
        (number,) = tokens.read(CHALLENGE, ticket, now=now)
    except (TokenInvalid, TokenExpired, ValueError) as error:
        raise ChallengeRequired from error
    made = tokens.made(ticket)
    left = delay - (now - made)
    if left > timedelta(0) and not (proof and _proven(tokens, ticket, proof)):
        raise ChallengeFailed(left)
    return f"{number:x}", made + CHALLENGE.lifetime


def _proven(tokens: Tokens, ticket: str, proof: str) -> bool:
    try:
        payload = altcha.Payload.from_dict(json.loads(b64decode(proof)))
        about = (payload.challenge.parameters.data or {}).get("ticket")
        if about != ticket:
            return False
        found = altcha.verify_solution(
            payload,
            tokens.secret("proof"),
            hmac_key_secret=tokens.secret("proof key"),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return bool(found.verified)
