"""Ask the vulnerability database about what is locked. Where it does not answer, say so and go on:
a check that needs the network is no reason to stop work without one.
"""

import json
import subprocess
import sys


def main(lock: str) -> int:
    """Print what is known and return 1 when something is vulnerable."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--progress-spinner", "off"]
    options = ["--requirement", lock, "--format", "json", "--timeout", "10"]
    asked = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    try:
        found = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError):
        _say("audit: the vulnerability database does not answer here; nothing is checked")
        return 0
    unknown = [package for package in found if "vulns" not in package]
    vulnerable = [package for package in found if package.get("vulns")]
    for package in vulnerable:
        ids = ", ".join(known["id"] for known in package["vulns"])
        _say(f"audit: {package['name']} {package['version']}: {ids}")
    checked = len(found) - len(unknown)
    _say(f"audit: {checked} packages checked, {len(unknown)} that the database here does not know")
    return 1 if vulnerable else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
