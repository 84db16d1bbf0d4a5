"""The `flask` commands: each reads its arguments and calls the same use cases as the pages.

Exit status 1 and one line on standard error when refused (`refusal`), 2 on wrong usage. Begin with
`petitions`.
"""

from flask import Flask

from petition.cli import organisers, petitions, safety, service


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    own = (petitions.petition, petitions.export, organisers.organiser)
    mail = (service.outbox_commands, safety.bounces)
    operations = (service.setup, service.serve, safety.retention, safety.abuse)
    for command in own + mail + operations:
        app.cli.add_command(command)
