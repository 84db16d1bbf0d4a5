"""each entry of the audit trail hashed with the one before; its head; its indexes."""

import hashlib
import json
from datetime import UTC

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BATCH = 1_000
DOWNLOADS = sa.text("action IN ('signatures.download', 'signatures.handover')")


def upgrade() -> None:
    """Add columns, table and indexes, and hash the entries in their order."""
    for name in ("previous_hash", "hash"):
        column = sa.Column(name, sa.String(64), nullable=False, server_default="")
        op.add_column("audit_entry", column)
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_index("ix_audit_entry_petition_id_id", "audit_entry", ["petition_id", "id"])
    op.create_index(
        "ix_audit_entry_download",
        "audit_entry",
        ["petition_id", "at"],
        sqlite_where=DOWNLOADS,
        postgresql_where=DOWNLOADS,
    )
    _hash_entries()


def _hash_entries() -> None:
    connection = op.get_bind()
    names = ("id", "organiser_id", "petition_id", "action", "detail", "previous_hash", "hash")
    at = sa.column("at", UTCDateTime(timezone=True))
    entry = sa.table("audit_entry", at, *map(sa.column, names))
    columns = [column for column in entry.columns if "hash" not in column.name]
    last, previous = None, "0" * 64
    while True:
        newer = sa.true() if last is None else entry.c.id > last
        query = sa.select(*columns).where(newer).order_by(entry.c.id).limit(BATCH)
        hashed = []
        for row in connection.execute(query).mappings():
            values = {**row, "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds")}
            values["previous_hash"] = previous
            last, digest = row["id"], _hash(values)
            hashed.append({"row_id": last, "before": previous, "digest": digest})
            previous = digest
        if not hashed:
            break
        connection.execute(
            sa.update(entry)
            .where(entry.c.id == sa.bindparam("row_id"))
            .values(previous_hash=sa.bindparam("before"), hash=sa.bindparam("digest")),
            hashed,
        )
    if last is not None:
        head = sa.table("audit_head", *map(sa.column, ("id", "entry_id", "hash")))
        connection.execute(sa.insert(head).values(id=1, entry_id=last, hash=previous))


def _hash(values: dict[str, object]) -> str:
    # As `petition.audit.hash_entry` did at this migration.
    given = {name: values[name] for name in sorted(values) if values[name] is not None}
    encoded = json.dumps(given, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(encoded.encode()).hexdigest()


def downgrade() -> None:
    """Drop the hashes, which can be computed again, the head and the indexes."""
    op.drop_index("ix_audit_entry_download", "audit_entry")
    op.drop_index("ix_audit_entry_petition_id_id", "audit_entry")
    op.drop_table("audit_head")
    op.drop_column("audit_entry", "hash")
    op.drop_column("audit_entry", "previous_hash")
