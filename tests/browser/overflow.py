"""Find text that is outside the window, cut off by an element around it, or parted in a word."""

from playwright.sync_api import Page

_FIND_OVERFLOW = """() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  const sideways = document.documentElement.scrollWidth;
  if (sideways > wide) found.push(`the page is ${sideways} wide, the window ${wide}`);
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const box = words.currentNode.parentElement;
    const meant = ".hidden, .skip, script, textarea, select"; // not seen, or scrolled in
    if (!words.currentNode.data.trim() || box.closest(meant) || !box.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(words.currentNode);
    for (const line of range.getClientRects()) {
      const within = [...holders(box), { left: 0, right: wide, top: -Infinity, bottom: Infinity }];
      const cut = within.find(
        (one) =>
          line.left < one.left - 1 || line.right > one.right + 1 ||
          line.top < one.top - 1 || line.bottom > one.bottom + 1
      );
      if (!cut) continue;
      const place = `${Math.round(line.left)} to ${Math.round(line.right)}`;
      found.push(`${box.tagName} ${box.className} "${words.currentNode.data.trim()}": ${place}`);
      break;
    }
  }
  return found;

  function holders(box) {
    const cutting = [];
    for (let up = box; up !== document.body; up = up.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(up);
      const cuts = [overflowX, overflowY].some((how) => how === "hidden" || how === "clip");
      // An inline box holds nothing, and a drawing cuts only what it is told to.
      if (cuts && up.clientWidth) cutting.push(up.getBoundingClientRect());
    }
    return cutting;
  }
}"""


def find_overflow(page: Page) -> list[str]:
    """Return text that is cut off or outside the window, with its position."""
    texts: list[str] = page.evaluate(_FIND_OVERFLOW)
    return texts


def double_text_size(page: Page) -> None:
    """Double the size of all text, as a setting of the browser does."""
    page.evaluate("document.documentElement.style.fontSize = '200%'")


def reset_text(page: Page) -> None:
    """Undo `double_text_size` and `space_text`."""
    page.evaluate("document.documentElement.style.fontSize = ''; document.adoptedStyleSheets = []")


def space_text(page: Page) -> None:
    """Put lines, letters, words and paragraphs as far apart as WCAG 2.2 asks for (1.4.12)."""
    page.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          sheet.replaceSync(`
            * { line-height: 1.5 !important; letter-spacing: 0.12em !important;
                word-spacing: 0.16em !important }
            p { margin-block-end: 2em !important }`);
          document.adoptedStyleSheets = [sheet];
        }"""
    )


# Chromium of the tests has no hyphenation of any language, as no browser has one of Kazakh.
_FIND_PARTED_WORDS = """(selector) => {
  const parted = [];
  for (const element of document.querySelectorAll(selector)) {
    element.style.hyphens = "manual";
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      for (const { 0: word, index } of texts.currentNode.data.matchAll(/[^\\s-]+/g)) {
        const range = document.createRange();
        range.setStart(texts.currentNode, index);
        range.setEnd(texts.currentNode, index + word.length);
        if (range.getClientRects().length > 1) parted.push(word);
      }
    }
  }
  return parted;
}"""


def find_parted_words(page: Page, selector: str) -> list[str]:
    """Return the words of elements that begin on one line and end on another."""
    found: list[str] = page.evaluate(_FIND_PARTED_WORDS, selector)
    return found
