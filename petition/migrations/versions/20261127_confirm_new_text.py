"""signers confirm a new text; sums by version."""

import sqlalchemy as sa
from alembic import op

from petition.extensions import UTCDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

KINDS = (
    "'channel', 'country', 'day', 'disposable', 'organisation', 'hour', 'language', 'invalidated'"
)


DUE_NEWS = "state = 'due' AND kind"
ABOUT = "(update_id IS NULL) <> (versions IS NULL)"


def upgrade() -> None:
    """Add the columns, and add and fill the sums. No large table is copied."""
    refuses = sa.Column(
        "refuses_questions", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    time = UTCDateTime(timezone=True)
    for table, column in (
        ("signature", sa.Column("confirmed_version", sa.Integer(), nullable=True)),
        ("signature", sa.Column("version_confirmed_at", time, nullable=True)),
        ("signature", sa.Column("asked_version", sa.Integer(), nullable=True)),
        ("signature", refuses),
        ("petition_text", sa.Column("tested_revision", sa.Integer(), nullable=True)),
        ("email", sa.Column("mailing_id", sa.Integer(), nullable=True)),
    ):
        op.add_column(table, column)
    _check_kinds(f"{KINDS}, 'text'")
    op.execute(
        "INSERT INTO signature_sum (petition_id, kind, key, confirmed)"
        " SELECT petition_id, 'text', text_language || '-' || CAST(text_version AS VARCHAR),"
        " count(*) FROM signature WHERE confirmed_at IS NOT NULL AND invalidation_id IS NULL"
        " GROUP BY petition_id, text_language, text_version"
    )
    with op.batch_alter_table("mailing") as mailing:  # on SQLite copied: it is small
        mailing.add_column(sa.Column("versions", sa.String(500), nullable=True))
        mailing.alter_column("update_id", existing_type=sa.Integer(), nullable=True)
        mailing.create_unique_constraint(
            op.f("uq_mailing_petition_id_versions"), ["petition_id", "versions"]
        )
        mailing.create_check_constraint(op.f("ck_mailing_about"), ABOUT)
    op.execute(
        "UPDATE email SET mailing_id ="
        " (SELECT id FROM mailing WHERE mailing.update_id = email.update_id)"
        " WHERE kind = 'news'"
    )
    _replace_index("update_id", "mailing_id")
    _index_due_news("IN ('news', 'new_text')")


def _check_kinds(kinds: str) -> None:
    """Set what kinds of sums there are. On SQLite this copies the table, which is small."""
    with op.batch_alter_table("signature_sum", table_kwargs={"sqlite_with_rowid": False}) as sums:
        sums.drop_constraint(op.f("ck_signature_sum_kind"), type_="check")
        sums.create_check_constraint(op.f("ck_signature_sum_kind"), f"kind IN ({kinds})")


def _replace_index(before: str, after: str) -> None:
    op.drop_index(f"uq_email_{before}_signature_id", "email")
    _index(
        f"uq_email_{after}_signature_id",
        *(after, "signature_id"),
        where=f"{after} IS NOT NULL",
        unique=True,
    )


def _index_due_news(kinds: str) -> None:
    op.drop_index("ix_email_news", "email")
    _index("ix_email_news", "due_at", where=f"{DUE_NEWS} {kinds}")


def _index(name: str, *columns: str, where: str, unique: bool = False) -> None:
    part = sa.text(where)
    op.create_index(
        name, "email", [*columns], unique=unique, sqlite_where=part, postgresql_where=part
    )


def downgrade() -> None:
    """Drop the columns, the sums, and the mailings and emails that were unknown before."""
    op.execute("DELETE FROM email WHERE kind IN ('new_text', 'new_text_test')")
    op.execute("DELETE FROM mailing WHERE update_id IS NULL")
    _index_due_news("= 'news'")
    _replace_index("mailing_id", "update_id")
    with op.batch_alter_table("mailing") as mailing:
        mailing.drop_constraint(op.f("ck_mailing_about"), type_="check")
        mailing.drop_constraint(op.f("uq_mailing_petition_id_versions"), type_="unique")
        mailing.alter_column("update_id", existing_type=sa.Integer(), nullable=False)
        mailing.drop_column("versions")
    op.execute("DELETE FROM signature_sum WHERE kind = 'text'")
    _check_kinds(KINDS)
    op.drop_column("email", "mailing_id")
    op.drop_column("petition_text", "tested_revision")
    for name in ("refuses_questions", "asked_version", "version_confirmed_at", "confirmed_version"):
        op.drop_column("signature", name)
