"""The challenge before one more form from a busy network; each is good for one form.

A browser solves a proof of work by itself; without JavaScript the person waits instead. The proof
is ALTCHA's: PBKDF2 by WebCrypto, without WASM, so it runs in Tor Browser's "Safer" mode too.
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
MIN_TRIES, MORE_TRIES = 100, 200  # derived keys: half a second on a laptop, seconds on a phone


@dataclass(frozen=True, slots=True)
class Challenge:
    """The fields of the form: the signed ticket, the proof's challenge as JSON, and the wait."""

    ticket: str
    challenge: str
    seconds: int


def issue(tokens: Tokens, *, delay: timedelta, now: datetime, ticket: str = "") -> Challenge:
    """Return a new challenge; with a `ticket`, one whose wait goes on."""
    ticket = ticket or tokens.make(CHALLENGE, secrets.randbits(64), now=now)
    challenge = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=MIN_TRIES + secrets.randbelow(MORE_TRIES),
        data={"ticket": ticket},
        hmac_secret=tokens.secret("proof"),
        hmac_key_secret=tokens.secret("proof key"),
    )
    return Challenge(ticket, json.dumps(challenge.to_dict()), int(delay.total_seconds()))


def verify(
    tokens: Tokens, ticket: str, proof: str, *, delay: timedelta, now: datetime
) -> tuple[str, datetime]:
    """Check the proof or the wait; return the key of its one use, and when that expires.

    Raises: ChallengeRequired for an invalid or expired ticket; ChallengeFailed with the rest of the
    wait.
    """
    try:
        (number,) = tokens.read(CHALLENGE, ticket, now=now)
    except (TokenInvalid, TokenExpired, ValueError) as error:
        raise ChallengeRequired from error
    issued_at = tokens.made_at(CHALLENGE, ticket)
    wait = issued_at + delay - now
    if wait > timedelta(0) and not (proof and _is_solved(tokens, ticket, proof)):
        raise ChallengeFailed(wait)
    return f"{number:x}", issued_at + CHALLENGE.lifetime


def _is_solved(tokens: Tokens, ticket: str, proof: str) -> bool:
    try:
        payload = altcha.Payload.from_dict(json.loads(b64decode(proof)))
        if (payload.challenge.parameters.data or {}).get("ticket") != ticket:
            return False
        result = altcha.verify_solution(
            payload, tokens.secret("proof"), hmac_key_secret=tokens.secret("proof key")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return bool(result.verified)
