"""The WSGI entry point: `flask` and the server find the application here."""

import sys

from petition import create_app

# Only `flask setup` makes the instance folder that PETITION_INSTANCE_PATH names.
app = create_app(setup=sys.argv[1:2] == ["setup"])
