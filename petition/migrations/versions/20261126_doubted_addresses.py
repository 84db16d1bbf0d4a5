"""addresses that are doubted, and emails that their reader has answered."""

import sqlalchemy as sa
from alembic import op

from petition.database.base import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add until when an email waits, which one replaced it, and whether it was answered."""
    op.add_column("email", sa.Column("asked_until", UTCDateTime(timezone=True), nullable=True))
    op.add_column("email", sa.Column("corrected_to", sa.Integer(), nullable=True))
    op.add_column(
        "email", sa.Column("answered", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    """Drop the columns."""
    for name in ("answered", "corrected_to", "asked_until"):
        op.drop_column("email", name)
