"""mailboxes of addresses with a tag at iCloud."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each address with a tag a mailbox of its own, as the rules have it now.

    Only signatures of the same address could have that key, and a petition has one of each. The
    hashes under which emails are counted stay.
    """
    for table, address in (("signature", "address_key"), ("organiser", "email")):
        for domain in ("icloud.com", "me.com", "mac.com"):
            op.execute(
                sa.text(
                    f"UPDATE {table} SET mailbox_key = lower({address})"  # noqa: S608 (our own names)
                    f" WHERE lower({address}) LIKE '_%+%@{domain}'"
                )
            )


def downgrade() -> None:
    """Change nothing: a mailbox may have two signatures by now."""
