"""plain names; the hash of a mailbox; one open burst for each source."""

import sqlalchemy as sa
from alembic import op
from flask import current_app

from petition.extensions import UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename tables and columns, and add the columns and indexes of this release."""
    _signatures()
    _alternate_entries()
    _bursts()
    _emails()
    _counters()
    with op.batch_alter_table("suppression") as suppression:
        suppression.alter_column("mailbox", new_column_name="hash")
    op.alter_column("organiser", "sign_in", new_column_name="sign_in_serial")


def _signatures() -> None:
    op.alter_column("signature", "muted", new_column_name="name_hidden")
    op.add_column(
        "signature", sa.Column("mailbox_hash", sa.String(32), nullable=False, server_default="")
    )
    connection = op.get_bind()
    signature = sa.table(
        "signature", sa.column("id"), sa.column("mailbox_key"), sa.column("mailbox_hash")
    )
    last = 0
    while True:
        rows = connection.execute(
            sa.select(signature.c.id, signature.c.mailbox_key)
            .where(signature.c.id > last, signature.c.mailbox_key.not_like("anonymised:%"))
            .order_by(signature.c.id)
            .limit(1_000)
        ).all()
        if not rows:
            break
        hash_mailbox = current_app.extensions["tokens"].hash_mailbox
        connection.execute(
            sa.update(signature)
            .where(signature.c.id == sa.bindparam("row_id"))
            .values(mailbox_hash=sa.bindparam("hash")),
            [{"row_id": row.id, "hash": hash_mailbox(row.mailbox_key)} for row in rows],
        )
        last = rows[-1].id
    op.drop_index("ix_signature_signed_at", "signature")
    _index(
        "ix_signature_pending",
        "signature",
        "signed_at",
        "petition_id",
        where="confirmed_at IS NULL",
    )
    op.drop_index("ix_signature_remark", "signature")
    _index(
        "ix_signature_comment",
        "signature",
        "petition_id",
        "comment_state",
        "number",
        "name_hidden",
        where="number IS NOT NULL AND display <> 'hidden' AND comment <> ''",
    )


ENTRY = (
    "name, email, address_key, country, postcode, organisation, role, comment, display, handover,"
    " updates, disposable, language, channel, text_language, text_version, entry, signed_at"
)


def _alternate_entries() -> None:
    lengths = {"name": 100, "email": 254, "address_key": 254, "country": 2, "postcode": 20}
    lengths |= {"organisation": 200, "role": 100, "comment": 1000, "display": 10}
    languages = {"language": 10, "channel": 10, "text_language": 10}
    op.create_table(
        "alternate_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in lengths.items()),
        *(
            sa.Column(name, sa.Boolean(), nullable=False)
            for name in ("handover", "updates", "disposable")
        ),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in languages.items()),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("signed_at", UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "display IN ('hidden', 'initials', 'full')", name=op.f("ck_alternate_entry_display")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_alternate_entry_signature_id_signature"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alternate_entry")),
        sa.UniqueConstraint(
            "signature_id", "entry", name=op.f("uq_alternate_entry_signature_id_entry")
        ),
    )
    op.execute(
        f"INSERT INTO alternate_entry (signature_id, {ENTRY})"  # noqa: S608 (a constant)
        f" SELECT signature_id, {ENTRY} FROM attempt ORDER BY id"
    )
    op.drop_table("attempt")


def _bursts() -> None:
    # Two processes may have recorded the same burst: keep the newest, with the emails of all.
    newest = (
        "(SELECT max(other.id) FROM burst AS other WHERE other.verdict = 'open' AND"
        " other.petition_id = burst.petition_id AND other.kind = burst.kind"
        " AND other.source = burst.source)"
    )
    op.execute(
        f"UPDATE letter SET burst_id = (SELECT {newest} FROM burst"  # noqa: S608 (a constant)
        " WHERE burst.id = letter.burst_id)"
        " WHERE burst_id IN (SELECT id FROM burst WHERE verdict = 'open')"
    )
    op.execute(f"DELETE FROM burst WHERE verdict = 'open' AND id < {newest}")  # noqa: S608
    op.drop_index("ix_burst_petition_id_verdict", "burst")
    op.alter_column("burst", "verdict", new_column_name="state")
    op.create_index("ix_burst_petition_id_state", "burst", ["petition_id", "state"])
    _index(
        "uq_burst_open",
        "burst",
        "petition_id",
        "kind",
        "source",
        where="state = 'open'",
        unique=True,
    )
    _rename_constraints("burst", "ck_burst_verdict", "ck_burst_state")


def _emails() -> None:
    """Rename `letter`: a letter is what people sign. Ids stay, since links in emails carry them."""
    for index in ("due_at", "signature_id", "organiser_id", "burst_id", "mailbox"):
        op.drop_index(f"ix_letter_{index}", "letter")
    op.drop_index("uq_letter_signature_id_reminder", "letter")
    op.rename_table("letter", "email")
    for before, after in (
        ("silent", "suppressed"),
        ("email", "address"),
        ("mailbox", "mailbox_hash"),
        ("code", "code_hash"),
    ):
        op.alter_column("email", before, new_column_name=after)
    op.add_column("email", sa.Column("list_downloaded", sa.Boolean(), nullable=True))
    op.execute(
        "UPDATE email SET list_downloaded = (entry = 1), entry = NULL WHERE kind = 'withdrawn'"
    )
    _index("ix_email_due_at", "email", "due_at", where="state = 'due'")
    _index("ix_email_signature_id", "email", "signature_id", where="signature_id IS NOT NULL")
    _index("ix_email_organiser_id", "email", "organiser_id", where="organiser_id IS NOT NULL")
    _index("ix_email_burst_id", "email", "burst_id", where="burst_id IS NOT NULL")
    _index("ix_email_mailbox_hash", "email", "mailbox_hash", where="mailbox_hash <> ''")
    _index(
        "uq_email_signature_id_reminder",
        "email",
        "signature_id",
        where="kind = 'reminder'",
        unique=True,
    )
    _rename_constraints("email", "letter", "email")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER SEQUENCE letter_id_seq RENAME TO email_id_seq")


def _counters() -> None:
    """Replace `spent`, whose key was one text.

    Tries of codes count for a month and are copied. Other counts are of minutes, or of a daily task
    that may run again.
    """
    op.create_table(
        "counter",
        sa.Column("scope", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("expires_at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "subject", "window", name=op.f("pk_counter")),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT key, times, until FROM spent")).all()
    for key, times, until in rows:
        if key.startswith("code:"):
            scope, _, subject = key.rpartition(":")
            connection.execute(
                sa.text("INSERT INTO counter VALUES (:scope, :subject, 0, :value, :until)"),
                {"scope": scope, "subject": subject, "value": times, "until": until},
            )
    op.drop_table("spent")


def _index(name: str, table: str, *columns: str, where: str, unique: bool = False) -> None:
    part = sa.text(where)
    op.create_index(
        name, table, [*columns], unique=unique, sqlite_where=part, postgresql_where=part
    )


def _rename_constraints(table: str, before: str, after: str) -> None:
    """Rename the constraints of a table on PostgreSQL; SQLite cannot."""
    if op.get_bind().dialect.name != "postgresql":
        return
    names = op.get_bind().execute(
        sa.text("SELECT conname FROM pg_constraint WHERE conrelid = CAST(:name AS regclass)"),
        {"name": table},
    )
    for name in names.scalars().all():
        renamed = name.replace(before, after)
        if renamed != name:
            op.execute(f'ALTER TABLE {table} RENAME CONSTRAINT "{name}" TO "{renamed}"')


def downgrade() -> None:
    """Refuse: 0006 has no hashes of mailboxes and no windows of counters."""
    raise NotImplementedError("restore a backup made before 0007")
