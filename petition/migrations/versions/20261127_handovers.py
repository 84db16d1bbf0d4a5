"""files of signatures that organisers ask for, emails about them, and sealed hand-overs."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0023"
down_revision = "0021"
branch_labels = None
depends_on = None

STATES = "'waiting', 'running', 'ready', 'failed', 'expired', 'streamed'"
UNFINISHED = sa.text("state IN ('waiting', 'running')")
READY = sa.text("state = 'ready'")


def upgrade() -> None:
    """Add the tables and a column. No table is copied."""
    moment = UTCDateTime(timezone=True)
    op.create_table(
        "download",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("organiser_id", sa.Integer(), nullable=True),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("profile", sa.String(10), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", moment, nullable=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("expires_at", moment, nullable=True),
        sa.Column("fetched_at", moment, nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("deleted_at", moment, nullable=True),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_download_state")),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_download_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_download_petition_id_id", "download", ["petition_id", "id"])
    for column, where in (("state", UNFINISHED), ("expires_at", READY)):
        op.create_index(
            f"ix_download_{column}",
            "download",
            [column],
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_table(
        "handover",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("download_id", sa.Integer(), nullable=False),
        sa.Column("organiser_id", sa.Integer(), nullable=True),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("withheld", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("list_sha256", sa.String(64), nullable=False),
        sa.Column("erased_at", moment, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handed_over_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("photo_digest", sa.String(64), nullable=False),
        sa.Column("photo_alt", sa.String(300), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("link_serial", sa.Integer(), nullable=False),
        sa.Column("link_made_at", moment, nullable=True),
        sa.Column("link_used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_handover_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
        sa.UniqueConstraint("download_id", name=op.f("uq_handover_download_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_handover_petition_id_id", "handover", ["petition_id", "id"])
    op.add_column("email", sa.Column("download_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop the tables and the column. Files in the instance folder are to be deleted by hand."""
    op.execute("DELETE FROM email WHERE kind = 'download'")
    op.drop_column("email", "download_id")
    op.drop_table("handover")
    op.drop_table("download")
