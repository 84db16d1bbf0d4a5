"""The six digits that do what the link of a mail does. Each mail has its own, made as it leaves;
what is kept is a hash under the site's key, which a stolen database does not open.
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, func, select, update

from petition.core.tokens import Tokens
from petition.database.compiled import CompiledStatement
from petition.database.transactions import transaction
from petition.models import Email
from petition.models.enums import EmailState
from petition.signatures.entries import EntryRef

DIGITS = 6

_email = Email.table()

_KEEP = CompiledStatement(
    update(_email)
    .where(_email.c.id == bindparam("email"))
    .values(code_hash=bindparam("code"))
    .returning(_email.c.id)
)


def parse_code(typed: str) -> str:
    """Return the six digits in what was typed, however they were parted or in whichever script's
    digits, or nothing.
    """
    digits = "".join(str(int(sign)) for sign in typed[:50] if sign.isdecimal())
    return digits if len(digits) == DIGITS else ""


def make_code(email_id: int, tokens: Tokens) -> str:
    """Return the code for a letter that is about to leave, and keep its hash. A letter that is held
    or must not be mailed has none, so nobody can guess it.

    Tried again, a letter has the same one: the earlier try may have arrived.
    """
    number = int(tokens.keyed_hash("digits of a code", str(email_id)), 16)
    code = f"{number % 10**DIGITS:0{DIGITS}d}"
    with transaction() as connection:
        _KEEP.first(connection, {"email": email_id, "code": _hashes(email_id, code, tokens)[-1]})
    return code


def find_entry(
    connection: Connection, signature_id: int, typed: str, tokens: Tokens, since: datetime
) -> EntryRef | None:
    """Return the entry of a signature whose mail, gone out since then, held the code that was
    typed; None for a wrong one.
    """
    mailed = connection.execute(
        select(_email.c.id, _email.c.entry, _email.c.code_hash).where(
            _email.c.signature_id == signature_id,
            _email.c.code_hash != "",
            _email.c.state.in_((EmailState.DUE, EmailState.SENT)),
            func.coalesce(_email.c.sent_at, _email.c.due_at) >= since,
        )
    )
    for email_id, entry, code in mailed:
        if code in _hashes(email_id, typed, tokens):
            return EntryRef(signature_id, entry)
    return None


def _hashes(email_id: int, code: str, tokens: Tokens) -> list[str]:
    """Return the hash of a letter's code under every key, the current one last."""
    return tokens.keyed_hashes("code", f"{email_id} {code}")
