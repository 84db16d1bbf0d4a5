"""repair what edited migrations left out."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what 0001 and 0003 lacked before they were edited. Idempotent.

    0001 had `organiser` in `petition` and no `signature.text_language` until 23 November, 20:36.
    0003 had no index on comments and a narrower one on organisations until 24 November, 17:26.
    """
    inspector = sa.inspect(op.get_bind())
    columns = {
        table: {column["name"] for column in inspector.get_columns(table)}
        for table in ("petition", "petition_text", "signature")
    }
    if "organiser" not in columns["petition_text"]:
        op.add_column(
            "petition_text",
            sa.Column("organiser", sa.String(200), nullable=False, server_default=""),
        )
        op.execute(
            "UPDATE petition_text SET organiser ="
            " (SELECT petition.organiser FROM petition"
            " WHERE petition.id = petition_text.petition_id)"
        )
    if "organiser" in columns["petition"]:
        op.drop_column("petition", "organiser")
    if "text_language" not in columns["signature"]:
        op.add_column(
            "signature",
            sa.Column("text_language", sa.String(10), nullable=False, server_default=""),
        )
        # What was shown: the text in the signer's language, else the petition's own.
        op.execute(
            "UPDATE signature SET text_language = coalesce("
            "(SELECT language FROM petition_text WHERE petition_text.petition_id ="
            " signature.petition_id AND petition_text.language = signature.language"
            " AND petition_text.version = signature.text_version),"
            "(SELECT source_language FROM petition WHERE petition.id = signature.petition_id))"
        )
    indexes = {index["name"]: index for index in inspector.get_indexes("signature")}
    if "display" not in indexes["ix_signature_organisation"]["column_names"]:
        op.drop_index("ix_signature_organisation", "signature")
        _index(
            "ix_signature_organisation",
            "petition_id",
            "organisation",
            "display",
            where="number IS NOT NULL AND organisation <> ''",
        )
    if "ix_signature_remark" not in indexes:
        _index(
            "ix_signature_remark",
            "petition_id",
            "comment_state",
            "number",
            where="number IS NOT NULL AND display <> 'hidden' AND comment <> ''",
        )


def _index(name: str, *columns: str, where: str) -> None:
    part = sa.text(where)
    op.create_index(name, "signature", [*columns], sqlite_where=part, postgresql_where=part)


def downgrade() -> None:
    """Change nothing: 0005 should have all of this."""
