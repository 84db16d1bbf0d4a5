"""/dev/mail: the emails of a site without a mail server, for the same machine only."""

import re

from tests.browsing import browser, deliver, filled
from tests.factories import SITE, MakeApp, make_petition

LOCAL = "http://127.0.0.1:5000"


def test_an_email_is_kept_shown_and_its_link_works(make_app: MakeApp) -> None:
    app = make_app(SITE_URL=LOCAL, MAIL_SERVER="")
    client = browser(app, use_cookies=False)
    with app.app_context():
        make_petition()
        client.post("/p/free-them/sign", data=filled(), base_url=LOCAL)
        assert deliver(app) == 1
    inbox = client.get("/dev/mail", base_url=LOCAL).text
    (path,) = re.findall(r'href="(/dev/mail/[^"]+)"', inbox)
    mail = client.get(path, base_url=LOCAL)
    link = re.search(r'href="' + LOCAL + r'(/confirm/[^"]+)"', mail.text)
    assert link is not None
    assert client.get(link.group(1), base_url=LOCAL).status_code == 200
    assert client.get("/dev/mail/..%2Fconfig", base_url=LOCAL).status_code == 404


def test_it_is_not_there_on_a_public_site_nor_with_a_mail_server(make_app: MakeApp) -> None:
    public = browser(make_app(MAIL_SERVER=""))
    assert public.get("/dev/mail", base_url=SITE).status_code == 404
    mailed = browser(make_app(SITE_URL=LOCAL))
    assert mailed.get("/dev/mail", base_url=LOCAL).status_code == 404


def test_it_is_not_there_for_another_machine(make_app: MakeApp) -> None:
    client = browser(make_app(SITE_URL=LOCAL, MAIL_SERVER=""))
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/dev/mail", base_url=LOCAL).status_code == 200
    assert client.get("/dev/mail", base_url=LOCAL, environ_base=elsewhere).status_code == 404
