"""what adds up the visits of a petition by channel without a sort."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

NAME = "ix_visit_petition_id_channel"


def upgrade() -> None:
    """Add the index."""
    op.create_index(NAME, "visit", ["petition_id", "channel", "day", "visits"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index(NAME, "visit")
