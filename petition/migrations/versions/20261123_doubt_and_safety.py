"""doubt and safety."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NO, NONE, ONE = sa.false(), sa.text("''"), sa.text("1")


def upgrade() -> None:
    """Move the database forward."""
    op.create_table(
        "network_secret",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_network_secret")),
    )
    op.create_table(
        "spent",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("until", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_spent")),
    )
    op.create_table(
        "suppression",
        sa.Column("mailbox", sa.String(length=64), nullable=False),
        sa.Column("bounce", sa.String(length=300), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_suppression")),
    )
    op.create_table(
        "burst",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("petition_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=254), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=False),
        sa.Column("began_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("decided_at", UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('open', 'plausible', 'released', 'discarded')",
            name=op.f("ck_burst_verdict"),
        ),
        sa.ForeignKeyConstraint(
            ["petition_id"],
            ["petition.id"],
            name=op.f("fk_burst_petition_id_petition"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_burst")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_burst_petition_id_verdict", "burst", ["petition_id", "verdict"])
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("postcode", sa.String(length=20), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=100), nullable=False),
        sa.Column("comment", sa.String(length=1000), nullable=False),
        sa.Column("display", sa.String(length=10), nullable=False),
        sa.Column("handover", sa.Boolean(), nullable=False),
        sa.Column("updates", sa.Boolean(), nullable=False),
        sa.Column("disposable", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("text_language", sa.String(length=10), nullable=False),
        sa.Column("text_version", sa.Integer(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("signed_at", UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "display IN ('hidden', 'initials', 'full')", name=op.f("ck_attempt_display")
        ),
        sa.ForeignKeyConstraint(
            ["signature_id"],
            ["signature.id"],
            name=op.f("fk_attempt_signature_id_signature"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("signature_id", "entry", name=op.f("uq_attempt_signature_id_entry")),
    )
    for column in (
        sa.Column("refuses_disposable", sa.Boolean(), nullable=False, server_default=NO),
        sa.Column("regime_country", sa.String(length=2), nullable=False, server_default=NONE),
        sa.Column("regime_languages", sa.String(length=60), nullable=False, server_default=NONE),
    ):
        op.add_column("petition", column)
    for column in (
        sa.Column("entries", sa.Integer(), nullable=False, server_default=ONE),
        sa.Column("code_tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("disposable", sa.Boolean(), nullable=False, server_default=NO),
    ):
        op.add_column("signature", column)
    op.execute("UPDATE signature SET entries = entry")
    _index("ix_signature_signed_at", "signature", "signed_at", where="confirmed_at IS NULL")
    _letters_anew()


def _letters_anew() -> None:
    """Make the table of letters again: a letter outlives its signature now, to be counted."""
    op.execute("CREATE TABLE letter_before AS SELECT * FROM letter")
    op.drop_table("letter")
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("signature_id", sa.Integer(), nullable=True),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.Column("organiser_id", sa.Integer(), nullable=True),
        sa.Column("petition_id", sa.Integer(), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("mailbox", sa.String(length=64), nullable=False),
        sa.Column("burst_id", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("sent_at", UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('due', 'sent', 'refused', 'withheld', 'held')",
            name=op.f("ck_letter_state"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{table}_id"],
                [f"{table}.id"],
                name=op.f(f"fk_letter_{table}_id_{table}"),
                ondelete=then,
            )
            for table, then in (
                ("signature", "SET NULL"),
                ("organiser", "CASCADE"),
                ("petition", "CASCADE"),
                ("burst", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sqlite_autoincrement=True,
    )
    op.execute(
        "INSERT INTO letter (id, kind, state, silent, signature_id, entry, organiser_id, email,"
        " language, mailbox, attempts, reason, created_at, due_at, sent_at)"
        " SELECT id, CASE kind WHEN 'already_signed' THEN 'confirm' ELSE kind END, state,"
        " state = 'withheld', signature_id, CASE WHEN signature_id IS NULL THEN NULL ELSE"
        " (SELECT entry FROM signature WHERE signature.id = signature_id) END, organiser_id,"
        " '', '', '', attempts, reason, created_at, due_at, sent_at FROM letter_before"
    )
    op.drop_table("letter_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('letter', 'id'),"
            " (SELECT coalesce(max(id), 0) + 1 FROM letter), false)"
        )
    _index("ix_letter_due_at", "letter", "due_at", where="state = 'due'")
    _index("ix_letter_signature_id", "letter", "signature_id", where="signature_id IS NOT NULL")
    _index("ix_letter_organiser_id", "letter", "organiser_id", where="organiser_id IS NOT NULL")
    _index("ix_letter_burst_id", "letter", "burst_id", where="burst_id IS NOT NULL")
    _index("ix_letter_mailbox", "letter", "mailbox", where="mailbox <> ''")
    _index(
        "uq_letter_signature_id_reminder",
        "letter",
        "signature_id",
        where="kind = 'reminder'",
        unique=True,
    )


def _index(name: str, table: str, column: str, *, where: str, unique: bool = False) -> None:
    part = sa.text(where)
    op.create_index(name, table, [column], unique=unique, sqlite_where=part, postgresql_where=part)


def downgrade() -> None:
    """Refuse: entries kept apart and letters without a signature have no place in 0001."""
    raise NotImplementedError("restore a backup made before 0002")
