"""Names under which organisers joined the spellings of an organisation."""

from datetime import datetime

from sqlalchemy import ColumnElement, String, UniqueConstraint, case, func, select
from sqlalchemy.orm import Mapped, mapped_column

from petition.database.base import Base
from petition.models.constraints import NEVER_REUSE_IDS, PetitionId
from petition.models.signatures import Signature


class OrganisationName(Base):
    """A spelling that signers wrote, and the name that is shown for it.

    What a signer wrote stays in the signature. It is erased when no signature has the spelling.
    """

    __tablename__ = "organisation_name"
    __table_args__ = (UniqueConstraint("petition_id", "written"), NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[PetitionId]
    written: Mapped[str] = mapped_column(String(200))
    shown: Mapped[str] = mapped_column(String(200))
    organiser_id: Mapped[int | None]
    at: Mapped[datetime]

    @classmethod
    def of_signature(cls) -> ColumnElement[str]:
        """Return the organisation of a signature as it is shown, "" without one."""
        signature, name = Signature.table().c, cls.table().c
        joined = (
            select(name.shown)
            .where(name.petition_id == signature.petition_id)
            .where(name.written == signature.organisation)
            .correlate(Signature.table())
            .scalar_subquery()
        )
        shown = func.coalesce(joined, signature.organisation)
        return case((signature.organisation == "", ""), else_=shown)
