"""Send due emails of a site for three seconds: `python -m tests.bench.emails PORT`."""

import sys
from threading import Event, Timer
from time import perf_counter

from petition import create_app
from petition.cli.mail import worker_for
from tests import databases
from tests.bench.output import print_line

SECONDS = 3.0  # a burst holds what is beyond 3,000 emails


def main(port: int) -> None:
    """Print how many were sent and the seconds it took."""
    # The domains of the signers are not in the DNS.
    app = create_app({"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": port, "CHECK_MX": False})
    with databases.disconnecting(app), app.app_context():
        stop = Event()
        timer = Timer(SECONDS, stop.set)
        timer.start()
        began = perf_counter()
        sent = worker_for(app).deliver_due(stop)
        took = perf_counter() - began
        timer.cancel()
    print_line(f"{sent} {took}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
