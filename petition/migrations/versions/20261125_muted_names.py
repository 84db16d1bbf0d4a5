"""muted names, leaner counts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the database forward."""
    op.add_column(
        "signature", sa.Column("muted", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute("ALTER TABLE signature DROP COLUMN code_tries")  # counted by mailbox, in `spent`
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TABLE spent_in_its_key (key VARCHAR(80) NOT NULL, times INTEGER NOT NULL,"
            " until DATETIME NOT NULL, CONSTRAINT pk_spent PRIMARY KEY (key)) WITHOUT ROWID"
        )
        op.execute("INSERT INTO spent_in_its_key SELECT key, times, until FROM spent")
        op.execute("DROP TABLE spent")
        op.execute("ALTER TABLE spent_in_its_key RENAME TO spent")


def downgrade() -> None:
    """Refuse: which names were muted has no place in 0003."""
    raise NotImplementedError("restore a backup made before 0004")
