"""Write delivery reports (RFC 3464) as mail servers do."""

from email.message import Message


def report(
    returned: Message | str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    to: str = "petition@petition.example.org",
    headers_alone: bool = False,
) -> bytes:
    """Return a delivery report about an email that could not be delivered."""
    raw = returned if isinstance(returned, str) else returned.as_string()
    kind = "text/rfc822-headers" if headers_alone else "message/rfc822"
    body = raw.partition("\n\n")[0] + "\n" if headers_alone else raw
    return (
        "From: MAILER-DAEMON@mx.example.net\n"
        f"To: {to}\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\n\n'
        "--B\nContent-Type: text/plain\n\nSorry.\n\n"
        "--B\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example.net\n\n"
        "Final-Recipient: rfc822; anna@example.org\n"
        f"Action: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} <anna@example.org> is not known here\n\n"
        f"--B\nContent-Type: {kind}\n\n{body}\n--B--\n"
    ).encode()
