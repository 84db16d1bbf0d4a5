"""${message}."""

import sqlalchemy as sa
from alembic import op

from petition.database.base import UTCDateTime
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Move the database forward."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Move it back."""
    ${downgrades if downgrades else "pass"}
