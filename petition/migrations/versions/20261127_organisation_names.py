"""joined spellings of organisations, and which update tells of a hand-over."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and a column. No table is copied."""
    op.create_table(
        "organisation_name",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("written", sa.String(200), nullable=False),
        sa.Column("shown", sa.String(200), nullable=False),
        sa.Column("written_key", sa.String(600), nullable=False),
        sa.Column("shown_key", sa.String(600), nullable=False),
        sa.Column("organiser_id", sa.Integer(), nullable=True),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_organisation_name_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_name")),
        sa.UniqueConstraint(
            "petition_id", "written", name=op.f("uq_organisation_name_petition_id_written")
        ),
        sqlite_autoincrement=True,
    )
    op.add_column("petition_update", sa.Column("handover_id", sa.Integer(), nullable=True))
    op.create_index(
        op.f("ix_petition_update_handover_id"), "petition_update", ["handover_id"], unique=True
    )


def downgrade() -> None:
    """Drop the column and the table."""
    op.drop_index(op.f("ix_petition_update_handover_id"), "petition_update")
    op.drop_column("petition_update", "handover_id")
    op.drop_table("organisation_name")
