"""what a page tells beside the text: picture's words, facts, plan, victory."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty in petitions that exist. No table is copied."""
    for name, kind, empty in (
        ("face_credit", sa.String(200), "''"),
        ("as_of", sa.String(10), "''"),
        ("facts", sa.JSON(), "'[]'"),
        ("plan", sa.JSON(), "'[]'"),
        ("victory", sa.JSON(), "'{}'"),
    ):
        column = sa.Column(name, kind, server_default=sa.text(empty), nullable=False)
        op.add_column("petition", column)
    caption = sa.Column("face_caption", sa.String(300), server_default="", nullable=False)
    op.add_column("petition_text", caption)


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("petition_text", "face_caption")
    for name in ("victory", "plan", "facts", "as_of", "face_credit"):
        op.drop_column("petition", name)
