"""“No more news”: by the link in an email, or by the inbox's own button (RFC 8058)."""

from sqlalchemy import select, update

from petition.core.errors import SignatureGone
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import Petition, Signature

_signature = Signature.table()


def get_petition(signature_id: int) -> Petition:
    """Return the petition whose news a signer gets. Raises: SignatureGone."""
    query = select(Petition).join(Signature, Signature.petition_id == Petition.id)
    petition = db.session.scalar(query.where(Signature.id == signature_id))
    if petition is None:
        raise SignatureGone
    return petition


def unsubscribe(signature_id: int) -> None:
    """Send a signer no more news of the petition, and no question about a new text.

    Idempotent, also once the signature is erased.

    Emails that wait are not sent: they are checked when they are composed.
    """
    with transaction() as connection:
        of_signer = update(_signature).where(_signature.c.id == signature_id)
        connection.execute(of_signer.values(updates=False, refuses_questions=True))
