"""nginx and Caddy of Debian in front of a site, with TLS, as deploy/ configures them."""

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

from petition.core.config import ROOT
from tests.programs import PATH
from tests.supervised_site import unused_port
from tests.waiting import PATIENCE, wait_until

DEPLOY = ROOT / "deploy"
DOMAIN = "petition.example.org"
_NGINX = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Proxy:
    """A proxy that listens on a port of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.url = f"https://localhost:{port}"

    def connect(self) -> HTTPSConnection:
        """Connect, without a check of the certificate, which the test has signed itself."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=context)

    def get(self, path: str) -> tuple[int, str]:
        """Return status and text of a page."""
        return self._ask("GET", path)

    def post(self, path: str, form: Mapping[str, str]) -> tuple[int, str]:
        """Return status and text of the answer to a form."""
        return self._ask("POST", path, urlencode(form))

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = self.connect()
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body, headers)
        answer: HTTPResponse = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def files(self) -> str:
        """Return the text of all files that it has written, bodies and kept pages included."""
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return "\n".join(file.read_bytes().decode("latin-1") for file in files)


def _certificate(folder: Path) -> tuple[Path, Path]:
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    options = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        ["openssl", "req", *options, "-subj", "/CN=localhost", *files],
        check=True,
        capture_output=True,
    )
    return certificate, key


def _nginx(folder: Path, port: int, site_port: int) -> list[str]:
    certificate, key = _certificate(folder)
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"\tlisten \[::\].*\n", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{unused_port()};")
    text = text.replace("listen 443 ssl http2;", f"listen 127.0.0.1:{port} ssl http2;")
    text = re.sub(r"ssl_certificate_key .*;", f"ssl_certificate_key {key};", text)
    text = re.sub(r"ssl_certificate /.*;", f"ssl_certificate {certificate};", text)
    text = text.replace("127.0.0.1:5000", f"127.0.0.1:{site_port}")
    text = text.replace("/var/cache/nginx/petition", str(folder / "cache"))
    text = text.replace("/var/log/nginx/", f"{folder}/")
    text = text.replace(f"server_name {DOMAIN}", "server_name localhost")
    (folder / "site.conf").write_text(text, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(user + _NGINX.format(folder=folder), encoding="utf-8")
    return ["nginx", "-c", str(main), "-e", str(folder / "error.log")]


def _caddy(folder: Path, port: int, site_port: int) -> list[str]:
    certificate, key = _certificate(folder)
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:5000", f"127.0.0.1:{site_port}")
    own = f"https://localhost:{port} {{\n\ttls {certificate} {key}"
    text = text.replace(f"{DOMAIN} {{", own)
    config = folder / "Caddyfile"
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    config.write_text(options + text, encoding="utf-8")
    return ["caddy", "run", "--config", str(config), "--adapter", "caddyfile"]


PROXIES: dict[str, Callable[[Path, int, int], list[str]]] = {"nginx": _nginx, "caddy": _caddy}


@contextmanager
def run_proxy(name: str, folder: Path, port: int, site_port: int) -> Iterator[Proxy]:
    """Run a proxy before a site that listens, or does not, on a port of this machine."""
    folder.mkdir(mode=0o700)
    command = PROXIES[name](folder, port, site_port)
    environment = {"PATH": PATH, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    log = folder.parent / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    proxy = Proxy(folder, port)
    try:
        wait_until(lambda: _listens(proxy), f"{name} listens", process=process)
        yield proxy
    except AssertionError as error:
        error.add_note(log.read_text(encoding="utf-8")[-2_000:])
        raise
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _listens(proxy: Proxy) -> bool:
    try:
        socket.create_connection(("localhost", proxy.port)).close()
    except OSError:
        return False
    return True
