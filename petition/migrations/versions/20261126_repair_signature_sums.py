"""repair what was edited in 0008."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COLUMNS = ["petition_id", "organisation", "number", "name_hidden"]
_IS_SHOWN = sa.text("number IS NOT NULL AND organisation <> '' AND display = 'full'")


def upgrade() -> None:
    """Give databases of 0008 before its edits what it makes now. Idempotent.

    0008 left the index on organisations as it was until 26 November, 13:48, and counted disposable
    addresses under an empty key until 14:17.
    """
    indexes = {index["name"]: index for index in sa.inspect(op.get_bind()).get_indexes("signature")}
    if indexes["ix_signature_organisation"]["column_names"] != _COLUMNS:
        op.drop_index("ix_signature_organisation", "signature")
        op.create_index(
            "ix_signature_organisation",
            "signature",
            _COLUMNS,
            sqlite_where=_IS_SHOWN,
            postgresql_where=_IS_SHOWN,
        )
    # A later release changed the sum under 'yes' alone: neither is right, nor is their total.
    op.execute("DELETE FROM signature_sum WHERE kind = 'disposable'")
    op.execute(
        "INSERT INTO signature_sum (petition_id, kind, key, confirmed)"
        " SELECT petition_id, 'disposable', 'yes', count(*) FROM signature"
        " WHERE confirmed_at IS NOT NULL AND disposable GROUP BY petition_id"
    )


def downgrade() -> None:
    """Change nothing: 0013 should have all of this."""
