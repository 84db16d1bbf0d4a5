"""Run web processes of the site without a mail worker: `python -m tests.bench.site PORT N`."""

import gc
import sys
from functools import partial

from petition import create_app
from petition.operations import supervisor
from petition.web import server


def main(port: int, workers: int) -> int:
    """Serve until SIGTERM and return the exit status."""
    app = create_app()
    gc.collect()
    gc.freeze()
    web = partial(server.serve, app, "127.0.0.1", port)
    return supervisor.run({f"web {number}": web for number in range(1, workers + 1)})


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
