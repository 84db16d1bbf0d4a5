"""The commands of `flask`: call the same use cases as the pages.

Nothing imports it but `create_app`. Exit status 1 and one line when refused (`refusal`).
Begin with `petitions`.
"""

from flask import Flask

from petition.cli import mail, operations, organisers, petitions


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(petitions.petition)
    app.cli.add_command(petitions.export)
    app.cli.add_command(organisers.organiser)
    app.cli.add_command(mail.outbox)
    app.cli.add_command(mail.bounces)
    app.cli.add_command(operations.setup)
    app.cli.add_command(operations.serve)
    app.cli.add_command(operations.retention)
    app.cli.add_command(operations.abuse)
