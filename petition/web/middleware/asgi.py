"""Messages of ASGI, as the front sends them."""

from collections.abc import Awaitable, Callable
from typing import Any

from petition.web.middleware.wsgi_call import Headers, encode

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def start(status: int, headers: Headers) -> dict[str, Any]:
    """Return the message that begins a response."""
    return {"type": "http.response.start", "status": status, "headers": headers}


def body_message(body: bytes, *, more: bool = False) -> dict[str, Any]:
    """Return a message with a piece of the body."""
    return {"type": "http.response.body", "body": body, "more_body": more}


async def send_page(page: tuple[str, list[tuple[str, str]], bytes], send: Send) -> None:
    """Send a cached page."""
    status, headers, body = page
    await send_whole(int(status[:3]), encode(headers), body, send)


async def drop(_message: dict[str, Any]) -> None:
    """Send nothing: the response was sent before."""


async def send_whole(status: int, headers: Headers, body: bytes, send: Send) -> None:
    """Send a response whose body is whole."""
    await send(start(status, headers))
    await send(body_message(body))


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
