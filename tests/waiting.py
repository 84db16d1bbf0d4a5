"""Wait for a condition. No test depends on how fast or how busy the machine is."""

import time
import urllib.request
from collections.abc import Callable
from subprocess import Popen

PATIENCE = 120.0  # seconds until a wait fails: it ends what hangs and measures nothing


def wait_until(
    condition: Callable[[], object], what: str, *, process: "Popen[bytes] | None" = None
) -> None:
    """Poll a condition until it holds.

    Raises AssertionError after PATIENCE, and as soon as a `process` that must run has ended.
    """
    end = time.monotonic() + PATIENCE
    while not condition():
        assert process is None or process.poll() is None, (
            f"the process ended with status {process and process.returncode} before {what}"
        )
        assert time.monotonic() < end, f"{PATIENCE:.0f} s and still not: {what}"
        time.sleep(0.02)


def wait_until_answering(url: str, process: "Popen[bytes]") -> None:
    """Wait until a web server answers with a page."""

    def answers() -> bool:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE).close()  # noqa: S310 (our own address)
        except OSError:
            return False
        return True

    wait_until(answers, f"{url} answers", process=process)
