"""Files of signatures, and signatures for them."""

from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import update

from petition.database.transactions import transaction
from petition.models import Signature
from petition.organisers.export import Export, FileOptions, Format, Profile
from tests.signatures import confirm, sign, signature_of

PACK = FileOptions(Format.PDF, Profile.HANDOVER)
HEADER = (
    "number,name,email,country,postcode,organisation,role,comment,display,handover,updates,"
    "language,channel,text_version,signed_at,confirmed_at,confirmed_version"
)


def export_of(petition_id: int = 1, **options: Any) -> Export:
    """Return a file that tells how many people it leaves out as `and 3`."""
    folder = Path(current_app.instance_path) / "tmp"
    return Export(petition_id, FileOptions(**options), lambda count: f"and {count}", folder)


def keep(email: str, **values: object) -> None:
    """Keep a confirmed signature with these values, whatever they are."""
    signature = signature_of(sign(email))
    confirm(signature.id)
    if values:
        with transaction() as connection:
            connection.execute(
                update(Signature).where(Signature.id == signature.id).values(**values)
            )
