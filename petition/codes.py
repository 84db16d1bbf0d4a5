"""The six digits that do what the link of a mail does. Each mail gets its own, at random, as it
leaves; what is kept is a hash under the site's key, which a stolen database does not open.
"""

import secrets
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from petition.entries import Kept
from petition.extensions import transaction
from petition.kinds import LetterState
from petition.models import Letter
from petition.prepared import Prepared
from petition.tokens import Tokens

_letter = Letter.table()

_KEEP = Prepared(
    update(_letter)
    .where(_letter.c.id == bindparam("letter"))
    .values(code=bindparam("code"))
    .returning(_letter.c.id)
)


def make(letter_id: int, tokens: Tokens) -> str:
    """Return the code for a letter that is about to leave, its hash kept in place of one from an
    earlier try. A letter that never leaves has none, so nobody can guess it.
    """
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction() as connection:
        _KEEP.first(connection, {"letter": letter_id, "code": _hashes(letter_id, code, tokens)[-1]})
    return code


def is_right(
    connection: Connection, kept: Kept, typed: str, tokens: Tokens, *, since: datetime
) -> bool:
    """Say whether what was typed is the code of a mail about an entry that has left since then."""
    theirs = connection.execute(
        select(_letter.c.id, _letter.c.code).where(
            _letter.c.signature_id == kept.signature_id,
            _letter.c.entry == kept.entry,
            _letter.c.code != "",
            _letter.c.state.in_((LetterState.DUE, LetterState.SENT)),
            func.coalesce(_letter.c.sent_at, _letter.c.due_at) >= since,
        )
    )
    return any(code in _hashes(letter_id, typed, tokens) for letter_id, code in theirs)


def _hashes(letter_id: int, code: str, tokens: Tokens) -> list[str]:
    """Return the hash of a letter's code under every key, the current one last."""
    return tokens.marks("code", f"{letter_id} {code}")
