"""Emails as Flask-Mail messages, and its connection with what Flask-Mail 0.10 lacks."""

import smtplib
import ssl
from contextlib import ExitStack, suppress
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTPUTF8
from email.utils import formataddr, formatdate, parseaddr, quote
from functools import lru_cache, partial

import flask_mail

from petition.core.errors import MailServerUnreachable, SenderRefused
from petition.mail.status_codes import decode_reply, format_codes, is_about_sender, remove_addresses

TIMEOUT_SECONDS = 15  # for each reply of the server
EMAILS_PER_CONNECTION = 100  # many servers end a connection after as many
MAX_NAME_LENGTH = 64  # of a sender; inboxes show less

# Quoted-printable keeps text legible and lines under 76 bytes; RFC 5321 allows 998.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP
_POLICY = SMTPUTF8.clone(refold_source="none")  # to refold may lose spaces (Python's gh-92081)


class OutgoingMessage(flask_mail.Message):
    """Flask-Mail's message, with an id of the sender's own domain and written by `as_bytes`.

    `key` is the same at every try, so a second copy is recognised as the same email. `code_hash` is
    that of the code in its text, or "". With an `unsubscribe` address, inboxes show a button that
    posts to it (RFC 8058). One that is sent `at_most_once` is settled before it is sent.
    """

    def __init__(
        self,
        *,
        key: str,
        sender: str,
        reply_to: str = "",
        to: str,
        language: str,
        subject: str,
        text: str,
        html: str,
        code_hash: str = "",
        unsubscribe: str = "",
        at_most_once: bool = False,
    ) -> None:
        super().__init__(subject, [to], text, html, sender=sender, reply_to=reply_to or None)
        self.key, self.code_hash, self.at_most_once = key, code_hash, at_most_once
        self.msgId = f"<{key}@{_domain(sender)}>"  # Flask-Mail names the local machine
        self.extra_headers = {
            "Auto-Submitted": "auto-generated",  # RFC 3834: no automatic replies
            "Content-Language": language,
        }
        if unsubscribe:
            self.extra_headers["List-Unsubscribe"] = f"<{unsubscribe}>"
            if unsubscribe.startswith("https:"):  # which RFC 8058 requires
                self.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"

    def as_bytes(self) -> bytes:
        """Return the message with CRLF; to an address beyond ASCII, with UTF-8 headers (RFC 6532).

        Flask-Mail's own loses spaces of subjects, has lines over 998 bytes, and takes only ASCII.
        """
        recipient = str(self.recipients[0])
        # Python's own boundary is a pseudo-random number: a row of them tells how many were drawn.
        content = MIMEMultipart("alternative", boundary=f"=_{self.key}")
        subject = str(self.subject)
        content["Subject"] = _encode_subject(subject) if recipient.isascii() else subject
        content["From"] = _encode_mailbox(str(self.sender))
        content["To"] = recipient
        if self.reply_to:
            content["Reply-To"] = str(self.reply_to)
        content["Date"] = formatdate(self.date)
        content["Message-ID"] = self.msgId
        for name, value in (self.extra_headers or {}).items():
            content[name] = value
        for text, subtype in ((self.body, "plain"), (self.html, "html")):
            content.attach(MIMEText(text or "", subtype, _UTF8))  # type: ignore[arg-type]
        return content.as_bytes(policy=_POLICY)


class SMTPConnection(flask_mail.Connection):
    """Flask-Mail's connection, to one recipient at a time; each override says what it adds."""

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        """Connect with a time limit and checked certificates.

        Raises: MailServerUnreachable, SenderRefused.
        """
        settings = self.mail
        tls = ssl.create_default_context() if settings.use_ssl or settings.use_tls else None
        connect = partial(smtplib.SMTP_SSL, context=tls) if settings.use_ssl else smtplib.SMTP
        name = _domain(settings.default_sender) or None
        try:
            with ExitStack() as on_error:
                host = connect(
                    settings.server, settings.port, local_hostname=name, timeout=TIMEOUT_SECONDS
                )
                on_error.callback(host.close)
                if settings.use_tls:
                    host.starttls(context=tls)
                if settings.username and settings.password:
                    host.login(settings.username, settings.password)
                on_error.pop_all()
        except (OSError, smtplib.SMTPException) as error:
            raise unreachable(error) from None
        return host

    def __exit__(self, *_error: object) -> None:
        """Close the connection even if the server has closed it already."""
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.quit()
            self.host.close()

    def send(
        self, message: flask_mail.Message, envelope_from: str | tuple[str, str] | None = None
    ) -> None:
        """Send to an address beyond ASCII too (SMTPUTF8), and reconnect before an email.

        Flask-Mail reconnects after one: a failure then would look like a failure of that email.
        """
        if self.num_emails >= EMAILS_PER_CONNECTION:
            self.__exit__()
            self.__enter__()
        recipient = str(message.recipients[0])
        sender = parseaddr(str(envelope_from or message.sender))[1]
        if recipient.isascii() or self.host is None:
            super().send(message, sender)
            return
        self.host.sendmail(sender, [recipient], message.as_bytes(), ["SMTPUTF8"])
        self.num_emails += 1


def unreachable(error: Exception) -> MailServerUnreachable:
    """Return what is wrong with the connection, in words for operators, without addresses."""
    if not isinstance(error, smtplib.SMTPResponseException):
        return MailServerUnreachable(remove_addresses(f"{type(error).__name__}: {error}"))
    text = remove_addresses(f"{error.smtp_code} {decode_reply(error.smtp_error)}")
    if is_about_sender(format_codes(error.smtp_code, error.smtp_error)):
        return SenderRefused(text)
    return MailServerUnreachable(text)


@lru_cache(maxsize=100)
def _domain(address: str) -> str:
    return parseaddr(address)[1].rpartition("@")[2]


@lru_cache(maxsize=100)
def rename_mailbox(mailbox: str, name: str) -> str:
    """Return a mailbox with another display name, of at most 64 characters; unchanged for ""."""
    name = " ".join(name.split())
    if len(name) > MAX_NAME_LENGTH:
        name = f"{name[: MAX_NAME_LENGTH - 1].rstrip()}…"
    return f'"{quote(name)}" <{parseaddr(mailbox)[1]}>' if name else mailbox


# Few headers differ, and encoding one takes as long as rendering a template.
@lru_cache(maxsize=100)
def _encode_subject(subject: str) -> str:
    return Header(subject, header_name="Subject").encode()


@lru_cache(maxsize=100)
def _encode_mailbox(mailbox: str) -> str:
    name, address = parseaddr(mailbox)
    if not name.isascii():  # formataddr's encoded word may exceed the 75 characters of RFC 2047
        name = Header(name, "utf-8", maxlinelen=75, header_name="From").encode()
        return f"{name}\n <{address}>"  # a line with an encoded word has at most 76 characters
    return formataddr((name, address))
