"""Run Lighthouse on the petition page as it is served: mobile, throttled.

Exit status 1 when performance is below 99 or any other score below 100.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.chromium import ARGUMENTS, executable
from tests.browser.site import run_site

VERSION = "13.5.0"
LEAST = {"performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100}


def main() -> int:
    """Run Lighthouse and print the scores."""
    npx, chromium = shutil.which("npx"), executable()
    if npx is None or chromium is None:
        sys.stderr.write("Lighthouse needs npx (Debian's package npm) and a Chromium\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, run_site(Path(folder)) as site:
        report = Path(folder) / "report.json"
        for path in ("/en/p/kuramshin", "/ru/p/kuramshin"):
            subprocess.run(
                [
                    *(npx, "--yes", f"lighthouse@{VERSION}", site.url + path),
                    *("--quiet", "--output=json", f"--output-path={report}"),
                    f"--chrome-flags=--headless {' '.join(ARGUMENTS)}",
                ],
                check=True,
                env=os.environ | {"CHROME_PATH": chromium},
            )
            scores = _scores(json.loads(report.read_text(encoding="utf-8")))
            sys.stdout.write(f"{path} {scores}\n")
            if any(scores[name] < least for name, least in LEAST.items()):
                return 1
    return 0


def _scores(report: dict[str, dict[str, dict[str, float]]]) -> dict[str, int]:
    return {name: round(report["categories"][name]["score"] * 100) for name in LEAST}


if __name__ == "__main__":
    sys.exit(main())
