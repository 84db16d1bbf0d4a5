"""The six digits that do what the link of a mail does. Each mail has its own, made as it leaves;
what is kept is a hash under the site's key, which a stolen database does not open.
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from petition.entries import Kept
from petition.extensions import transaction
from petition.kinds import LetterState
from petition.models import Letter
from petition.prepared import Prepared
from petition.tokens import Tokens

DIGITS = 6

_letter = Letter.table()

_KEEP = Prepared(
    update(_letter)
    .where(_letter.c.id == bindparam("letter"))
    .values(code_hash=bindparam("code"))
    .returning(_letter.c.id)
)


def tidy(typed: str) -> str:
    """Return the six digits in what was typed, however they were parted or in whichever script's
    digits, or nothing.
    """
    digits = "".join(str(int(sign)) for sign in typed[:50] if sign.isdecimal())
    return digits if len(digits) == DIGITS else ""


def make(letter_id: int, tokens: Tokens) -> str:
    """Return the code for a letter that is about to leave, and keep its hash. A letter that is held
    or must not be mailed has none, so nobody can guess it.

    Tried again, a letter has the same one: the earlier try may have arrived.
    """
    number = int(tokens.keyed_hash("digits of a code", str(letter_id)), 16)
    code = f"{number % 10**DIGITS:0{DIGITS}d}"
    with transaction() as connection:
        _KEEP.first(connection, {"letter": letter_id, "code": _hashes(letter_id, code, tokens)[-1]})
    return code


def entry_of(
    connection: Connection, signature_id: int, typed: str, tokens: Tokens, since: datetime
) -> Kept | None:
    """Return the entry of a signature whose mail, gone out since then, held the code that was
    typed; None for a wrong one.
    """
    mailed = connection.execute(
        select(_letter.c.id, _letter.c.entry, _letter.c.code_hash).where(
            _letter.c.signature_id == signature_id,
            _letter.c.code_hash != "",
            _letter.c.state.in_((LetterState.DUE, LetterState.SENT)),
            func.coalesce(_letter.c.sent_at, _letter.c.due_at) >= since,
        )
    )
    for letter_id, entry, code in mailed:
        if code in _hashes(letter_id, typed, tokens):
            return Kept(signature_id, entry)
    return None


def _hashes(letter_id: int, code: str, tokens: Tokens) -> list[str]:
    """Return the hash of a letter's code under every key, the current one last."""
    return tokens.keyed_hashes("code", f"{letter_id} {code}")
