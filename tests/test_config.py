"""Settings: declared once, wrong ones stop the start with a line that names them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from petition.core import config, setting_types
from petition.core.config import ROOT
from petition.core.errors import SettingsError
from tests.waiting import PATIENCE


def load(tmp_path: Path, **environment: str) -> dict[str, object]:
    """Read the settings of an environment."""
    return config.load(tmp_path, {f"PETITION_{name}": value for name, value in environment.items()})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        'FEATURED = "a"\nMAIL_PORT = 2525\n', encoding="utf-8-sig"
    )
    values = load(tmp_path, FEATURED="b")
    assert (values["FEATURED"], values["MAIL_PORT"]) == ("b", 2525)


def test_a_file_of_settings_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(SettingsError, match=r"config.toml cannot be read .*: run the command as"):
        config.load(tmp_path)


def test_addresses_of_postgresql_servers_get_the_name_of_the_driver() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert setting_types.database(f"{scheme}://a@b/c") == "postgresql+psycopg://a@b/c"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MAIL_PROT", "25", "PETITION_MAIL_PROT is not a setting of this site"),
        ("MAIL_PORT", "many", "PETITION_MAIL_PORT must be a whole number"),
        ("MAIL_PORT", "0", "PETITION_MAIL_PORT must be a whole number from 1 to 65,535"),
        ("MAIL_PORT", "65536", "PETITION_MAIL_PORT must be a whole number from 1 to 65,535"),
        ("MAIL_SERVER", "mx.example.org:587", "PETITION_MAIL_SERVER must be the name or IP"),
        ("MAIL_SERVER", "smtp://mx.example.org", "PETITION_MAIL_SERVER must be the name or IP"),
        ("MAIL_SERVER", "mx.example.org/", "PETITION_MAIL_SERVER must be the name or IP"),
        ("BURST_LEAST", "-1", "PETITION_BURST_LEAST must be a whole number from 0 to 100,000"),
        ("MAIL_USE_TLS", "perhaps", "PETITION_MAIL_USE_TLS must be true or false"),
        ("SITE_URL", "petition.example.org", "PETITION_SITE_URL must be an address such as"),
        (
            "SITE_URL",
            "https://example.org/petition",
            "PETITION_SITE_URL must be an address such as",
        ),
        ("SITE_URL", "ftp://example.org", "PETITION_SITE_URL must be an address such as"),
        ("SITE_URL", "https://[bad", "PETITION_SITE_URL must be an address such as"),
        ("TOR_EXITS", "check.torproject.org", "PETITION_TOR_EXITS must be an address such as"),
        ("TOR_EXITS", "file:///etc/passwd", "PETITION_TOR_EXITS must be an address such as"),
        ("TOR_EXITS", "https://example.org/a list", "PETITION_TOR_EXITS must be an address"),
        ("MAIL_DEFAULT_SENDER", "Petition", "PETITION_MAIL_DEFAULT_SENDER must be one address"),
        (
            "MAIL_DEFAULT_SENDER",
            "Amnesty, Almaty <a@example.org>",
            "PETITION_MAIL_DEFAULT_SENDER must be one address",
        ),
        (
            "MAIL_DEFAULT_SENDER",
            "Amnesty (Almaty) <a@example.org>",
            "PETITION_MAIL_DEFAULT_SENDER must be one address",
        ),
        (
            "MAIL_DEFAULT_SENDER",
            "a@example.org, b@example.org",
            "PETITION_MAIL_DEFAULT_SENDER must be one address",
        ),
        (
            "MAIL_DEFAULT_SENDER",
            "петиция@example.org",
            "PETITION_MAIL_DEFAULT_SENDER must be one address",
        ),
        ("MAIL_DEFAULT_SENDER", "petition@", "PETITION_MAIL_DEFAULT_SENDER must be one address"),
        (
            "MAIL_DEFAULT_SENDER",
            "petition@пример..рф",
            "PETITION_MAIL_DEFAULT_SENDER must be one address",
        ),
        (
            "BOUNCE_ADDRESS",
            "Bounces <b@example.org>",
            "PETITION_BOUNCE_ADDRESS must be an address without a name",
        ),
        ("LANGUAGES", " , ", "LANGUAGES must name at least one language"),
        (
            "SQLALCHEMY_DATABASE_URI",
            "/var/db",
            "PETITION_SQLALCHEMY_DATABASE_URI must be an address",
        ),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **{name: value})
    assert any(line.startswith(said) for line in caught.value.args)


@pytest.mark.parametrize("server", ["mx.example.org", "почта.рф", "192.0.2.1", "2001:db8::1", ""])
def test_a_mail_server_is_a_name_an_ip_address_or_none(tmp_path: Path, server: str) -> None:
    assert load(tmp_path, MAIL_SERVER=f"{server} ")["MAIL_SERVER"] == server


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:8080/exits?format=plain"])
def test_the_list_of_exits_is_any_web_address_or_none(tmp_path: Path, address: str) -> None:
    assert load(tmp_path, TOR_EXITS=address)["TOR_EXITS"] == address


def test_all_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, ONE="1", MAIL_PORT="x", MAIL_USE_TLS="1", MAIL_USE_SSL="1")
    assert len(caught.value.args) == 3


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("FEATURED = ", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"config\.toml cannot be read"):
        load(tmp_path)


def run(*command: str, instance: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command line of the site in a clean environment."""
    named = {f"PETITION_{name}": value for name, value in environment.items()}
    return subprocess.run(
        [sys.executable, "-m", "flask", *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PETITION_INSTANCE_PATH": str(instance), **named},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_a_wrong_setting_stops_the_start_with_a_line_and_no_traceback(tmp_path: Path) -> None:
    ended = run("petition", "list", instance=tmp_path, MAIL_PROT="25")
    assert ended.returncode == 1
    assert ended.stderr.strip() == "PETITION_MAIL_PROT is not a setting of this site"


def test_serving_for_real_wants_a_key_an_address_and_a_mail_server(tmp_path: Path) -> None:
    ended = run("serve", instance=tmp_path)
    assert ended.returncode == 1
    assert [line.partition(" ")[0] for line in ended.stderr.strip().splitlines()] == [
        "SECRET_KEY",
        "SITE_URL",
        "MAIL_SERVER",
    ]
    ended = run("serve", instance=tmp_path, SECRET_KEY="k" * 32, SITE_URL="http://127.0.0.1:5000")
    assert ended.stderr.splitlines() == ["MAIL_SERVER is not set: nobody can confirm a signature"]


def test_a_folder_that_others_can_read_is_not_served(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    settings = {"SECRET_KEY": "k" * 32, "SITE_URL": "https://a.example.org", "MAIL_SERVER": "mx"}
    ended = run("serve", instance=tmp_path, **settings)
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        f"other users of this machine can read {tmp_path}: chmod -R go= {tmp_path}"
    )


def test_what_the_site_writes_its_owner_alone_can_read(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # made by hand
    assert run("setup", instance=tmp_path).returncode == 0
    assert (tmp_path / "petition.db").exists()
    assert [path for path in tmp_path.rglob("*") if path.stat().st_mode & 0o077] == []


def test_a_mistyped_instance_folder_is_refused_and_not_made(tmp_path: Path) -> None:
    ended = run("petition", "open", "setup", instance=tmp_path / "instnace")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"PETITION_INSTANCE_PATH names {tmp_path}/instnace, which is no folder")
    assert list(tmp_path.iterdir()) == []


def test_a_language_without_a_catalogue_is_named(tmp_path: Path) -> None:
    ended = run("petition", "list", instance=tmp_path, LANGUAGES="en,xx")
    assert ended.returncode == 1
    assert ended.stderr.strip() == "LANGUAGES names xx, for which there is no translation"


def test_setting_up_is_repeatable_and_the_secret_stays(tmp_path: Path) -> None:
    tmp_path /= "instance"
    first = run("setup", instance=tmp_path)
    assert first.returncode == 0, first.stderr
    file = tmp_path / "config.toml"
    secret = file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o700, "nobody else reads the list of signers"
    assert run("setup", instance=tmp_path).returncode == 0
    assert file.read_text(encoding="utf-8") == secret
    listed = run("petition", "list", instance=tmp_path)
    assert listed.stdout.startswith("kuramshin\topen\t0\tUrgent action for Vadim Kuramshin")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PURGE_UNCONFIRMED_DAYS": "3"}, "PURGE_UNCONFIRMED_DAYS must be at least"),
        ({"ANONYMISE_AFTER_DAYS": "999999"}, "PETITION_ANONYMISE_AFTER_DAYS must be a whole"),
        ({"STEP_SECONDS": "3600"}, "STEP_SECONDS must be at most 600"),
        ({"MAIL_USERNAME": "anna"}, "MAIL_USERNAME and MAIL_PASSWORD must be set together"),
    ],
)
def test_settings_that_contradict_each_other_are_named(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, **settings)
    assert any(line.startswith(said) for line in caught.value.args)


def test_a_site_beyond_ascii_is_written_as_emails_carry_it(tmp_path: Path) -> None:
    values = load(tmp_path, SITE_URL="https://Пример.рф:8443")
    assert values["SITE_URL"] == "https://xn--e1afmkfd.xn--p1ai:8443"
