"""a row for each session of an organiser; second factors and their recovery codes."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and columns. Sessions of before had a serial alone, so they end."""
    organiser = ["organiser.id"]
    op.create_table(
        "browser_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organiser_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(20), nullable=False),
        sa.Column("system", sa.String(20), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("used_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("code_accepted_at", UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            organiser,
            name=op.f("fk_browser_session_organiser_id_organiser"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_browser_session_organiser_id", "browser_session", ["organiser_id"])
    op.create_table(
        "second_factor",
        sa.Column("organiser_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(48), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            organiser,
            name=op.f("fk_second_factor_organiser_id_organiser"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organiser_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("organiser_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organiser_id"],
            ["second_factor.organiser_id"],
            name=op.f("fk_recovery_code_organiser_id_second_factor"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organiser_id", "hash", name=op.f("pk_recovery_code")),
    )
    op.add_column("email", sa.Column("session_id", sa.Integer(), nullable=True))
    needed = sa.Column(
        "downloads_need_code", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("petition", needed)
    op.drop_column("organiser", "session_serial")


def downgrade() -> None:
    """Drop them. Every organiser has to sign in again, and no download needs a code."""
    serial = sa.Column("session_serial", sa.Integer(), nullable=False, server_default="0")
    op.add_column("organiser", serial)
    op.drop_column("petition", "downloads_need_code")
    op.drop_column("email", "session_id")
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    op.drop_table("browser_session")
