"""The command line: thin doors to the same use cases as the pages. Exit status 1 and one line when
refused.
"""

from flask import Flask

from petition.cli import organisers, petitions, safety, service


def register(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(petitions.petition)
    app.cli.add_command(petitions.export)
    app.cli.add_command(organisers.organiser)
    app.cli.add_command(service.outbox_commands)
    app.cli.add_command(safety.retention)
    app.cli.add_command(safety.bounces)
    app.cli.add_command(safety.abuse)
    app.cli.add_command(service.setup)
    app.cli.add_command(service.serve)
