"""Criteria of WCAG 2.2 that axe does not test. Each function returns the faults of an open page."""

from playwright.sync_api import Page

# What the keyboard and the pointer get to.
_CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]"

# `focus()` scrolls as Tab does, and an element that is hidden does not take it. Forwards and then
# backwards, since a page scrolls only as far as it must.
_FIND_LOST_FOCUS = """(controls) => {
  const found = [];
  const here = location.href;
  const all = [...document.querySelectorAll(controls)].filter((one) => one.tabIndex >= 0);
  // A bar that comes and goes with the scrolling is always there: the worst case.
  const isFixed = (one) => getComputedStyle(one).position === "fixed";
  const bars = [...document.body.querySelectorAll("*")].filter(isFixed);
  for (const bar of bars) bar.style.visibility = "visible";
  for (const one of [...all, ...all.toReversed()]) {
    one.focus();
    if (document.activeElement !== one) continue;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) found.push(`${name(one)}: unseen`);
    const isSeen = ([x, y]) => one.contains(document.elementFromPoint(x, y));
    if (!places(one).some(isSeen)) found.push(`${name(one)}: covered`);
  }
  for (const bar of bars) bar.style.visibility = "";
  if (location.href !== here) found.push(`the focus leads to ${location.href}`);
  return found;

  function places(one) {
    return [...one.getClientRects()].flatMap(({ left, right, top, bottom }) =>
      [left + 1, (left + right) / 2, right - 1].flatMap((x) =>
        [top + 1, (top + bottom) / 2, bottom - 1].map((y) => [x, y])
      )
    );
  }

  function name(one) {
    return one.outerHTML.slice(0, 120);
  }
}"""

_FIND_SMALL_TARGETS = """(controls) => {
  const least = 24;
  const targets = [...document.querySelectorAll(controls)]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest(".hidden, .skip") && getComputedStyle(one).position !== "fixed")
    .map((one) => ({ one, box: one.getBoundingClientRect() }));
  const small = targets.filter(
    ({ one, box }) => Math.min(box.width, box.height) < least - 0.1 && !isInSentence(one)
  );
  return small
    .map((target) => [target, targets.find((other) => other !== target && isNear(target, other))])
    .filter(([, other]) => other)
    .map(([{ one, box }, other]) => {
      const size = `${Math.round(box.width)} by ${Math.round(box.height)}`;
      return `${one.outerHTML.slice(0, 120)}: ${size}, near ${other.one.outerHTML.slice(0, 80)}`;
    });

  // A circle of 24 pixels about a small target touches no other target, nor such a circle.
  function isNear({ one, box }, other) {
    if (one.contains(other.one) || other.one.contains(one)) return false;
    const x = (box.left + box.right) / 2;
    const y = (box.top + box.bottom) / 2;
    const { left, right, top, bottom } = other.box;
    const outside = (at, from, to) => Math.max(from - at, 0, at - to);
    if (Math.hypot(outside(x, left, right), outside(y, top, bottom)) < least / 2) return true;
    const between = Math.hypot(x - (left + right) / 2, y - (top + bottom) / 2);
    return small.some((target) => target.one === other.one) && between < least;
  }

  function isInSentence(one) {
    if (getComputedStyle(one).display !== "inline") return false;
    let block = one.parentElement;
    while (getComputedStyle(block).display === "inline") block = block.parentElement;
    const links = [...block.querySelectorAll("a")].map((link) => link.textContent).join("");
    const letters = (text) => text.replace(/[^\\p{L}\\p{N}]/gu, "").length;
    return letters(block.textContent) > letters(links);
  }
}"""

# The help of every page, in the order of the foot.
HELP = ["mailto:", "/my", "/privacy", "/accessibility"]
_LIST_HELP = """() => [...document.querySelectorAll("footer a:not([hreflang])")].map((link) =>
  link.protocol === "mailto:" ? link.protocol : link.pathname.replace(/^\\/[a-z]{2,3}(?=\\/)/, "")
)"""

_FIND_ASKED_AGAIN = """() => [...document.querySelectorAll("main [autocomplete]")]
  .filter((one) => /^(name|email|country|postal-code)$/.test(one.autocomplete))
  .filter((one) => !one.value && one.checkVisibility())
  .map((one) => one.outerHTML.slice(0, 120))"""

_FIND_OTHER_MEDIA = """() => [
  ...document.querySelectorAll("audio, video, canvas, object, embed, iframe, marquee"),
  // A control that is named by words nobody sees cannot be called by what is seen (2.5.3). One that
  // is named by its own words first, and further ones, can.
  ...document.querySelectorAll(":is(a, button, input, select, textarea, summary):is([aria-label],"
    + "[aria-labelledby], [title], [placeholder], [accesskey])"),
]
  .filter((one) => !one.id || one.getAttribute("aria-labelledby")?.split(" ")[0] !== one.id)
  .map((one) => one.outerHTML.slice(0, 120))"""


def find_lost_focus(page: Page) -> list[str]:
    """Return what has no outline or is wholly covered while focused (2.4.7, 2.4.11, 3.2.1)."""
    page.keyboard.press("Tab")  # a page shows the focus to who uses the keyboard
    found: list[str] = page.evaluate(_FIND_LOST_FOCUS, _CONTROLS)
    return found


def find_small_targets(page: Page) -> list[str]:
    """Return targets below 24 pixels that are neither in a sentence nor apart (2.5.8)."""
    found: list[str] = page.evaluate(_FIND_SMALL_TARGETS, _CONTROLS)
    return found


def find_moved_help(page: Page) -> list[str]:
    """Return the help of a page if it is in another order than on the others (3.2.6)."""
    links: list[str] = page.evaluate(_LIST_HELP)
    help_links = [link for link in links if link in HELP]
    return help_links if help_links != sorted(help_links, key=HELP.index) else []


def find_asked_again(page: Page) -> list[str]:
    """Return empty fields for what a signer has entered before (3.3.7)."""
    found: list[str] = page.evaluate(_FIND_ASKED_AGAIN)
    return found


def find_other_media(page: Page) -> list[str]:
    """Return sound, film, drawn or framed content, and controls named by words that nobody sees."""
    found: list[str] = page.evaluate(_FIND_OTHER_MEDIA)
    return found
