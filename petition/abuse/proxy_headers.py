"""Headers of the proxy in front that are missing, so that networks cannot be told apart.

Each web process notes them in the instance folder, for the organisers' page and the command line.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from petition.abuse.networks import is_address

FILE_PREFIX = "proxy-problem-"

log = logging.getLogger(__name__)


class ProxyProblem(StrEnum):
    """What is wrong between the proxy and the site."""

    NO_ADDRESS = "no-address"
    NO_SCHEME = "no-scheme"
    NOT_TRUSTED = "not-trusted"


WARNINGS = {
    ProxyProblem.NO_ADDRESS: (
        "the proxy sends no X-Forwarded-For with an address: let it send the client's;"
        " until then forms are not limited by network"
    ),
    ProxyProblem.NO_SCHEME: (
        "the proxy sends no X-Forwarded-Proto: let it send https, the scheme of SITE_URL"
    ),
    ProxyProblem.NOT_TRUSTED: (
        "a proxy on this machine sends X-Forwarded-For, and TRUSTED_PROXIES is 0: set it to 1,"
        " unless it is an onion service; until then all its visitors are one network"
    ),
}


class ProxyProblems:
    """Notes problems in files and in the log, and removes them when the headers come."""

    def __init__(self, folder: Path) -> None:
        self._files = {problem: _file(folder, problem) for problem in ProxyProblem}
        self._noted = {problem: file.exists() for problem, file in self._files.items()}
        self._logged: set[ProxyProblem] = set()

    def record(self, found: Mapping[ProxyProblem, bool]) -> None:
        """Record which of the problems a request has. The log gets each once in a process."""
        for problem, is_there in found.items():
            if is_there and problem not in self._logged:
                self._logged.add(problem)
                log.warning(WARNINGS[problem])
            file = self._files[problem]
            # Another process may have noted it.
            if is_there != self._noted[problem] or (not is_there and file.exists()):
                self._noted[problem] = is_there
                with suppress(OSError):  # the log has it
                    file.touch() if is_there else file.unlink(missing_ok=True)


def last_forwarded(header: str, hops: int) -> str:
    """Return the address that the outermost of `hops` proxies has put into a header, or ""."""
    values = [value.strip() for value in header.split(",")]
    return values[-hops] if len(values) >= hops and is_address(values[-hops]) else ""


def find_problems(folder: Path) -> list[ProxyProblem]:
    """Return the problems that the latest requests had."""
    return [problem for problem in ProxyProblem if _file(folder, problem).exists()]


def _file(folder: Path, problem: ProxyProblem) -> Path:
    return folder / f"{FILE_PREFIX}{problem}"
