"""The goal of a petition; ids of deleted petitions are not used again."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and on SQLite AUTOINCREMENT, which needs a copy of the table."""
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "auto"
    options = {"sqlite_autoincrement": True}
    with op.batch_alter_table("petition", recreate=recreate, table_kwargs=options) as petition:
        petition.add_column(sa.Column("goal", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Drop the column; AUTOINCREMENT stays."""
    op.drop_column("petition", "goal")
