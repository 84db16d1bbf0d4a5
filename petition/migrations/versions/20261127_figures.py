"""sums by hour and language; what happened on each day; who wants an email each morning."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

EARLIER = ("channel", "country", "day", "disposable", "organisation")
_COLUMNS = "petition_id, kind, key, confirmed"
_MORE = {"hour": "substr(CAST(confirmed_at AS VARCHAR), 1, 13)", "language": "language"}


def upgrade() -> None:
    """Add and fill the sums, and add the table and the columns."""
    _replace_sums((*EARLIER, *_MORE))
    for kind, key in _MORE.items():
        op.execute(
            f"INSERT INTO signature_sum ({_COLUMNS})"  # noqa: S608 (constants)
            f" SELECT petition_id, '{kind}', {key}, count(*) FROM signature"
            f" WHERE confirmed_at IS NOT NULL GROUP BY petition_id, {key}"
        )
    op.create_table(
        "activity",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('form', 'email', 'refused', 'withdrawn')", name=op.f("ck_activity_kind")
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_activity_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("petition_id", "day", "kind", name=op.f("pk_activity")),
        sqlite_with_rowid=False,
    )
    wants = sa.Column("morning_email", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("organiser", wants)
    op.add_column("organiser", sa.Column("morning_day", sa.Date(), nullable=True))


def _replace_sums(kinds: tuple[str, ...]) -> None:
    """Replace the table by one that takes these kinds, with its rows of these kinds."""
    listed = ", ".join(repr(kind) for kind in kinds)
    op.rename_table("signature_sum", "earlier_sum")
    if op.get_bind().dialect.name == "postgresql":  # where names of constraints are the schema's
        for name in ("pk_signature_sum", "fk_signature_sum_petition_id_petition"):
            op.drop_constraint(name, "earlier_sum")
    op.create_table(
        "signature_sum",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("key", sa.String(600), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"kind IN ({listed})", name=op.f("ck_signature_sum_kind")),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_signature_sum_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("petition_id", "kind", "key", name=op.f("pk_signature_sum")),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO signature_sum ({_COLUMNS})"  # noqa: S608 (constants)
        f" SELECT {_COLUMNS} FROM earlier_sum WHERE kind IN ({listed})"
    )
    op.drop_table("earlier_sum")


def downgrade() -> None:
    """Drop the columns, the table and the sums by hour and language."""
    op.drop_column("organiser", "morning_day")
    op.drop_column("organiser", "morning_email")
    op.drop_table("activity")
    _replace_sums(EARLIER)
