"""Alembic's environment: the application's engine and the models' tables; one transaction for a
whole upgrade.
"""

from alembic import context

from petition import models  # noqa: F401 (its import declares the tables)
from petition.database.base import Base, db

if context.is_offline_mode():
    raise SystemExit("migrations need the database: run `flask db upgrade` without --sql")

engine = db.engine
with engine.connect().execution_options(write=True) as connection:
    if engine.dialect.name == "sqlite":
        # A table that is made anew is dropped first, and would take along whatever points to it.
        # (Inside a transaction the switch is ignored: sqlite.org/pragma.html#pragma_foreign_keys)
        connection.connection.execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite changes a table by making it anew
        transactional_ddl=True,
        user_module_prefix="",
    )
    with context.begin_transaction():
        context.run_migrations()
        if engine.dialect.name == "sqlite":
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if broken:
                raise RuntimeError(f"the migration left rows without what they point to: {broken}")
    if engine.dialect.name == "sqlite":
        connection.connection.execute("PRAGMA foreign_keys=ON")
