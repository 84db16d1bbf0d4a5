"""a pause of the outbox, and when the mail server refused an email."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_IS_REFUSED = sa.text("refused_at IS NOT NULL")


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "outbox_pause",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_pause"),
    )
    op.add_column("email", sa.Column("refused_at", sa.DateTime(timezone=True)))
    op.create_index(
        "ix_email_refused_at",
        "email",
        ["refused_at"],
        sqlite_where=_IS_REFUSED,
        postgresql_where=_IS_REFUSED,
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_email_refused_at", "email")
    op.drop_column("email", "refused_at")
    op.drop_table("outbox_pause")
