"""Get a Chromium where there is none: Debian's package as root, else Playwright's own download.

Ends with status 1 under CI when it cannot be had, or the newest axe-core cannot; otherwise with a
line that says so: the browser tests are then skipped, or use an older axe-core.
"""

import os
import shutil
import subprocess
import sys

from tests.browser import axe
from tests.browser.chromium import executable


def _get() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "check": False}
        subprocess.run(["apt-get", "-qq", "update"], **quiet)  # type: ignore[call-overload]
        subprocess.run(
            ["apt-get", "-qq", "-y", "install", "--no-install-recommends", "chromium"],
            **quiet,  # type: ignore[call-overload]
        )
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Get it if need be, and axe-core with it."""
    has_all = axe.fetch()
    if executable() is None:
        _get()
    if executable() is None:
        sys.stderr.write("no Chromium is to be had here: the browser tests will be skipped\n")
        has_all = False
    return 1 if os.environ.get("CI") == "true" and not has_all else 0


if __name__ == "__main__":
    sys.exit(main())
