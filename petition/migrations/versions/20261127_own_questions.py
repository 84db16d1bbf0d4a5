"""questions of a petition's own, with the answers in its signatures."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: petitions that exist ask what they asked. No table is copied."""
    for name, kind, value in (
        ("asks_organisation", sa.Boolean(), sa.true()),
        ("asks_comment", sa.Boolean(), sa.true()),
        ("questions", sa.JSON(), sa.text("'[]'")),
    ):
        column = sa.Column(name, kind, server_default=value, nullable=False)
        op.add_column("petition", column)
    for table in ("signature", "alternate_entry"):
        answers = sa.Column("answers", sa.Text(), server_default="", nullable=False)
        op.add_column(table, answers)


def downgrade() -> None:
    """Drop the columns."""
    for table in ("alternate_entry", "signature"):
        op.drop_column(table, "answers")
    for name in ("questions", "asks_comment", "asks_organisation"):
        op.drop_column("petition", name)
