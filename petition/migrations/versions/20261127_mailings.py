"""updates that are corrected, taken down and emailed: columns, the table of mailings, indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NEWS = "state = 'due' AND kind = 'news'"
OF_UPDATE = "update_id IS NOT NULL"
WANTS_NEWS = "updates AND number IS NOT NULL AND invalidation_id IS NULL"


def upgrade() -> None:
    """Add columns, table and indexes. No table is copied."""
    time = sa.DateTime(timezone=True)
    for column in (
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("taken_down_at", time, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("corrections", sa.JSON(), nullable=False, server_default=sa.text("'[]'")),
        sa.Column("tested_version", sa.Integer(), nullable=True),
    ):
        op.add_column("petition_update", column)
    op.add_column("email", sa.Column("update_id", sa.Integer(), nullable=True))
    integers = ("readers", "cursor", "last_signature_id", "sent", "refused", "unknown", "left_out")
    op.create_table(
        "mailing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("started_by", sa.Integer(), nullable=True),
        sa.Column("started_at", time, nullable=False),
        sa.Column("insisted", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in integers),
        sa.Column("ended_at", time, nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'paused', 'stopped', 'done')", name=op.f("ck_mailing_state")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_mailing_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["update_id"],
            ["petition_update.id"],
            name=op.f("fk_mailing_update_id_petition_update"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing")),
        sa.UniqueConstraint("update_id", name=op.f("uq_mailing_update_id")),
    )
    op.create_index("ix_mailing_petition_id", "mailing", ["petition_id"])
    _index("ix_email_news", "email", ["due_at"], NEWS)
    of_update = ["update_id", "signature_id"]
    _index("uq_email_update_id_signature_id", "email", of_update, OF_UPDATE, unique=True)
    _index("ix_signature_news", "signature", ["petition_id", "id", "language"], WANTS_NEWS)


def _index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition
    )


def downgrade() -> None:
    """Drop what was added, and the emails of kinds that were unknown before."""
    op.execute("DELETE FROM email WHERE kind IN ('news', 'news_test')")
    op.drop_index("ix_signature_news", "signature")
    op.drop_index("uq_email_update_id_signature_id", "email")
    op.drop_index("ix_email_news", "email")
    op.drop_table("mailing")
    op.drop_column("email", "update_id")
    for name in ("tested_version", "corrections", "version", "taken_down_at", "changed_by"):
        op.drop_column("petition_update", name)
