"""axe-core, which finds accessibility errors: the newest from npm, or that of the test packages.

Under CI only the newest will do.
"""

import hashlib
import importlib.resources
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from petition.core.config import ROOT

VERSION = "4.14.1"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
DOWNLOADED = ROOT / ".venv" / f"axe-core-{VERSION}.min.js"


def source() -> str:
    """Return the script of axe-core."""
    if DOWNLOADED.exists():
        return DOWNLOADED.read_text(encoding="utf-8")
    packed = importlib.resources.files("axe_playwright_python") / "axe.min.js"
    return packed.read_text(encoding="utf-8")


def fetch() -> bool:
    """Download the newest axe-core and check its hash. Return whether it is there.

    Raises SystemExit where the hash is wrong.
    """
    npm = shutil.which("npm")
    if DOWNLOADED.exists():
        return True
    if npm is None:
        sys.stderr.write("no npm: axe-core is taken from the test packages\n")
        return False
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            [npm, "pack", "--silent", f"axe-core@{VERSION}"],
            cwd=folder,
            capture_output=True,
            check=False,
        )
        archive = Path(folder) / f"axe-core-{VERSION}.tgz"
        if packed.returncode or not archive.exists():
            sys.stderr.write("npm cannot download axe-core: it is taken from the test packages\n")
            return False
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"axe-core {VERSION} from npm has another hash than expected")
        with tarfile.open(archive) as files:
            script = files.extractfile("package/axe.min.js")
            assert script is not None
            DOWNLOADED.write_bytes(script.read())
    return True
