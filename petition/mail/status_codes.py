"""What is kept of a mail server's replies: codes alone (RFC 3463), as the text may name persons."""

import re

# Where servers write an enhanced status code: first in a line, after the SMTP code, or in
# parentheses as qmail does (#5.1.1). Not before an @: a local part may look like a code.
_ENHANCED_STATUS = re.compile(
    r"(?:^[ \t]*#?|(?<![0-9])[245][0-9]{2}[ -]#?|\(#)"
    r"([245]\.[0-7]\.[0-9]{1,3})(?![\w@+-]|\.\S)",
    re.MULTILINE,
)
# About the sender, whoever the recipient is: authentication (RFC 4954), bad sender (5.1.7, 5.1.8),
# system (5.3.2), quota (5.4.5), policy (5.7).
_ABOUT_SENDER = re.compile(r"53[0458]\b|5\d\d 5\.(?:1\.[78]|3\.2|4\.5|7\.\d+)$")
# About the recipient: no such mailbox or domain, a bad address (5.1.1, .2, .3, .6, .10), a mailbox
# that is full or takes no mail (5.2).
_ABOUT_RECIPIENT = re.compile(r"552$|5\d\d 5\.(?:1\.(?:[1236]|10)|2\.\d+)$")
# Why an address beyond ASCII gets no email: our server lacks the extension (RFC 6531).
NO_SMTPUTF8 = "no SMTPUTF8"
_ADDRESS = re.compile(r"<?[^\s<>:;]+@[^\s<>:;]+>?")


def decode_reply(reply: bytes | str) -> str:
    """Return the text of a reply as smtplib gives it."""
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply


def find_enhanced_status(text: str) -> str:
    """Return the first enhanced status code in a reply, such as `5.1.1`, or ""."""
    match = _ENHANCED_STATUS.search(text)
    return match.group(1) if match else ""


def format_codes(smtp_code: int, reply: bytes | str) -> str:
    """Return only the codes of a reply about an email, such as `550 5.1.1`."""
    return f"{smtp_code} {find_enhanced_status(decode_reply(reply))}".strip()


def is_about_sender(codes: str) -> bool:
    """Return whether a reply, as `format_codes` returns it, would meet any email of ours."""
    return _ABOUT_SENDER.match(codes) is not None


def is_about_recipient(codes: str) -> bool:
    """Return whether a reply, as `format_codes` returns it, is about this one address."""
    return _ABOUT_RECIPIENT.match(codes) is not None


def is_mailbox_full(reason: str) -> bool:
    """Return whether a reason says that the mailbox is full; 552 does (RFC 5321 §4.2.3)."""
    return re.search(r"\b[45]\.2\.2$|^552$", reason) is not None


def is_from_report(reason: str) -> bool:
    """Return whether a reason comes from a delivery report; a reply's starts with `550`."""
    return re.match(r"[245]\.", reason) is not None


def remove_addresses(text: str) -> str:
    """Return a reply for operators: on one line, without control characters or addresses."""
    printable = "".join(char if char.isprintable() else " " for char in text[:1_000])
    return _ADDRESS.sub("…", " ".join(printable.split()))
