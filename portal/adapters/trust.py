"""Whom the portal believes that it talks to a mail server: the machine's own authorities, and one that the operator names."""

import ssl
from pathlib import Path

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""This very machine: nobody stands in between."""
EXPIRED, NOT_YET = 10, 9
STRANGERS = (18, 19, 20, 21)
"""OpenSSL's numbers for a certificate that is signed by itself, or by nobody whom this machine knows."""
OTHER_NAME = (62, 64)


def trusting(authority: Path | None = None) -> ssl.SSLContext:
    """A context that checks certificate and name, and believes also what the certificates in `authority` (PEM) signed.

    ValueError where that file cannot be read, or holds no certificate.
    """
    context = ssl.create_default_context()
    if authority is not None:
        try:
            context.load_verify_locations(authority)
        except OSError as error:  # ssl.SSLError is one, too
            raise ValueError(
                f"PORTAL_MAIL_CA names {authority}, which cannot be read as certificates (PEM): {error.strerror or error}."
            ) from error
    return context


def not_trusted(host: str, error: ssl.SSLCertVerificationError) -> str:
    """What is wrong with a server's certificate, and what to do about it."""
    if error.verify_code in OTHER_NAME:
        return (
            f"The certificate of the mail server is not for {host}. Name the server in the setting as its certificate does. "
            "If that is right already, somebody else answers in its place: nothing was sent."
        )
    if error.verify_code == EXPIRED:
        return (
            f"The certificate of the mail server {host} has run out. Whoever runs it has to renew it; nothing was sent."
        )
    if error.verify_code == NOT_YET:
        return f"The certificate of the mail server {host} is not valid yet. Is this machine's clock right? Nothing was sent."
    if error.verify_code in STRANGERS:
        return (
            f"The certificate of the mail server {host} is signed by nobody whom this machine knows. Put the certificate of "
            "whoever signed it into a file and name that in PORTAL_MAIL_CA, or have the server use one of a public authority."
        )
    return f"The certificate of the mail server {host} is not valid: {error.verify_message}. Nothing was sent."
