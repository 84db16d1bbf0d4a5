"""A processor for each web process: claimed by a lock, free again when the process is gone."""

import os
import subprocess
import sys
from pathlib import Path

CLAIM = """
import os, pathlib, sys
from petition.processors import keep_to_one
lock = keep_to_one(pathlib.Path(sys.argv[1]))
print(*sorted(os.sched_getaffinity(0)), flush=True)
sys.stdin.read()
"""


def start(folder: Path) -> tuple[subprocess.Popen[str], list[int]]:
    """Start a process that claims a processor, and return it with those it may run on."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, [int(number) for number in process.stdout.readline().split()]


def end(process: subprocess.Popen[str]) -> None:
    """Let a process end."""
    process.communicate()
    assert process.returncode == 0


def test_each_process_keeps_to_a_processor_of_its_own(tmp_path: Path) -> None:
    there = sorted(os.sched_getaffinity(0))
    started = [start(tmp_path) for _ in there]
    one_more, everywhere = start(tmp_path)
    assert sorted(kept for _, kept in started) == [[number] for number in there]
    assert everywhere == there, "where none is free, nothing is claimed"
    for process in (started[0][0], one_more):
        end(process)
    again, kept = start(tmp_path)
    assert kept == (started[0][1] if len(there) > 1 else there), "the one that was left is free"
    for process in (again, *(process for process, _ in started[1:])):
        end(process)
