"""Whether a domain takes mail, with a real DNS server on this machine; throw-away addresses."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset
import pytest
from flask import Flask
from sqlalchemy import select

from petition.abuse import email_domains
from petition.cli.mail import worker_for
from petition.core.clock import now
from petition.database.base import db
from petition.mail import compose, mx
from petition.mail.context import MailContext
from petition.models import Signature, Suppression
from petition.web.email_templates import EmailTemplates
from tests.browsing import Client, filled, text_of
from tests.factories import TODAY, earlier, make_petition
from tests.post_office import PostOffice
from tests.waiting import PATIENCE

ZONE = {
    ("takes.test-zone", "MX"): "10 mx.takes.test-zone.",
    ("refuses.test-zone", "MX"): "0 .",
    ("bare.test-zone", "A"): "192.0.2.7",
    ("yahoo.com", "MX"): "1 mx.yahoo.com.",
    ("hmail.com", "MX"): "10 mx.takes.test-zone.",
    ("gmial.com", "MX"): "10 mx.takes.test-zone.",
    ("xn--gmil-63d.com", "MX"): "10 mx.takes.test-zone.",
    ("jmail.com", "A"): "192.0.2.7",
}


class NameServer:
    """Answers over UDP from ZONE; `asked` is what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            packet, peer = self._socket.recvfrom(2_000)
            if packet == b"stop":
                return
            self._socket.sendto(self._answer(packet), peer)

    def _answer(self, packet: bytes) -> bytes:
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append(f"{kind} {name}")
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        if not any(known == name for known, _ in ZONE):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif (name, kind) in ZONE:
            answer.answer.append(
                dns.rrset.from_text(question.name, 60, "IN", kind, ZONE[name, kind])
            )
        return answer.to_wire()

    def stop(self) -> None:
        """End it."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"stop", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """Return a running DNS server."""
    monkeypatch.setattr(mx, "LOOKUP_SECONDS", PATIENCE)
    server = NameServer()
    yield server
    server.stop()


def mail_domains(port: int) -> mx.MailDomains:
    """Return mail domains that are looked up at the DNS server at a port."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = port
    resolver.search = []
    return mx.MailDomains(resolver)


@pytest.mark.parametrize(
    ("domain", "takes"),
    [
        ("takes.test-zone", True),
        ("bare.test-zone", True),
        ("refuses.test-zone", False),
        ("nobody.test-zone", False),
    ],
)
def test_a_domain_takes_mail_or_says_that_it_does_not(
    name_server: NameServer, domain: str, takes: bool
) -> None:
    known = mail_domains(name_server.port)
    assert known.takes_mail(domain, now=TODAY) is takes
    assert known.has_mx(domain, now=TODAY) is (domain == "takes.test-zone")
    asked = len(name_server.asked)
    assert known.takes_mail(domain, now=TODAY + timedelta(minutes=59)) is takes
    assert len(name_server.asked) == asked, "cached for an hour"
    known.takes_mail(domain, now=TODAY + timedelta(minutes=61))
    assert len(name_server.asked) > asked


def test_a_name_server_that_denies_well_known_domains_is_not_believed(
    name_server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    well_known = ("yahoo.com", "MX")
    record = ZONE[well_known]
    monkeypatch.delitem(ZONE, well_known)
    known = mail_domains(name_server.port)
    assert known.takes_mail("nobody.test-zone", now=TODAY)
    asked = len(name_server.asked)
    assert known.takes_mail("nobody.test-zone", now=TODAY + timedelta(seconds=59))
    assert len(name_server.asked) == asked, "not asked for a minute"
    assert not known.takes_mail("refuses.test-zone", now=TODAY + timedelta(seconds=61))
    monkeypatch.setitem(ZONE, well_known, record)
    assert not known.takes_mail("nobody.test-zone", now=TODAY + timedelta(seconds=62))


def test_without_an_answer_mail_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx, "LOOKUP_SECONDS", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.setblocking(False)
        known = mail_domains(silent.getsockname()[1])
        for domain in ("one", "two", "three"):
            assert known.takes_mail(f"{domain}.test-zone", now=TODAY)
            assert silent.recv(2_000), "it was asked"
            with suppress(BlockingIOError):
                while silent.recv(2_000):
                    pass  # and asked again
        assert known.takes_mail("other.test-zone", now=TODAY)
        with pytest.raises(BlockingIOError):
            silent.recv(2_000)  # not asked: the DNS is silent


def test_an_address_at_a_domain_that_takes_no_mail_is_shown_on_the_pending_page(
    app: Flask, client: Client, post_office: PostOffice, name_server: NameServer
) -> None:
    pending = client.post(
        f"/p/{make_petition()}/sign", data=filled(email="anna@nobody.test-zone")
    ).location
    deliver_checking(app, mail_domains(name_server.port))
    assert post_office.arrived == []
    assert "gets no emails" in text_of(client.get(pending))


def test_a_doubtful_domain_that_has_a_mail_server_is_mailed_at_once(
    app: Flask, client: Client, petition: str, post_office: PostOffice, name_server: NameServer
) -> None:
    pages = {
        domain: client.post(f"/p/{petition}/sign", data=filled(email=f"anna@{domain}")).location
        for domain in ("hmail.com", "gmial.com", "gmаil.com", "jmail.com", "gmail.kom")
    }
    assert name_server.asked == [], "signing waits for no DNS"
    assert all("Did you mean" in text_of(client.get(page)) for page in pages.values())
    deliver_checking(app, mail_domains(name_server.port))
    assert [mail.recipients for mail in post_office.arrived] == [["anna@hmail.com"]]
    earlier(seconds=3)
    doubted = [domain for domain in pages if "Did you mean" in text_of(client.get(pages[domain]))]
    # The first is known to catch mistyped mail, the second (with a Cyrillic letter) looks as if it
    # did; a parked domain has an address record, too.
    assert doubted == ["gmial.com", "gmаil.com", "jmail.com", "gmail.kom"]
    deliver_checking(app, None)
    assert len(post_office.arrived) == 1


def test_throw_away_addresses_are_flagged_and_not_refused(client: Client, petition: str) -> None:
    for email in ("a@mailinator.com", "b@proton.me"):
        assert client.post(f"/p/{petition}/sign", data=filled(email=email)).status_code == 303
    flagged = db.session.execute(select(Signature.email, Signature.disposable)).all()
    assert dict(flagged.__iter__()) == {"a@mailinator.com": True, "b@proton.me": False}


def test_a_petition_may_refuse_throw_away_addresses(client: Client, app: Flask) -> None:
    slug = make_petition("strict", refuses_disposable=True)
    answer = client.post(f"/p/{slug}/sign", data=filled(email="a@mailinator.com"))
    assert answer.status_code == 422
    assert "does not accept throw-away addresses" in answer.text
    assert client.post(f"/p/{slug}/sign", data=filled()).status_code == 303


def test_nor_through_correcting_the_address(client: Client, app: Flask) -> None:
    slug = make_petition("strict", refuses_disposable=True)
    pending = client.post(f"/p/{slug}/sign", data=filled()).location
    answer = client.post(f"{pending}/address", data={"email": "a@mailinator.com"})
    assert answer.status_code == 422
    assert "does not accept throw-away addresses" in answer.text
    assert db.session.scalars(select(Signature.email)).all() == ["anna@example.org"]


def test_a_corrected_address_is_flagged_too(client: Client, petition: str) -> None:
    pending = client.post(f"/p/{petition}/sign", data=filled()).location
    client.post(f"{pending}/address", data={"email": "a@mailinator.com"})
    assert db.session.scalars(select(Signature.disposable)).all() == [True]


def test_a_wrong_answer_of_the_dns_bars_nobody_for_good(
    app: Flask, petition: str, post_office: PostOffice, name_server: NameServer
) -> None:
    client = app.test_client()
    for domains in (mail_domains(name_server.port), None):
        client.post(f"/p/{petition}/sign", data=filled(email="anna@nobody.test-zone"))
        deliver_checking(app, domains)
    assert [mail.recipients for mail in post_office.arrived] == [["anna@nobody.test-zone"]]
    assert db.session.scalars(select(Suppression.bounce)).all() == []


def test_well_known_domains_are_not_asked_about(name_server: NameServer) -> None:
    assert mail_domains(name_server.port).takes_mail("gmail.com", now=TODAY)
    assert name_server.asked == []


def test_parts_of_a_throw_away_domain_are_one_too() -> None:
    assert email_domains.is_disposable("x.y.mailinator.com")
    assert not email_domains.is_disposable("com")


def deliver_checking(app: Flask, domains: mx.MailDomains | None) -> None:
    """Deliver what is due, checking the mail domains first."""
    context = MailContext(
        "https://petition.example.org",
        "petition@petition.example.org",
        app.extensions["tokens"],
        7,
        14,
        EmailTemplates(app).render,
        domains,
    )
    replace(
        worker_for(app), compose=lambda email_id: compose.compose(email_id, context, now=now())
    ).deliver_due()
