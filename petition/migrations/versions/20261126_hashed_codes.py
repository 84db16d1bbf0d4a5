"""the hash of a mail's code."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the database forward."""
    op.add_column("letter", sa.Column("code", sa.String(32), nullable=False, server_default=""))


def downgrade() -> None:
    """Move it back: the codes of mails under way die, their links do not."""
    op.drop_column("letter", "code")
