"""Links as people pass them on: what was added or changed on the way is taken off again."""

from urllib.parse import quote

from flask import Flask

from petition.core import tokens
from petition.organisers import access
from petition.web.support.link_repair import repair_path
from tests.browsing import (
    ORGANISER,
    Client,
    browser,
    confirmed,
    deliver,
    invite,
    path_of,
    signed,
    text_of,
    token_for,
)
from tests.post_office import PostOffice

ADDED = ("/", ".", ")", "…)", "%20", "\u200b", ",", "»", "”", "'", ">", "*", "_", "\n", "!\ufe0f")
WRITTEN = (
    *(f"/p/free-them{added}" for added in ADDED),
    *(
        "/P/Free-Them",
        "/p//free-them",
        "/p/free-them, sign this",
        "/p/free-them)/",
        "/p/«free-them»",
    ),
    *("/p/free\u2011them", "/p/free\u2013them", "/p/fr\u00adee-them", "/p/free-them/Подпишите"),
)


def test_a_link_to_the_petition_is_repaired_by_one_redirect(client: Client, petition: str) -> None:
    for written in WRITTEN:
        for prefix in ("", "/ru"):
            for query in ("", "?r=tg"):
                response = client.get(quote(prefix + written) + query)
                assert response.status_code == 303, written
                assert response.location == f"{prefix}/p/{petition}{query}", written
                assert client.head(quote(prefix + written) + query).status_code == 303
    doubled = client.get("/", environ_overrides={"PATH_INFO": "//ru//p//free-them"})
    assert doubled.location == f"/ru/p/{petition}"
    assert client.get("/p/free-them%3Fr=tg").location == f"/p/{petition}?r=tg"
    for added, kept in (("\n", "%0A"), ("\r\n", "%0D%0A"), ("?", "?"), (" ", "%20")):
        located = client.get(f"/p/free-them{quote(f'?r=tg{added}x')}").location
        assert located == f"/p/{petition}?r=tg{kept}x"
        assert 'name="channel" value="tg"' in client.get(located).text or added == "?"
    assert client.get(f"/RU/p/{petition}").location == f"/ru/p/{petition}"
    assert client.get(f"/p/{petition}/Poster.pdf.").location == f"/p/{petition}/poster.pdf"
    assert client.get("/ru).").location == "/ru/"
    assert client.get("/p/free-them.?a=%0d%0aSet-Cookie").location.count("\n") == 0


def test_a_channel_is_read_with_what_was_added_to_it(client: Client, petition: str) -> None:
    for written in (
        "tg",
        "TG",
        "tg.",
        "tg)",
        "tg»",
        "tg%20",
        "tg/",
        "tg, sign",
        "tg\u200b",
        "\u200btg",
    ):
        assert 'name="channel" value="tg"' in client.get(f"/p/{petition}?r={written}").text
    for written in ("tgx", "evil", "t g"):
        assert 'name="channel" value=""' in client.get(f"/p/{petition}?r={written}").text


def test_every_emailed_link_is_repaired(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    link = signed(client, post_office, petition)
    paths = [link, path_of(post_office.arrived[-1].link_to("not-me"))]
    paths += [client.post(link).location]
    deliver(app)
    paths += [path_of(post_office.arrived[-1].link_to("my"))]
    invite()
    key = access.get_sign_in_link(ORGANISER)
    paths += [f"/organisers/enter/{token_for(app, tokens.SIGN_IN, key.organiser_id, key.serial)}"]
    for path in paths:
        changed = [path + added for added in (*ADDED, ",»", "/.", "Danke", "-", "/Danke")]
        changed += [f"{path[:-9]}\n {path[-9:]}", f"/ru{path}."]
        if "-" in path:
            changed.append(path.replace("-", "\u2011"))
        for written in changed:
            response = client.get(quote(written))
            repaired = f"/ru{path}" if written.startswith("/ru/") else path
            if repaired.startswith("/ru/organisers"):
                assert response.status_code == 404, "has no language prefix"
                continue
            assert (response.status_code, response.location) == (303, repaired), written
            assert response.headers["Cache-Control"] == "no-store", written
        assert client.get(path).status_code == 200


def test_a_link_that_cannot_be_repaired_is_not_found(
    app: Flask, client: Client, petition: str, post_office: PostOffice
) -> None:
    thanks = confirmed(client, post_office, petition)
    for path in (thanks[:-1], thanks + "x", thanks.swapcase(), f"{thanks[:-5]}aaaaa/"):
        response = client.get(path, follow_redirects=True)
        assert response.status_code == (200 if path == thanks + "x" else 404), path
        assert "cut short" not in text_of(response)
    for path in (
        *("/p/nothing", "/no-such-page.", "/wp-login.php/", "/\\evil.example."),
        *("/%2f%2fevil.example/..", f"/p/{petition}/card/EN/0.png", "/p/)", "/static/none.css."),
    ):
        assert client.get(path).status_code == 404, path
    assert client.post(f"/p/{petition}.").status_code in {404, 405}
    assert browser(app).get("/organisers)").location == "/organisers/"


def test_a_long_path_is_no_link_that_was_passed_on(client: Client, petition: str) -> None:
    # Each character that was tried as the beginning of an end took the time of all after it.
    assert client.get(f"/p/{petition}{'!' * 15_000}a").status_code == 404
    assert client.get(f"/p/{petition}{'!' * 1_000}").status_code == 404
    assert client.get(f"/p/{petition}{'!' * 100}").status_code == 303
    assert next(repair_path(f"/p/{petition}{'!' * 500_000}a")) == (f"/p/{petition}", None)


def test_a_repaired_path_needs_no_repair() -> None:
    for path in (*WRITTEN, *map(quote, WRITTEN), "/confirm/é/x", "/", "", "/p/a/-/b"):
        for repaired, _token in repair_path(path):
            assert next(repair_path(repaired)) == (repaired, None)
