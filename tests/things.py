"""Count what a person can press on an organisers' page, as `docs/decisions.md` defines it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

MOST = 7  # things on a page, and fields in a form
_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Element:
    """An element of a page."""

    name: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Element"] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """Its classes."""
        return (self.attributes.get("class") or "").split()


class _Tree(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open = [Element("")]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while tag in [element.name for element in self.open[1:]]:
            if self.open.pop().name == tag:
                break


def count_things(html: str) -> int:
    """Return how many things can be pressed on a page beyond its bar."""
    return _count(_find_main(_Tree(html).open[0]))


def most_fields(html: str) -> int:
    """Return how many fields are visible in the form of a page that has the most."""
    forms = _forms(_find_main(_Tree(html).open[0]))
    return max((len(_fields(form)) for form in forms), default=0)


def _find_main(element: Element) -> Element:
    for child in element.children:
        if child.name == "main":
            return child
        if (found := _find_main(child)).name:
            return found
    return Element("")


def _visible(element: Element) -> list[Element]:
    """Return what is not folded and not hidden of an element's children."""
    children = element.children
    if element.name == "details" and "open" not in element.attributes:
        children = [child for child in children if child.name == "summary"]
    return [child for child in children if "hidden" not in child.attributes]


def _count(element: Element) -> int:
    inner = [_count(child) for child in _visible(element) if not {"tabs", "to"} & {*child.classes}]
    if element.name in {"ul", "tbody"} and "places" not in element.classes:
        return max(inner, default=0)  # rows of one kind
    if element.name in {"a", "button", "summary", "iframe"}:
        return 1
    if element.name == "input" and "form" in element.attributes:
        return 1  # outside the form, such as in a row
    return sum(inner)


def _forms(element: Element) -> list[Element]:
    found = [element] if element.name == "form" else []
    return found + [form for child in _visible(element) for form in _forms(child)]


def _fields(element: Element) -> set[str]:
    """Return the names of the fields: those of a group of radio buttons have one."""
    is_field = element.name in {"input", "select", "textarea"}
    if is_field and element.attributes.get("type") not in {"hidden", "submit"}:
        return {element.attributes.get("name") or ""}
    return {name for child in _visible(element) for name in _fields(child)}
