"""The `flask` commands: each reads its arguments and calls the same use cases as the pages.

Exit status 1 and one line on standard error when refused (`refusal`), 2 on wrong usage. Begin with
`petitions`.
"""

from flask import Flask
from flask_migrate.cli import db as migrations  # type: ignore[import-not-found]

from petition.cli import audit, backup, doctor, mail, operations, organisers, petitions
from petition.cli.refusal import in_one_line

for command in migrations.commands.values():
    in_one_line(command)


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(petitions.petition)
    app.cli.add_command(petitions.export)
    app.cli.add_command(organisers.organiser)
    app.cli.add_command(audit.audit)
    app.cli.add_command(mail.outbox)
    app.cli.add_command(mail.bounces)
    app.cli.add_command(doctor.doctor)
    app.cli.add_command(operations.setup)
    app.cli.add_command(operations.serve)
    app.cli.add_command(operations.retention)
    app.cli.add_command(operations.abuse)
    app.cli.add_command(backup.backup)
    app.cli.add_command(backup.restore)
