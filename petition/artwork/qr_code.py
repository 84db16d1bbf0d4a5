"""QR codes of addresses, as modules to draw and as SVG."""

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

import segno

_BORDER = 4  # light modules on each side (ISO/IEC 18004)


def matrix(address: str, *, error: str = "q") -> Sequence[bytearray]:
    """Return the modules row by row, 1 for a dark one, without a border.

    `error` is the level of error correction: l 7, m 15, q 25, h 30 %.
    """
    return segno.make_qr(address, error=error).matrix


def svg(address: str, *, title: str) -> str:
    """Return an SVG without a fixed size. It is black on white, so that it scans in dark mode."""
    modules = matrix(address, error="m")
    side = len(modules) + 2 * _BORDER
    path = "".join(
        f"M{x + _BORDER} {y + _BORDER}h{length}v1h-{length}z"
        for y, row in enumerate(modules)
        for x, length in dark_runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img"'
        f' shape-rendering="crispEdges"><title>{escape(title)}</title>'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/><path fill="#000" d="{path}"/></svg>'
    )


def dark_runs(row: bytearray) -> list[tuple[int, int]]:
    """Return each run of adjacent dark modules: the index of the first one, and the length."""
    return [(run.start(), len(run[0])) for run in re.finditer(rb"\x01+", row)]
