"""A disk that takes longer: a library that delays every fdatasync of a process."""

import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def build(folder: Path) -> Path | None:
    """Build the library in a folder and return its path; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "slow_disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, "-ldl"], check=True)
    return library


def environment(library: Path, milliseconds: int) -> dict[str, str]:
    """Return the variables for a process whose every fdatasync takes so much longer."""
    return {"LD_PRELOAD": str(library), "FSYNC_DELAY_US": str(milliseconds * 1_000)}
