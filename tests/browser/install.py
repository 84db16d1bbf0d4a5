"""Install what the browser tests need: Chromium and the newest axe-core.

Root gets the Debian package of Chromium without windows, others the download of Playwright. What
cannot be installed is reported on stderr: tests are then skipped or use an older axe-core. Under CI
the exit status is 1.
"""

import os
import shutil
import subprocess
import sys

from tests.browser import axe
from tests.browser.chromium import executable


def _install_chromium() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "check": False}
        subprocess.run(["apt-get", "-qq", "update"], **quiet)  # type: ignore[call-overload]
        subprocess.run(
            [
                "apt-get",
                "-qq",
                "-y",
                "install",
                "--no-install-recommends",
                "chromium-headless-shell",
            ],
            **quiet,  # type: ignore[call-overload]
        )
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def main() -> int:
    """Install what is missing and return the exit status."""
    complete = axe.fetch()
    if executable() is None:
        _install_chromium()
    if executable() is None:
        sys.stderr.write("Chromium cannot be installed: the browser tests will be skipped\n")
        complete = False
    return 1 if os.environ.get("CI") == "true" and not complete else 0


if __name__ == "__main__":
    sys.exit(main())
