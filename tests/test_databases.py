"""How connections to the database are set up."""

from pathlib import Path

from petition import create_app
from petition.database.base import db
from tests import databases


def test_sqlite_keeps_what_it_has_acknowledged(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'petition.db'}"
    app = create_app({"INSTANCE_PATH": str(tmp_path), "SQLALCHEMY_DATABASE_URI": uri})
    with databases.disconnecting(app), app.app_context(), db.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("synchronous", "journal_mode", "foreign_keys", "secure_delete")
        }
    assert pragmas == {
        "synchronous": 2,  # FULL: what is acknowledged is on the disk
        "journal_mode": "wal",
        "foreign_keys": 1,
        "secure_delete": 1,
    }
