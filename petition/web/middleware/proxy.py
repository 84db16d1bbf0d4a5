"""WSGI middleware: the client's address and scheme, as the trusted proxies in front tell them."""

from collections.abc import Iterable
from ipaddress import ip_address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.middleware.proxy_fix import ProxyFix

from petition.abuse.proxy_headers import ProxyProblem, ProxyProblems, last_forwarded

HEALTH_PATHS = {"/healthz", "/readyz", "/metrics"}  # asked for on this machine, past the proxy


class ProxyHeaders:
    """Sets REMOTE_ADDR, empty where it would be the proxy's: the world is no one network."""

    def __init__(
        self, app: WSGIApplication, *, hops: int, https: bool, problems: ProxyProblems
    ) -> None:
        self._app = ProxyFix(app, x_for=hops, x_proto=hops, x_host=0) if hops else app
        self._hops, self._https, self._problems = hops, https, problems

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        header, address = environ.get("HTTP_X_FORWARDED_FOR", ""), environ.get("REMOTE_ADDR", "")
        found = dict.fromkeys(ProxyProblem, False)
        if self._hops:
            is_told = last_forwarded(header, self._hops) != ""
            found[ProxyProblem.NO_ADDRESS] = not is_told
            lacks_scheme = self._https and "HTTP_X_FORWARDED_PROTO" not in environ
            found[ProxyProblem.NO_SCHEME] = lacks_scheme
            if not is_told:
                environ.pop("HTTP_X_FORWARDED_FOR", None)
            if not is_told and not _is_public(address):  # a public address is no proxy's
                environ["REMOTE_ADDR"] = ""
        else:  # the address stays: what a client sends never loosens a limit
            found[ProxyProblem.NOT_TRUSTED] = bool(header) and _is_loopback(address)
        if environ["PATH_INFO"] not in HEALTH_PATHS:
            self._problems.record(found)
        return self._app(environ, start_response)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _is_public(address: str) -> bool:
    try:
        return ip_address(address).is_global
    except ValueError:
        return False
