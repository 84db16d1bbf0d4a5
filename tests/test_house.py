"""Rules of the house that matter twice: they are kept by tests, not by memory."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask, render_template
from flask_babel import force_locale
from jinja2 import StrictUndefined

from petition.core import config
from petition.core.clock import now
from petition.core.config import ROOT
from petition.database.base import Base, db
from petition.models.enums import EmailKind

DOCS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
MODULES = [path for path in (ROOT / "petition").rglob("*.py") if "migrations" not in path.parts]


def test_models_are_what_the_migrations_make(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("setting", config.SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: config.Setting) -> None:
    assert f"`{setting.name}`" in DOCS


def test_no_setting_is_documented_that_is_not_there() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", DOCS, re.MULTILINE))
    assert documented == {setting.name for setting in config.SETTINGS}


@pytest.mark.parametrize("kind", list(EmailKind))
def test_every_letter_has_its_three_templates_and_renders_in_every_language(
    app: Flask, kind: EmailKind
) -> None:
    app.jinja_env.undefined = StrictUndefined
    values = {
        "title": "TITLE",
        "target": "TARGET",
        "organiser": "ORGANISER",
        "link": "https://petition.example.org/LINK",
        "my_page": "https://petition.example.org/MY",
        "pages": [("TITLE", "https://petition.example.org/MY")],
        "not_me": "https://petition.example.org/NOT",
        "code": "123456",
        "purge": 14,
        "number": 12,
        "share_links": [("WhatsApp", "https://wa.me/?text=x")],
        "list_downloaded": True,
        "contact": "committee@example.org",
        "days": 7,
        "minutes": 30,
        "signed_on": now(),
        "site_url": "https://petition.example.org",
    }
    said = {}
    for language in app.config["LANGUAGES"]:
        with force_locale(language):
            for part in ("subject", "txt", "html"):
                text = render_template(f"emails/{kind}.{part}", language=language, **values)
                assert text.strip()
                said[language, part] = text
        assert "https://" in said[language, "txt"] or kind == EmailKind.WITHDRAWN
        assert "<" not in said[language, "txt"]
    assert said["en", "txt"] != said["ru", "txt"]


def test_no_room_is_longer_than_two_subjects() -> None:
    long = {
        path.name: lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 265
    }
    assert long == {}


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "common"])
def test_no_drawer_is_called_anything(name: str) -> None:
    assert not [path for path in MODULES if name in path.stem]


def test_only_the_transaction_begins_and_commits() -> None:
    writing = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if re.search(r"\.(commit|begin|begin_nested)\(\)", path.read_text(encoding="utf-8"))
    ]
    assert writing == ["petition/database/transactions.py"]


def test_the_environment_is_read_in_one_room() -> None:
    reading = [path.name for path in MODULES if "os.environ" in path.read_text(encoding="utf-8")]
    assert reading == ["config.py"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_locks_name_no_host_and_hash_everything(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?://|file://|--(extra-)?index|--find-links", text)
    pinned = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    assert pinned
    assert all("==" in line and line.endswith("\\") for line in pinned)


def test_every_sentence_of_the_templates_goes_through_gettext() -> None:
    bare = []
    for path in (ROOT / "templates").rglob("*.html"):
        if "dev" in path.parts:
            continue  # for people who try the site out, on their own machine
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{% block layout %}.*?{% endblock %}|aria-[a-z]+=\"[^\"]*\"", "", text)
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
        words = re.sub(r"<[^>]*>", "\n", text)
        bare += [(path.name, word) for word in re.findall(r"[A-Za-z]{3,}", words)]
    assert bare == []
