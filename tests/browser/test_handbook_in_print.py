"""The organisers' handbook as a browser prints it."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from petition.core.config import ROOT
from tests.browser.chromium import new_context

DOCS = ROOT / "docs"
# Large enough to read on paper; a table of pictures fills the line.
STYLE = (
    "body { font: 10pt/1.4 sans-serif; margin: 0 } h1 { font-size: 1.6em; margin-top: 0 } "
    "table { width: 100%; table-layout: fixed } th { font-size: 0.9em } img { max-width: 100% }"
)
PAPER = "@page { size: A4; margin: 15mm } "


@pytest.mark.parametrize("name", ["organisers.md", "organisers.ru.md"])
def test_the_handbook_is_two_printed_pages_with_its_pictures(
    chromium: Browser, tmp_path: Path, name: str
) -> None:
    text = MarkdownIt().enable("table").render((DOCS / name).read_text(encoding="utf-8"))
    file = tmp_path / "handbook.html"
    base = f'<!doctype html><meta charset="utf-8"><base href="{DOCS.as_uri()}/">'
    file.write_text(f"{base}<style>{PAPER}{STYLE}</style>{text}", encoding="utf-8")
    context = new_context(chromium)
    page = context.new_page()
    page.goto(file.as_uri(), wait_until="load")
    widths = page.locator("img").evaluate_all("images => images.map(image => image.naturalWidth)")
    pdf = page.pdf(prefer_css_page_size=True)
    context.close()
    assert len(widths) == 4
    assert all(widths), "a picture is missing"
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 2
