"""Certificates that a test makes for itself: an authority, and servers' certificates of it, good and bad ones."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server's certificate and key as files (PEM)."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server presents it with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


class Authority:
    """Signs certificates for 127.0.0.1 in a folder of its own; `file` is its own certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("An authority of the tests")
        self.file = folder / "authority.pem"
        made = _begun(self._name, self._name, self._key, 0).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server(self, called: str, *, since: int = 0, by_itself: bool = False) -> Certificate:
        """A certificate for 127.0.0.1 that began `since` days ago and lasts two; `by_itself`: signed by its own key."""
        key, name = ec.generate_private_key(ec.SECP256R1()), _name(called)
        made = _begun(name, name if by_itself else self._name, key, since).add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        files = Certificate(self.folder / f"{called}.pem", self.folder / f"{called}.key")
        signed = made.sign(key if by_itself else self._key, hashes.SHA256())
        files.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def _name(called: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])


def _begun(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, since: int) -> x509.CertificateBuilder:
    begins = datetime.now(UTC) - since * DAY - timedelta(minutes=5)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + 2 * DAY)
    )
