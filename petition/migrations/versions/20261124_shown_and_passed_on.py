"""shown and passed on."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NONE = sa.text("''")
STATES = "state IN ('draft', 'open', 'paused', 'closed', 'victory')"


def upgrade() -> None:
    """Move the database forward."""
    with op.batch_alter_table("petition") as petition:
        petition.drop_constraint(op.f("ck_petition_state"), type_="check")
        petition.create_check_constraint(op.f("ck_petition_state"), STATES)
        petition.add_column(
            sa.Column("face", sa.String(length=32), nullable=False, server_default=NONE)
        )
    op.add_column(
        "petition_text",
        sa.Column("face", sa.String(length=300), nullable=False, server_default=NONE),
    )
    # In SQL: no rebuilding of the largest table for one closed list.
    op.execute(
        "ALTER TABLE signature ADD COLUMN comment_state VARCHAR(10) DEFAULT 'waiting' NOT NULL"
        " CONSTRAINT ck_signature_comment_state"
        " CHECK (comment_state IN ('waiting', 'shown', 'refused'))"
    )
    _index("ix_signature_shown", "number", where="number IS NOT NULL AND display <> 'hidden'")
    _index(
        "ix_signature_organisation",
        "organisation",
        "display",
        where="number IS NOT NULL AND organisation <> ''",
    )
    _index(
        "ix_signature_remark",
        "comment_state",
        "number",
        where="number IS NOT NULL AND display <> 'hidden' AND comment <> ''",
    )
    _index("ix_signature_country", "country", where="number IS NOT NULL")
    _news()
    _table(
        "picture",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("petition_id", "name", name=op.f("uq_picture_petition_id_name")),
    )
    op.create_index(op.f("ix_picture_digest"), "picture", ["digest"])
    _table(
        "target",
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("office", sa.JSON(), nullable=False),
        sa.Column("postal", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
    )
    op.create_index(op.f("ix_target_petition_id"), "target", ["petition_id"])
    op.create_table(
        "visit",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        _of_petition("visit"),
        sa.PrimaryKeyConstraint("petition_id", "day", "channel", "language", name=op.f("pk_visit")),
    )


def _news() -> None:
    _table(
        "petition_update",
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("published_at", UTCDateTime(timezone=True), nullable=True),
        sa.Column("changed_at", UTCDateTime(timezone=True), nullable=False),
    )
    op.create_index(op.f("ix_petition_update_petition_id"), "petition_update", ["petition_id"])
    op.create_table(
        "update_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("update_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["update_id"],
            ["petition_update.id"],
            name=op.f("fk_update_text_update_id_petition_update"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_update_text")),
        sa.UniqueConstraint(
            "update_id", "language", name=op.f("uq_update_text_update_id_language")
        ),
    )


def _table(name: str, *columns: sa.Column[object] | sa.UniqueConstraint) -> None:
    """Make a table of things that belong to one petition."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        *columns,
        _of_petition(name),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _of_petition(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["petition_id"],
        ["petition.id"],
        name=op.f(f"fk_{name}_petition_id_petition"),
        ondelete="CASCADE",
    )


def _index(name: str, *columns: str, where: str) -> None:
    part = sa.text(where)
    op.create_index(
        name, "signature", ["petition_id", *columns], sqlite_where=part, postgresql_where=part
    )


def downgrade() -> None:
    """Refuse: news, pictures and the offices to write to have no place in 0002."""
    raise NotImplementedError("restore a backup made before 0003")
