"""Alembic's environment: the engine of the application, the tables of the models.

One transaction holds a whole upgrade.
"""

import sys

from alembic import context
from sqlalchemy import Connection

from petition import models  # noqa: F401 (the import declares the tables)
from petition.core.errors import SettingsError
from petition.database.base import Base, db

if context.is_offline_mode():
    raise SystemExit("migrations need the database: run `flask db upgrade` without --sql")


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite alters a table by copying it
        transactional_ddl=True,
        user_module_prefix="",
    )
    with context.begin_transaction():
        try:
            context.run_migrations()
        except SettingsError as error:  # hashes of mailboxes need the secret key
            raise SystemExit("; ".join(error.args)) from None
        if connection.dialect.name == "sqlite":
            violations = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if violations:
                raise RuntimeError(f"the migration violates foreign keys: {violations}")


def _migrate_database() -> None:
    engine = db.engine
    sys.stderr.write(f"migrating {engine.url.set(username=None, password=None, query={})}\n")
    with engine.connect().execution_options(write=True) as connection:
        if engine.dialect.name == "sqlite":
            # A batch migration drops the old table; its ON DELETE CASCADE would delete other rows.
            # Inside a transaction this has no effect: sqlite.org/pragma.html#pragma_foreign_keys
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        _migrate(connection)
        if engine.dialect.name == "sqlite":
            connection.connection.execute("PRAGMA foreign_keys=ON")


given = context.config.attributes.get("connection")  # of a transaction of `schema.migrate`
if given is None:
    _migrate_database()
else:
    _migrate(given)
