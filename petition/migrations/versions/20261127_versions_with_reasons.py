"""versions of texts with their reasons; each change counted."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. No table is copied."""
    revision = sa.Column("revision", sa.Integer(), server_default="1", nullable=False)
    reason = sa.Column("reason", sa.String(500), server_default="", nullable=False)
    checked_at = sa.Column("checked_at", UTCDateTime(timezone=True), nullable=True)
    for column in (revision, reason, checked_at):
        op.add_column("petition_text", column)
    # Addresses of share pictures, which had the version, stay valid.
    op.execute("UPDATE petition_text SET revision = version")


def downgrade() -> None:
    """Drop the columns."""
    for name in ("checked_at", "reason", "revision"):
        op.drop_column("petition_text", name)
