"""Fixtures of the fuzz tests, and a test for each call and place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import BytecodeCache

from petition import create_app
from tests import databases

pytest.register_assert_rewrite("tests.fuzz.requests")

from tests.fuzz.requests import NEVER_IN_ORDER, SETTINGS, Site, calls  # noqa: E402 (rewritten)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each call and, where a test asks for one, of each place in it: only an
    application that is assembled knows its rules.
    """
    if "place" in metafunc.fixturenames:
        # HEAD differs from GET in what leaves; one of its own is enough.
        each = [(call, at) for call in calls() if call.method != "HEAD" for at in call.places]
        part, parts = metafunc.module.PART
        each = each[part::parts]
        metafunc.parametrize(("call", "place"), each, ids=[f"{call} {at}" for call, at in each])
    elif "linked" in metafunc.fixturenames:
        behind = [call for call in calls() if "token" in call.parts]
        metafunc.parametrize("linked", behind, ids=map(str, behind))
    elif "in_order" in metafunc.fixturenames:
        each_call = [call for call in calls() if call.endpoint not in NEVER_IN_ORDER]
        metafunc.parametrize("in_order", each_call, ids=map(str, each_call))


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of drawings for both databases: they do not depend on one."""
    return tmp_path_factory.mktemp("drawings")


@pytest.fixture(scope="module", params=databases.KINDS)
def site(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    drawings: Path,
    compiled_templates: BytecodeCache,
) -> Iterator[Site]:
    """Return one site for all tests of this module."""
    source: databases.Source = request.getfixturevalue(f"{request.param}_source")
    folder = tmp_path_factory.mktemp("site")
    uri = source.new(folder)
    app = create_app(SETTINGS | {"INSTANCE_PATH": str(folder), "SQLALCHEMY_DATABASE_URI": uri})
    app.jinja_env.bytecode_cache = compiled_templates
    with databases.disconnecting(databases.without_fsync(app)), app.app_context():
        yield Site(app, folder, drawings)
    source.end(uri)
