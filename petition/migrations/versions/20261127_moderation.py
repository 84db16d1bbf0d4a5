"""signatures that no longer count, and what was done to one signature."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0017"
branch_labels = None
depends_on = None

REASONS = "'made_up', 'disowned', 'duplicate', 'automated', 'asked', 'other'"
KINDS = "'channel', 'country', 'day', 'disposable', 'organisation'"
COUNTED = "number IS NOT NULL AND invalidation_id IS NULL"
# Indexes of the public pages by name: columns, and the condition beside that of counting.
SHOWN = {
    "ix_signature_shown": (("petition_id", "number"), "display <> 'hidden'"),
    "ix_signature_organisation": (
        ("petition_id", "organisation", "number", "name_hidden"),
        "organisation <> '' AND display = 'full'",
    ),
    "ix_signature_comment": (
        ("petition_id", "comment_state", "number", "name_hidden"),
        "display <> 'hidden' AND comment <> ''",
    ),
}


def upgrade() -> None:
    """Add table, columns and indexes. No large table is copied."""
    _create_invalidation()
    _add_columns()
    _index(
        "ix_signature_invalidation", "invalidation_id", "id", where="invalidation_id IS NOT NULL"
    )
    _index("ix_signature_invalidated", "petition_id", "number", where="invalidation_id IS NOT NULL")
    _index_shown(COUNTED)
    _check_kinds(f"{KINDS}, 'invalidated'")
    op.add_column("audit_entry", sa.Column("signature_id", sa.Integer(), nullable=True))
    _index(
        "ix_audit_entry_signature_id",
        *("signature_id", "id"),
        where="signature_id IS NOT NULL",
        table="audit_entry",
    )


def _create_invalidation() -> None:
    op.create_table(
        "invalidation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("organiser_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("ck_invalidation_reason")),
        sa.CheckConstraint(
            "undone_at IS NOT NULL OR undone_by IS NULL", name=op.f("ck_invalidation_undone")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_invalidation_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invalidation")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invalidation_petition_id", "invalidation", ["petition_id"])
    _index("ix_invalidation_unfinished", "id", where="finished_at IS NULL", table="invalidation")


def _add_columns() -> None:
    # Alembic would copy the table on SQLite for a foreign key.
    op.execute(
        "ALTER TABLE signature ADD COLUMN invalidation_id INTEGER"
        " CONSTRAINT fk_signature_invalidation_id_invalidation REFERENCES invalidation (id)"
    )
    op.add_column("signature", sa.Column("invalidated_reason", sa.String(20), nullable=True))


def _index_shown(counted: str) -> None:
    for name, (columns, also) in SHOWN.items():
        op.drop_index(name, "signature")
        _index(name, *columns, where=f"{counted} AND {also}")


def _index(name: str, *columns: str, where: str, table: str = "signature") -> None:
    part = sa.text(where)
    op.create_index(name, table, [*columns], sqlite_where=part, postgresql_where=part)


def _check_kinds(kinds: str) -> None:
    """Set what kinds of sums there are. On SQLite this copies the table, which is small."""
    with op.batch_alter_table("signature_sum", table_kwargs={"sqlite_with_rowid": False}) as sums:
        sums.drop_constraint(op.f("ck_signature_sum_kind"), type_="check")
        sums.create_check_constraint(op.f("ck_signature_sum_kind"), f"kind IN ({kinds})")


def downgrade() -> None:
    """Count what was taken out again, and drop the rest: run `flask petition recount` then."""
    op.drop_index("ix_audit_entry_signature_id", "audit_entry")
    op.drop_column("audit_entry", "signature_id")
    op.execute("DELETE FROM signature_sum WHERE kind = 'invalidated'")
    _check_kinds(KINDS)
    op.drop_index("ix_signature_invalidated", "signature")
    op.drop_index("ix_signature_invalidation", "signature")
    _index_shown("number IS NOT NULL")
    op.drop_column("signature", "invalidated_reason")
    if op.get_bind().dialect.name == "sqlite":  # it drops no column with a foreign key
        _copy_without_invalidation()
    else:
        op.drop_column("signature", "invalidation_id")
    op.drop_table("invalidation")


def _copy_without_invalidation() -> None:
    options = {"sqlite_autoincrement": True}
    with op.batch_alter_table("signature", recreate="always", table_kwargs=options) as signature:
        signature.drop_column("invalidation_id")
