"""which petition organisers chose for the first page of the site."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    column = sa.Column("featured_at", UTCDateTime(timezone=True), nullable=True)
    op.add_column("petition", column)


def downgrade() -> None:
    """Drop it: the setting FEATURED alone says which petition comes first."""
    op.drop_column("petition", "featured_at")
