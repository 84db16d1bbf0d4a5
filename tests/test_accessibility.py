"""docs/accessibility.md names a test or a dated check for each criterion of WCAG 2.2, A and AA."""

import ast
import re
from collections.abc import Iterator

from petition.core.config import ROOT
from petition.web.support.assets import SOURCE

PAGE = (ROOT / "docs" / "accessibility.md").read_text(encoding="utf-8")
# 31 and 24. 4.1.1 was removed from WCAG 2.2.
LEVELS = {
    "A": """
        1.1.1 1.2.1 1.2.2 1.2.3 1.3.1 1.3.2 1.3.3 1.4.1 1.4.2 2.1.1 2.1.2 2.1.4 2.2.1 2.2.2 2.3.1
        2.4.1 2.4.2 2.4.3 2.4.4 2.5.1 2.5.2 2.5.3 2.5.4 3.1.1 3.2.1 3.2.2 3.2.6 3.3.1 3.3.2 3.3.7
        4.1.2
    """,
    "AA": """
        1.2.4 1.2.5 1.3.4 1.3.5 1.4.3 1.4.4 1.4.5 1.4.10 1.4.11 1.4.12 1.4.13 2.4.5 2.4.6 2.4.7
        2.4.11 2.5.7 2.5.8 3.1.2 3.2.3 3.2.4 3.3.3 3.3.4 3.3.8 4.1.3
    """,
}
HOLDS = {"yes", "in part", "nothing to test"}


def rows() -> Iterator[list[str]]:
    """Yield the cells of the table of criteria, row by row."""
    for line in PAGE.splitlines():
        if re.match(r"\| \d", line):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_page_lists_the_55_criteria_in_order() -> None:
    levels = {number: level for level, numbers in LEVELS.items() for number in numbers.split()}
    assert len(levels) == 55
    in_order = sorted(levels, key=lambda number: [int(part) for part in number.split(".")])
    listed = [(number.split()[0], level) for number, level, *_ in rows()]
    assert listed == [(number, levels[number]) for number in in_order]


def test_each_criterion_has_a_test_or_a_dated_check() -> None:
    for number, _level, holds, evidence in rows():
        assert holds in HOLDS, number
        assert re.search(r"`\w+\.py::|\d{4}-\d\d-\d\d: \w", evidence), number


def test_every_test_that_the_page_names_exists() -> None:
    files = {file.name: file for file in (ROOT / "tests").rglob("test_*.py")}
    named = re.findall(r"`(\w+\.py)::(\w+)`", PAGE)
    assert PAGE.count("::") == len(named)
    for name, test in named:
        tree = ast.parse(files[name].read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert test in functions, f"{name}::{test}"


def test_the_script_and_the_style_sheet_ask_for_no_key_gesture_or_posture() -> None:
    script = (SOURCE / "site.js").read_text(encoding="utf-8")
    events = set(re.findall(r"addEventListener\(\s*[\"'](\w+)", script))
    assert "click" in events
    assert not re.search(r"\.on[a-z]+ =", script)
    others = "key|pointer|mouse|touch|drag|drop|focus|blur|device|gesture|wheel"
    assert [event for event in events if re.match(others, event)] == []
    styles = (SOURCE / "site.css").read_text(encoding="utf-8")
    assert not re.search(r"\borientation\b|@keyframes|\banimation\b", styles)
