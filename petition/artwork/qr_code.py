"""The QR code of an address."""

from xml.sax.saxutils import escape

import segno

_BORDER = 4  # modules of quiet around it, as ISO/IEC 18004 asks


def matrix(address: str, *, error: str = "q") -> list[list[bool]]:
    """Return the modules row by row, dark ones true, without a border. `error` is how much may be
    damaged: l 7, m 15, q 25, h 30 %.
    """
    code = segno.make_qr(address, error=error)
    return [[bool(module) for module in row] for row in code.matrix]


def svg(address: str, *, title: str) -> str:
    """Return a drawing for a page or a file, as large as it is put. Black on white whatever is
    around it, so that it scans in dark mode too.
    """
    modules = matrix(address, error="m")
    side = len(modules) + 2 * _BORDER
    path = "".join(
        f"M{x + _BORDER} {y + _BORDER}h{length}v1h-{length}z"
        for y, row in enumerate(modules)
        for x, length in stretches(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img"'
        f' shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{path}"/></svg>'
    )


def stretches(row: list[bool]) -> list[tuple[int, int]]:
    """Return where dark modules lie side by side: the first of them, and how many."""
    found: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if not dark:
            continue
        if found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((x, 1))
    return found
