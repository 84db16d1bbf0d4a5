"""The WSGI entry point: `flask` and the server find the application here."""

from petition import create_app

app = create_app()
