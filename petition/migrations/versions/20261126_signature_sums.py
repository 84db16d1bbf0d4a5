"""sums of counted signatures."""

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep the sums that pages show, and drop the indexes that were scanned for them."""
    table = op.create_table(
        "signature_sum",
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("key", sa.String(600), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('channel', 'country', 'day', 'disposable', 'organisation')",
            name=op.f("ck_signature_sum_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_signature_sum_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("petition_id", "kind", "key", name=op.f("pk_signature_sum")),
        sqlite_with_rowid=False,
    )
    rows = [
        {"petition_id": petition_id, "kind": kind, "key": key, "confirmed": confirmed}
        for (petition_id, kind, key), confirmed in _count().items()
    ]
    if rows:
        op.bulk_insert(table, rows)
    op.drop_index("ix_signature_country", "signature")
    # All organisations are counted in the sums; only those that show are read from signatures.
    op.drop_index("ix_signature_organisation", "signature")
    _index(
        "ix_signature_organisation",
        "petition_id",
        "organisation",
        "number",
        "name_hidden",
        where="number IS NOT NULL AND organisation <> '' AND display = 'full'",
    )


def _count() -> Counter[tuple[int, str, str]]:
    sums: Counter[tuple[int, str, str]] = Counter()
    for kind, key, also in (
        ("channel", "channel", "channel <> ''"),
        ("country", "country", "true"),
        ("day", "date(confirmed_at)", "true"),
        ("disposable", "'yes'", "disposable"),
        ("organisation", "organisation", "organisation <> ''"),
    ):
        rows = op.get_bind().execute(
            sa.text(
                f"SELECT petition_id, {key}, count(*) FROM signature"  # noqa: S608 (constants)
                f" WHERE confirmed_at IS NOT NULL AND {also} GROUP BY 1, 2"
            )
        )
        for petition_id, value, confirmed in rows:
            # SQLite can casefold ASCII alone.
            of = value.casefold() if kind == "organisation" else str(value)
            sums[petition_id, kind, of] += confirmed
    return sums


def _index(name: str, *columns: str, where: str) -> None:
    part = sa.text(where)
    op.create_index(name, "signature", [*columns], sqlite_where=part, postgresql_where=part)


def downgrade() -> None:
    """Drop the sums."""
    _index("ix_signature_country", "petition_id", "country", where="number IS NOT NULL")
    op.drop_index("ix_signature_organisation", "signature")
    _index(
        "ix_signature_organisation",
        "petition_id",
        "organisation",
        "display",
        where="number IS NOT NULL AND organisation <> ''",
    )
    op.drop_table("signature_sum")
