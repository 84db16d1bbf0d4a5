"""The serial of an organiser's sessions, and the separator of the CSV."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    serial = sa.Column("session_serial", sa.Integer(), nullable=False, server_default="0")
    op.add_column("organiser", serial)
    separator = sa.Column("csv_separator", sa.String(10), nullable=False, server_default="comma")
    op.add_column("organiser", separator)


def downgrade() -> None:
    """Drop the columns: sessions that were ended are valid again until they expire."""
    op.drop_column("organiser", "csv_separator")
    op.drop_column("organiser", "session_serial")
