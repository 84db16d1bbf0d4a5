"""Whatever is sent: never a fault, never a traceback, never a row from what is wrong."""

import os
import re
from urllib.parse import quote

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from petition.extensions import db
from petition.models import Signature
from tests.conftest import Client, filled

# Real requests on a real database take their time; nothing is shared between examples but rows.
# At a desk every run tries other examples; in CI always the same ones, so that a commit which
# has nothing to do with a find of the hour does not carry it.
fuzzing = settings(
    max_examples=30,
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
anything = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="\0\r\n\t\u202e\u2066\ufeff\ud7ffAa@.<>%'\"\\{}＠", max_size=40),
    st.integers(-(10**40), 10**40).map(str),
    st.sampled_from(["yes", "no", "null", "NaN", "1e999", "../..", "%00", "a" * 20_000]),
)
FIELDS = (
    *("name", "email", "country", "postcode", "organisation", "role", "comment", "display"),
    *("handover", "consent", "updates", "language", "channel", "opened", "further", "ticket"),
    *("proof", "entry", "code", "never", "action", "verdict", "csrf_token"),
)
QUERIES = (
    *("r", "again", "saved", "server", "target", "text", "first", "sheets", "before"),
    *("url", "format", "maxwidth", "maxheight"),
)
only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def rows() -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(Signature)) or 0)


def harmless(answer: TestResponse) -> None:
    assert answer.status_code < 500
    assert b"Traceback" not in answer.data
    assert b"sqlalchemy" not in answer.data.lower()


@pytest.mark.parametrize("field", FIELDS)
@fuzzing
@given(values=st.lists(anything, min_size=1, max_size=3))
def test_any_field_of_the_form_with_anything_in_it(
    app: Flask, client: Client, petition: str, field: str, values: list[str]
) -> None:
    before = rows()
    form = MultiDict(filled(email=f"a{abs(hash(tuple(values)))}@example.org"))
    form.setlist(field, values)
    answer = client.post(f"/p/{petition}/sign", data=form)
    harmless(answer)
    kept = rows() - before
    assert kept in (0, 1)
    assert (answer.status_code == 303) >= bool(kept), "a row only for what was accepted"


@only_sqlite
@fuzzing
@given(data=st.data())
def test_any_route_with_anything_in_its_address_and_its_form(
    app: Flask, client: Client, petition: str, data: st.DataObject
) -> None:
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, str(rule.methods)))
    rule = data.draw(st.sampled_from(rules))
    segment = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="/"),
        min_size=1,
        max_size=80,
    ).map(quote)  # as a browser sends it: a bare "?" would begin the query
    path = re.sub(r"<int:\w+>", lambda _: str(data.draw(st.integers(0, 10**30))), rule.rule)
    path = re.sub(r"<language:\w+>", "ru", path)
    path = re.sub(r"<slug>", lambda _: data.draw(st.one_of(st.just(petition), segment)), path)
    path = re.sub(r"<\w+(:\w+)?>", lambda _: data.draw(segment), path)
    method = data.draw(st.sampled_from(sorted(rule.methods or {"GET"})))
    form = data.draw(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4))
    query = data.draw(st.dictionaries(st.sampled_from(QUERIES), anything, max_size=3))
    before = rows()
    answer = client.open(
        path,
        method=method,
        data=form if method == "POST" else None,
        query_string={name: value[:200] for name, value in query.items()},
    )
    harmless(answer)
    assert rows() <= before + 1


@only_sqlite
@fuzzing
@given(token=st.text(alphabet="0123456789abcdef-._~AZ%", max_size=120), tail=anything)
def test_any_token_on_every_page_behind_one(
    app: Flask, client: Client, petition: str, token: str, tail: str
) -> None:
    for page in ("pending", "confirm", "thanks", "my", "not-me", "organisers/enter"):
        for method in ("GET", "POST"):
            answer = client.open(
                f"/{page}/{token}",
                method=method,
                data={"entry": tail[:99]} if method == "POST" else None,
            )
            harmless(answer)
            assert answer.status_code in {200, 303, 308, 400, 404, 405, 410}, (page, method)


@only_sqlite
@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00",
        b"name=%ff%fe&email=%00",
        b"name=" + b"%F0%9F" * 50,
        b"&" * 5_000,
        b"=" * 5_000,
        b"a=1&" * 3_000,
    ],
)
@pytest.mark.parametrize(
    "kind",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
        "text/plain; charset=utf-7",
        "",
    ],
)
def test_bodies_that_are_no_form(
    app: Flask, client: Client, petition: str, body: bytes, kind: str
) -> None:
    answer = client.post(f"/p/{petition}/sign", data=body, content_type=kind)
    harmless(answer)
    assert rows() == 0
