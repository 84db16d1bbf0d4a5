"""mailboxes of addresses with a tag at iCloud."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each address with a tag a mailbox of its own, as the rules have it now.

    The hashes under which emails are counted stay. So does a key where another signature for the
    petition, or another organiser, has the new one: two had addresses of one mailbox when 0012
    merged them, and the first was withdrawn and made again with the second's address.
    """
    for table, address, same in (
        ("signature", "address_key", "other.petition_id = signature.petition_id AND "),
        ("organiser", "email", ""),
    ):
        for domain in ("icloud.com", "me.com", "mac.com"):
            op.execute(
                sa.text(
                    f"UPDATE {table} SET mailbox_key = lower({address})"  # noqa: S608 (our own names)
                    f" WHERE lower({address}) LIKE '_%+%@{domain}' AND NOT EXISTS"
                    f" (SELECT 1 FROM {table} AS other"
                    f" WHERE {same}other.mailbox_key = lower({table}.{address}))"
                )
            )


def downgrade() -> None:
    """Change nothing: a mailbox may have two signatures by now."""
