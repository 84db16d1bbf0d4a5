"""axe-core, the rules that find barriers: the newest from the npm registry where npm is to be had,
else, but not under CI, the one that comes with the locked test packages.
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
FETCHED = ROOT / ".venv" / f"axe-core-{VERSION}.min.js"


def source() -> str:
    """Return the script."""
    if FETCHED.exists():
        return FETCHED.read_text(encoding="utf-8")
    packed = importlib.resources.files("axe_playwright_python") / "axe.min.js"
    return packed.read_text(encoding="utf-8")


def fetch() -> bool:
    """Get the newest one, checked against its hash, or say that it cannot be had; return whether it
    is there.
    """
    npm = shutil.which("npm")
    if FETCHED.exists():
        return True
    if npm is None:
        sys.stderr.write("no npm here: axe-core is taken from the test packages\n")
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
            sys.stderr.write("npm does not get axe-core: it is taken from the test packages\n")
            return False
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"axe-core {VERSION} from npm is not what it was")
        with tarfile.open(archive) as files:
            script = files.extractfile("package/axe.min.js")
            assert script is not None
            FETCHED.write_bytes(script.read())
    return True
