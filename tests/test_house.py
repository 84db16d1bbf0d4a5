"""House rules: what holds for every module, setting, table, email and page of documentation."""

import ast
import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from operator import attrgetter
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from jinja2 import StrictUndefined

from petition.core import config
from petition.core.clock import now
from petition.core.config import ROOT
from petition.database.base import Base, db
from petition.models import PetitionText
from petition.models.enums import EmailKind
from petition.organisers.news.reading import NewsText
from petition.organisers.overview.attention import Attention, AttentionKind
from petition.organisers.overview.morning import PetitionNumbers
from petition.web.email_templates import EmailTemplates

PACKAGE = ROOT / "petition"
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
MODULES = [path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
MAX_MODULE_LINES = 250
MAX_FUNCTION_LINES = 45


def packages() -> Iterator[Path]:
    """Yield the packages in the order of the import contracts, outer packages first."""
    yield PACKAGE
    for contract in CONTRACTS:
        if contract["type"] == "layers" and contract["containers"] == ["petition"]:
            for layer in contract["layers"]:
                for name in layer.split(" | "):
                    yield from sorted(file.parent for file in (PACKAGE / name).rglob("__init__.py"))


def syntax(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def package_map() -> str:
    """Return README's table of packages, made of their docstrings.

    After a docstring has changed, print it and copy it into README.md:
    `.venv/bin/python -c "from tests.test_house import package_map; print(package_map())"`
    """
    rows = ["| package | what it is |", "|---|---|"]
    for folder in packages():
        docstring = ast.get_docstring(syntax(folder / "__init__.py")) or ""
        rows.append(f"| `{folder.relative_to(ROOT)}/` | {' '.join(docstring.split())} |")
    return "\n".join(rows)


def test_the_package_has_few_entries() -> None:
    entries = {path.name for path in PACKAGE.iterdir()} - {"__pycache__"}
    assert len(entries) <= 18, sorted(entries)


def test_no_package_has_more_than_fifteen_modules() -> None:
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES)
    assert {folder: size for folder, size in sizes.items() if size > 15} == {}


def test_every_package_says_what_it_is_in_two_to_six_lines() -> None:
    lines = {
        path.parent.relative_to(ROOT).as_posix(): len(
            (ast.get_docstring(syntax(path)) or "").splitlines()
        )
        for path in MODULES
        if path.name == "__init__.py"
    }
    assert {folder: count for folder, count in lines.items() if not 2 <= count <= 6} == {}


def test_the_readme_maps_the_packages_by_their_docstrings() -> None:
    assert set(packages()) == {path.parent for path in MODULES if path.name == "__init__.py"}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| package \|.*?(?=\n\n)", readme, re.MULTILINE | re.DOTALL)
    assert table is not None
    assert table[0] == package_map()


def test_the_walkthrough_names_at_most_fifteen_files_that_exist() -> None:
    text = (ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8")
    steps = re.findall(r"^(\d+)\. `([^`]+)`: \S.*", text, re.MULTILINE)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert 1 <= len({file for _, file in steps}) <= 15
    assert [file for _, file in steps if not (ROOT / file).is_file()] == []


def test_the_glossary_names_what_carries_each_term() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    row = r"^\| ([^|]+) \| [^|]+ \| `(petition/[\w/]+)\.py` `([\w.]+)` \|$"
    rows = re.findall(row, text, re.MULTILINE)
    assert text.count("\n| ") == len(rows) + 1, "a row is not in the form of the others"
    terms = [term for term, _, _ in rows]
    assert len(set(terms)) == len(terms) <= 30
    for _, module, name in rows:
        attrgetter(name)(import_module(module.replace("/", ".")))


def test_every_rule_is_under_the_contract_that_forbids_http() -> None:
    (contract,) = [contract for contract in CONTRACTS if contract["type"] == "forbidden"]
    entries = {path.parent for path in MODULES} | {*PACKAGE.glob("*.py")}
    rules = {path.stem for path in entries if path.parent == PACKAGE}
    rules -= {"__init__", "web", "cli", "extensions"}
    assert set(contract["source_modules"]) == {f"petition.{name}" for name in rules}


def test_no_two_public_classes_share_a_name() -> None:
    names = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, uses in names.items() if uses > 1} == set()


def test_no_function_is_long() -> None:
    long = {
        f"{path.stem}.{node.name}": lines
        for path in MODULES
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_models_are_what_the_migrations_make(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("setting", config.SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented_by_its_meaning(setting: config.Setting) -> None:
    row = rf"^\| `{setting.name}` \| [^|]+ \| {re.escape(setting.meaning)} \|$"
    assert re.search(row, SETTINGS_PAGE, re.MULTILINE)


def test_no_setting_is_documented_that_is_not_there() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", SETTINGS_PAGE, re.MULTILINE))
    assert documented == {setting.name for setting in config.SETTINGS}


@pytest.mark.parametrize("kind", list(EmailKind))
def test_every_email_has_its_three_templates_and_renders_in_every_language(
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
        "code": "123 456",
        "at_risk": False,
        "purge": 14,
        "number": 12,
        "share_links": [("WhatsApp", "https://wa.me/?text=x")],
        "list_downloaded": True,
        "contact": "committee@example.org",
        "days": 7,
        "minutes": 30,
        "role": "editor",
        "at": now(),
        "browser": "Firefox",
        "system": "Android",
        "site": "petition.example.org",
        "sign_in": "https://petition.example.org/organisers/sign-in",
        "signed_on": now(),
        "news": NewsText("en", "NEWS", "Six **embassies**.\n\n![A queue](queue.webp)"),
        "pictures": {"queue.webp": "https://petition.example.org/PICTURE"},
        "text": PetitionText(reason="REASON", created_at=now()),
        "unsubscribe": "https://petition.example.org/UNSUBSCRIBE",
        "site_url": "https://petition.example.org",
        "is_handover": True,
        "organiser_number": 3,
        "organiser_address": "admin@example.org",
        "rows": "12,480",
        "reason": "REASON",
        "day": now().date(),
        "petitions": [PetitionNumbers("slug", "TITLE", "en", 1, 12, 100)],
        "found": Attention(AttentionKind.COMMENTS, 2),
        "found_language": "",
        "settings": "https://petition.example.org/organisers/#emails",
    }
    render = EmailTemplates(app).render
    rendered = {language: render(kind, language, values) for language in app.config["LANGUAGES"]}
    for subject, text, html in rendered.values():
        assert subject.strip()
        assert html.strip()
        assert "https://" in text or kind in (EmailKind.WITHDRAWN, EmailKind.REMOVED)
        assert "<" not in text
    assert rendered["en"][1] != rendered["ru"][1]


def test_no_module_is_long() -> None:
    long = {
        path.name: lines
        for path in MODULES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_MODULE_LINES
    }
    assert long == {}


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "common"])
def test_no_module_has_a_name_that_says_nothing(name: str) -> None:
    assert not [path for path in MODULES if name in path.stem]


def test_only_transactions_begin_and_commit() -> None:
    committing = {
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if re.search(r"\.(commit|begin|begin_nested)\b", path.read_text(encoding="utf-8"))
    }
    assert committing == {"database/group_commit.py", "database/transactions.py"}


def test_only_config_reads_the_environment() -> None:
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
            continue  # shown only while the site is tried out
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"{% block layout %}.*?{% endblock %}|aria-[a-z]+=\"[^\"]*\"", "", text)
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
        words = re.sub(r"<style>.*?</style>|<[^>]*>", "\n", text, flags=re.DOTALL)
        bare += [(path.name, word) for word in re.findall(r"[A-Za-z]{3,}", words)]
    assert bare == []


# A landed migration is never edited: databases that ran it would differ. Add each one that lands.
LANDED = {
    "20261123_doubt_and_safety.py": "8188b30908686221",
    "20261123_first_tables.py": "b124c62bcc2fa1d1",
    "20261124_shown_and_passed_on.py": "d89f1d1351dbd30e",
    "20261125_muted_names.py": "55665a82ed89a7f3",
    "20261126_doubted_addresses.py": "af45bf14fc58fa0a",
    "20261126_hashed_codes.py": "9c32fe7ece641510",
    "20261126_organiser_sessions.py": "1872d08eb23108f1",
    "20261126_outbox_pause.py": "056daf1e08ac2853",
    "20261126_petition_goal.py": "49421f033fd4e629",
    "20261126_plain_names.py": "20110b4952dd3351",
    "20261126_repair_first_tables.py": "b29ab85a299f2e3b",
    "20261126_repair_signature_sums.py": "c481a827748f84a2",
    "20261126_rules_of_providers.py": "9e49f60852db113f",
    "20261126_signature_sums.py": "e9828e29acea979e",
}


def test_no_landed_migration_is_edited() -> None:
    folder = ROOT / "petition" / "migrations" / "versions"
    hashes = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()[:16] for name in LANDED
    }
    assert hashes == LANDED
