"""what finds signatures by name, by organisation and by the beginning of an address."""

from unicodedata import normalize

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BATCH = 1_000
NUMBERED = "number IS NOT NULL"


def upgrade() -> None:
    """Add the column and its index, and let an index find addresses by their beginning."""
    text = sa.String(300)
    if op.get_bind().dialect.name == "postgresql":
        text = sa.String(300, collation="C")
        op.execute('ALTER TABLE signature ALTER COLUMN mailbox_key TYPE VARCHAR(254) COLLATE "C"')
    op.add_column("signature", sa.Column("name_key", text, nullable=False, server_default=""))
    _fill_name_keys()
    _index("ix_signature_name_key", "petition_id", "name_key", "id", where=NUMBERED)
    _index(
        "ix_signature_named_organisation",
        *("petition_id", "organisation", "id"),
        where=f"{NUMBERED} AND organisation <> ''",
    )


def _fill_name_keys() -> None:
    connection = op.get_bind()
    names = ("id", "name", "name_key", "number")
    signature = sa.table("signature", *map(sa.column, names))
    last = 0
    while True:
        rows = connection.execute(
            sa.select(signature.c.id, signature.c.name)
            .where(signature.c.id > last, signature.c.number.is_not(None))
            .order_by(signature.c.id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        # As `search_key` of petition/core/text.py did at this migration.
        keys = [
            {
                "row_id": row.id,
                "key": " ".join(normalize("NFKC", row.name).casefold().split())[:300],
            }
            for row in rows
        ]
        connection.execute(
            sa.update(signature)
            .where(signature.c.id == sa.bindparam("row_id"))
            .values(name_key=sa.bindparam("key")),
            keys,
        )


def _index(name: str, *columns: str, where: str) -> None:
    part = sa.text(where)
    op.create_index(name, "signature", [*columns], sqlite_where=part, postgresql_where=part)


def downgrade() -> None:
    """Drop indexes and column."""
    for name in ("ix_signature_named_organisation", "ix_signature_name_key"):
        op.drop_index(name, "signature")
    op.drop_column("signature", "name_key")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            'ALTER TABLE signature ALTER COLUMN mailbox_key TYPE VARCHAR(254) COLLATE "default"'
        )
