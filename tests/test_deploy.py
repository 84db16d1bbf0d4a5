"""deploy/: the unit, the proxies in front of a running site, the compose file, the script."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from petition.abuse import proxy_headers
from petition.core import config
from petition.core.config import ROOT
from tests.browsing import filled
from tests.post_office import PostOffice
from tests.programs import is_installed
from tests.proxies import DEPLOY, PROXIES, Proxy, run_proxy
from tests.supervised_site import SupervisedSite, supervised_site, unused_port
from tests.waiting import wait_until

MOST_EXPOSED = 2.0  # of 10, by systemd's own reckoning; a unit without hardening has 9.6
PAGE = "/en/p/kuramshin"


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program and return what it printed."""
    return subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module", params=PROXIES)
def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[SupervisedSite, Proxy, PostOffice]]:
    """Return a site behind a proxy, and the SMTP server of the site."""
    name = request.param
    if not is_installed(name):
        pytest.skip(f"{name} is not installed")
    folder, port = tmp_path_factory.mktemp("proxied"), unused_port()
    (folder / "instance").mkdir(mode=0o700)
    url = f"https://localhost:{port}"
    with (
        PostOffice() as office,
        supervised_site(folder / "instance", office, SITE_URL=url) as site,
        run_proxy(name, folder / "proxy", port, site.port) as proxy,
    ):
        yield site, proxy, office


def test_pages_and_forms_come_through(proxied: tuple[SupervisedSite, Proxy, PostOffice]) -> None:
    site, proxy, office = proxied
    status, page = proxy.get(PAGE)
    assert (status, "Kuramshin" in page) == (200, True)
    before = len(office.arrived)
    assert proxy.post(f"{PAGE}/sign", filled(email="anna@example.org"))[0] == 303
    link = office.wait_for(before + 1)[-1].link
    assert link.startswith(f"{proxy.url}/")
    path = link.removeprefix(proxy.url)
    assert proxy.get(path)[0] == 200
    assert proxy.post(path, {})[0] == 303
    assert proxy_headers.find_problems(site.instance) == []
    written = proxy.files()
    assert path.rpartition("/")[2] not in written, "the token of a link"
    assert "anna@example.org" not in written


def test_a_form_reaches_the_site_when_it_is_complete(
    proxied: tuple[SupervisedSite, Proxy, PostOffice],
) -> None:
    site, proxy, _office = proxied
    site.wait_until_complete()
    connection = proxy.connect()
    connection.putrequest("POST", f"{PAGE}/sign")
    connection.putheader("Content-Type", "application/x-www-form-urlencoded")
    connection.putheader("Content-Length", "20")
    connection.endheaders(b"name=Anna")
    assert proxy.get("/healthz")[0] == 200  # a later request is answered, so this one is read
    assert requests_at(site.port) <= 1, "the proxy keeps the connection of the other request"
    connection.send(b"&email=x&no")
    assert connection.getresponse().status == 422
    connection.close()


def requests_at(port: int) -> int:
    """Return how many connections the site has open."""
    lines = Path("/proc/net/tcp").read_text().splitlines()
    return sum(
        fields[1].endswith(f":{port:04X}") and fields[3] == "01"
        for fields in map(str.split, lines[1:])
    )


def test_a_body_that_is_too_long_is_refused(
    proxied: tuple[SupervisedSite, Proxy, PostOffice],
) -> None:
    _site, proxy, _office = proxied
    with closing(proxy.connect()) as connection:
        try:
            connection.request("POST", f"{PAGE}/sign", b"x" * 10_000_000)
            # Caddy hands it on up to its limit: it answers 502 where the site refuses meanwhile.
            assert connection.getresponse().status in {413, 502}
        except OSError:  # it has closed the connection without reading all
            assert proxy.get("/healthz")[0] == 200


def test_pages_are_given_while_the_site_restarts(
    proxied: tuple[SupervisedSite, Proxy, PostOffice], request: pytest.FixtureRequest
) -> None:
    site, proxy, _office = proxied
    kept = proxy.get(PAGE)
    assert kept[0] == 200
    assert site.end() == 0
    if "nginx" in request.node.callspec.id:
        assert proxy.get(PAGE)[0] == 200, "the page that it has kept"
        site.start()
    else:
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(proxy.get, PAGE)
            site.start()
            assert waiting.result()[0] == 200, "the request has waited"
    wait_until(lambda: proxy.get("/healthz")[0] == 200, "the site answers through the proxy")
    assert proxy.post(f"{PAGE}/sign", filled(email="berta@example.org"))[0] == 303


@pytest.mark.skipif(not is_installed("systemd-analyze"), reason="systemd is not installed")
def test_the_units_are_valid_and_closed(tmp_path: Path) -> None:
    for unit in DEPLOY.glob("petition*.[st]*e*"):
        text = unit.read_text(encoding="utf-8")
        program = shutil.which("true")
        (tmp_path / unit.name).write_text(re.sub(r"ExecStart=\S+", f"ExecStart={program}", text))
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 3
    verified = run("systemd-analyze", "verify", *units)
    assert (verified.returncode, verified.stderr) == (0, "")
    rated = run("systemd-analyze", "security", "--offline=true", "--no-pager", units[-1]).stdout
    (exposure,) = re.findall(r"Overall exposure level for petition.service: ([\d.]+)", rated)
    assert float(exposure) <= MOST_EXPOSED


@pytest.mark.skipif(not is_installed("docker-compose"), reason="Compose is not installed")
def test_the_compose_file_is_valid(tmp_path: Path) -> None:
    folder = shutil.copytree(DEPLOY, tmp_path / "deploy")
    (folder / "petition.env").write_text((DEPLOY / "petition.env.example").read_text())
    values = {"POSTGRES_PASSWORD": "x", "PETITION_DOMAIN": "petition.example.org"}
    checked = run(
        "docker-compose", "--file", str(folder / "compose.yaml"), "config", "--quiet", **values
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_settings_of_the_example_exist() -> None:
    example = (DEPLOY / "petition.env.example").read_text(encoding="utf-8")
    names = re.findall(r"(?m)^PETITION_(\w+)=", example)
    assert len(names) == 11
    assert {*names} <= {setting.name for setting in config.SETTINGS} | {"INSTANCE_PATH"}


def test_the_script_is_valid_and_names_files_that_are_there() -> None:
    script = DEPLOY / "install.sh"
    assert run("sh", "-n", str(script)).returncode == 0
    named = set(re.findall(r"deploy/[\w.-]+", script.read_text(encoding="utf-8")))
    assert len(named) >= 6
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_command_of_the_manual_runs(tmp_path: Path, post_office: PostOffice) -> None:
    manual = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^petition (.+)$", manual)
    assert len(lines) >= 7
    (tmp_path / "instance").mkdir(mode=0o700)
    site = SupervisedSite(tmp_path / "instance", post_office)
    with site_that_runs(site):
        for line in (line.replace("/var/backups/petition", str(tmp_path)) for line in lines):
            done = run(sys.executable, "-m", "flask", *shlex.split(line), **site.environment)
            expected = {0, 1} if line == "doctor" else {0}  # the settings of the test are weak
            assert done.returncode in expected, (line, done.stderr)
            assert "Traceback" not in done.stderr


@contextmanager
def site_that_runs(site: SupervisedSite) -> Iterator[None]:
    """Run a site, and end it whatever happens."""
    site.start()
    try:
        yield
    finally:
        assert site.end() == 0


def test_systemd_is_told_that_the_site_is_ready(tmp_path: Path, post_office: PostOffice) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        site = SupervisedSite(tmp_path, post_office)
        site.environment["NOTIFY_SOCKET"] = str(path)
        with site_that_runs(site):
            assert systemd.recv(100) == b"READY=1\nWATCHDOG=1"
            assert systemd.recv(100) == b"READY=1\nWATCHDOG=1", "it goes on"
        while (state := systemd.recv(100)) != b"STOPPING=1":
            assert state == b"READY=1\nWATCHDOG=1"
