"""The challenge before one more form from a busy network; each is good for one form.

It is bound to the network, the petition and the window of ten minutes that it was issued in. It has
a level: each further one takes twice the work or four times the wait.

A browser solves a proof of work by itself; without JavaScript the person waits instead. The proof
is ALTCHA's: PBKDF2 by WebCrypto, without WASM, so it runs in Tor Browser's "Safer" mode too.
"""

import json
import secrets
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta

import altcha

from petition.abuse.rate_limits import WINDOW
from petition.core.errors import ChallengeFailed, ChallengeRequired, TokenExpired, TokenInvalid
from petition.core.tokens import Purpose, Tokens

CHALLENGE = Purpose("step", timedelta(hours=1))
ALGORITHM, COST = "PBKDF2/SHA-256", 5_000
MIN_TRIES, MORE_TRIES = 100, 200  # derived keys: half a second on a laptop, seconds on a phone
MAX_DOUBLINGS = 4  # of the tries: a minute on a phone


@dataclass(frozen=True, slots=True)
class Challenge:
    """The fields of the form: the encrypted ticket, the proof's challenge as JSON, and the wait."""

    ticket: str
    challenge: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Passed:
    """A challenge that was passed: its level, the key of its one use, and when that expires."""

    level: int
    key: str
    expires_at: datetime


def issue(
    tokens: Tokens, subject: str, *, delay: timedelta, now: datetime, level: int = 1
) -> Challenge:
    """Return a new challenge of a level for a subject, which names network and petition."""
    bound = _bind(tokens, subject)
    ticket = tokens.make(CHALLENGE, secrets.randbits(64), bound, level, now=now)
    return _make(tokens, ticket, level, delay)


def renew(tokens: Tokens, ticket: str, *, delay: timedelta, now: datetime) -> Challenge:
    """Return a challenge with a valid ticket that was issued before: its wait goes on."""
    _, _, level = tokens.read(CHALLENGE, ticket, now=now)
    return _make(tokens, ticket, level, delay)


def _make(tokens: Tokens, ticket: str, level: int, delay: timedelta) -> Challenge:
    tries = MIN_TRIES + secrets.randbelow(MORE_TRIES)
    challenge = altcha.create_challenge(
        ALGORITHM,
        COST,
        counter=tries << min(level - 1, MAX_DOUBLINGS),
        data={"ticket": ticket},
        hmac_secret=tokens.secret("proof"),
        hmac_key_secret=tokens.secret("proof key"),
    )
    seconds = int(_wait(delay, level).total_seconds())
    return Challenge(ticket, json.dumps(challenge.to_dict()), seconds)


def _wait(delay: timedelta, level: int) -> timedelta:
    """Return the wait of a level: in the next window, counts begin anew."""
    return min(delay * (1 << 2 * min(level - 1, 9)), max(delay, WINDOW))


def _bind(tokens: Tokens, subject: str) -> int:
    return int(tokens.keyed_hash("challenge", subject)[:16], 16)


def verify(
    tokens: Tokens, subject: str, ticket: str, proof: str, *, delay: timedelta, now: datetime
) -> Passed | None:
    """Check the proof or the wait; return None for a ticket of an earlier window.

    Otherwise tickets hoarded in one window would fill the next. A fresh one outlasts its window.
    Raises: ChallengeRequired for an invalid ticket or another subject's; ChallengeFailed with the
    rest of the wait.
    """
    try:
        number, bound, level = tokens.read(CHALLENGE, ticket, now=now)
    except TokenExpired:
        return None
    except (TokenInvalid, ValueError) as error:
        raise ChallengeRequired from error
    if bound != _bind(tokens, subject):
        raise ChallengeRequired
    issued_at = tokens.made_at(CHALLENGE, ticket)
    if _window(issued_at) != _window(now) and now - issued_at > 2 * delay:
        return None
    wait = issued_at + _wait(delay, level) - now
    if wait > timedelta(0) and not (proof and _is_solved(tokens, ticket, proof)):
        raise ChallengeFailed(wait)
    return Passed(level, f"{number:x}", issued_at + CHALLENGE.lifetime)


def _window(time: datetime) -> int:
    return int(time.timestamp() // WINDOW.total_seconds())


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
