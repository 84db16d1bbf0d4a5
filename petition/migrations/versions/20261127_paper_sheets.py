"""paper sheets, and the sum of their names."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table and add a column. No table is copied."""
    op.create_table(
        "paper_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("names", sa.Integer(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("scan", sa.LargeBinary(), nullable=True),
        sa.Column("has_scan", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("names > 0", name=op.f("ck_paper_sheet_names")),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_paper_sheet_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_sheet")),
        sa.UniqueConstraint("petition_id", "label", name=op.f("uq_paper_sheet_petition_id_label")),
        sqlite_autoincrement=True,
    )
    column = sa.Column("paper", sa.Integer(), nullable=False, server_default="0")
    op.add_column("petition", column)


def downgrade() -> None:
    """Drop them: the sheets and their scans are lost."""
    op.drop_column("petition", "paper")
    op.drop_table("paper_sheet")
