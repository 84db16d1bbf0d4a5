"""A new version of the text that was signed: its signer is shown the difference, and agrees or not.

A signature keeps the version that was signed. Whoever does not answer stays counted.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select, update

from petition.core.errors import ChangedMeanwhile, SignatureGone
from petition.database.base import db
from petition.database.transactions import transaction
from petition.models import PetitionText, Signature
from petition.petitions import sums
from petition.petitions.editing.petition_file import SIGNED_FIELDS
from petition.petitions.editing.versions import FieldChange, compare_fields

_signature, _text = Signature.table(), PetitionText.table()
_AGREED = (_signature.c.text_language, _signature.c.text_version, _signature.c.confirmed_version)


class NewText(NamedTuple):
    """The newest text in the language that was signed, and how it differs from what was agreed."""

    text: PetitionText
    changes: list[FieldChange]


def find_new_text(signature: Signature) -> NewText | None:
    """Return the text to which a counted signature does not agree yet, or None."""
    if not signature.counted:
        return None
    agreed = signature.confirmed_version or signature.text_version
    newer = select(PetitionText).where(
        PetitionText.petition_id == signature.petition_id,
        PetitionText.language == signature.text_language,
        PetitionText.version >= agreed,
    )
    before, *later = db.session.scalars(newer.order_by(PetitionText.version)).all()
    if not later:
        return None
    after = later[-1]
    fields = {name: (getattr(before, name), getattr(after, name)) for name in SIGNED_FIELDS}
    return NewText(after, compare_fields(fields))


def confirm(signature_id: int, version: int, *, now: datetime) -> None:
    """Store that a confirmed signature agrees with the newest version of its text. Idempotent.

    `version` is the one that its owner has read. Raises: ChangedMeanwhile if it is not the newest;
    SignatureGone, also for an unconfirmed or anonymised signature.
    """
    with transaction() as connection:
        row = connection.execute(
            select(*_AGREED, *sums.COLUMNS)
            .where(_signature.c.id == signature_id, _signature.c.confirmed_at.is_not(None))
            .where(_signature.c.email != "")
            .with_for_update()
        ).first()
        if row is None:
            raise SignatureGone
        newest = connection.scalar(
            select(func.max(_text.c.version)).where(
                _text.c.petition_id == row.petition_id, _text.c.language == row.text_language
            )
        )
        if version != newest:
            raise ChangedMeanwhile
        if version == (row.confirmed_version or row.text_version):
            return
        after = connection.execute(
            update(_signature)
            .where(_signature.c.id == signature_id)
            .values(confirmed_version=version, version_confirmed_at=now)
            .returning(*sums.COLUMNS)
        )
        sums.change(connection, removed=[row], added=after)
