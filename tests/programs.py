"""Programs of Debian that some tests run. Under CI they are installed; elsewhere, tests that lack
one are skipped, because to install a web server also starts it.

    python -m tests.programs
"""

import os
import shutil
import subprocess
import sys

PATH = f"{os.environ['PATH']}:/usr/sbin"
PACKAGES = {
    "caddy": "caddy",
    "docker-compose": "docker-compose",
    "nginx": "nginx-light",
    "openssl": "openssl",
    "systemd-analyze": "systemd",
}


def is_installed(name: str) -> bool:
    """Return whether a program is there; under CI it has to be."""
    return os.environ.get("CI") == "true" or _find(name)


def _find(name: str) -> bool:
    return shutil.which(name, path=PATH) is not None


def main() -> int:
    """Install under CI what is missing, and return the exit status."""
    missing = [package for name, package in PACKAGES.items() if not _find(name)]
    if not missing or os.environ.get("CI") != "true":
        return 0
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", "update"], env=environment, check=True)
    install = ["apt-get", "-qq", "-y", "install", "--no-install-recommends", *missing]
    return subprocess.run(install, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
