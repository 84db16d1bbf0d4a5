"""Draw where the processor's time of a signature goes: `python -m tests.bench.flame FILE.svg`.

A flame graph: a frame is as wide as its share of the samples of 4,000 signatures, and stands on
the frame that called it. One process, one thread, no network, SQLite with synchronous=FULL.
"""

import signal
import sys
from collections import Counter
from html import escape
from io import BytesIO
from itertools import count
from pathlib import Path
from types import CodeType, FrameType
from wsgiref.types import WSGIApplication, WSGIEnvironment

from werkzeug.test import run_wsgi_app

from petition import create_app
from tests.bench.__main__ import FORM
from tests.bench.output import print_line
from tests.bench.servers import new_instance

SIGNATURES = 4_000
SAMPLE_SECONDS = 0.001  # of processor time
WIDTH, HEIGHT = 1_200, 16  # of the picture, and of a frame, in pixels
LEAST_SHARE = 0.004  # narrower frames are left out
COLOURS = {
    "/petition/": "#e8c170",
    "/sqlalchemy/": "#8fb4d9",
    "/flask": "#a3c293",
    "/werkzeug/": "#a3c293",
}
OTHER_COLOUR = "#d3cec4"

Stack = tuple[CodeType, ...]


def sample(wsgi: WSGIApplication, environs: list[WSGIEnvironment]) -> Counter[Stack]:
    """Call the application with each environ; return the stacks seen inside, outermost first."""
    stacks: Counter[Stack] = Counter()
    own = sys._getframe().f_code  # noqa: SLF001 (as profilers do)

    def record(_signal: int, frame: FrameType | None) -> None:
        stack = []
        while frame is not None and frame.f_code is not own:
            stack.append(frame.f_code)
            frame = frame.f_back
        stacks[tuple(reversed(stack))] += 1

    signal.signal(signal.SIGPROF, record)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_SECONDS, SAMPLE_SECONDS)
    for environ in environs:
        _chunks, status, _headers = run_wsgi_app(wsgi, environ, buffered=True)
        if status[:3] != "303":
            raise SystemExit(f"the answer was {status}")
    signal.setitimer(signal.ITIMER_PROF, 0)
    return stacks


def draw(stacks: Counter[Stack]) -> str:
    """Return the flame graph as SVG."""
    total = stacks.total()
    frames: list[str] = []
    deepest = 0

    def add(depth: int, left: float, group: Counter[Stack]) -> None:
        nonlocal deepest
        callees: dict[CodeType, Counter[Stack]] = {}
        for stack, number in group.items():
            if len(stack) > depth:
                callees.setdefault(stack[depth], Counter())[stack] += number
        for code, callee in sorted(callees.items(), key=lambda item: item[0].co_qualname):
            share = callee.total() / total
            if share >= LEAST_SHARE:
                deepest = max(deepest, depth)
                frames.append(_rectangle(code, depth, left, share))
                add(depth + 1, left, callee)
            left += share

    add(0, 0.0, stacks)
    height = (deepest + 1) * HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {-height} {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="10">\n{"".join(frames)}</svg>\n'
    )


def _rectangle(code: CodeType, depth: int, left: float, share: float) -> str:
    colours = (colour for part, colour in COLOURS.items() if part in code.co_filename)
    name = f"{'.'.join(Path(code.co_filename).parts[-2:]).removesuffix('.py')}.{code.co_qualname}"
    x, y, width = left * WIDTH, -(depth + 1) * HEIGHT, share * WIDTH
    label = escape(code.co_qualname.replace("<locals>.", "")[: int(width / 6)])
    return (
        f"<g><title>{escape(name)}: {share:.1%}</title>"
        f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT - 1}" '
        f'fill="{next(colours, OTHER_COLOUR)}"/>'
        f'<text x="{x + 2:.1f}" y="{y + 11}">{label}</text></g>\n'
    )


def _environs(number: int) -> list[WSGIEnvironment]:
    forms = [FORM.format(number=n, domain=n % 5_000, opened="").encode() for n in range(number)]
    networks = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in count())
    return [
        {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/p/kuramshin/sign",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(form)),
            "HTTP_HOST": "127.0.0.1",
            "HTTP_ACCEPT_LANGUAGE": "en",
            "HTTP_X_FORWARDED_FOR": network,
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(form),
            "wsgi.errors": sys.stderr,
        }
        for form, network in zip(forms, networks, strict=False)
    ]


def main(file: Path) -> None:
    """Sign, draw, and write the picture."""
    with new_instance() as environment:
        settings = {
            "INSTANCE_PATH": environment["PETITION_INSTANCE_PATH"],
            "TRUSTED_PROXIES": 1,
            "MIN_FORM_SECONDS": 0,
        }
        stacks = sample(create_app(settings).wsgi_app, _environs(SIGNATURES))
    file.write_text(draw(stacks), encoding="utf-8")
    print_line(f"{stacks.total()} samples")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
