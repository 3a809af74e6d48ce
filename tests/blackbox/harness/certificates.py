# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of the tests, what it issues, and TLS contexts that trust it."""
import datetime
import ipaddress
import itertools
import ssl
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Pair(NamedTuple):
    """Paths of PEM files."""

    cert: str
    key: str


def _subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


class Authority:
    def __init__(self, directory):
        self.directory = directory
        self.serials = itertools.count(1)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = _subject("Tests of Holdfast")
        authority = x509.BasicConstraints(ca=True, path_length=None)
        self.cert = self._sign(self.name, self.key, 365, (authority, True))
        self.path = directory / "ca.pem"
        self.path.write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, key, days, *extensions):
        now = datetime.datetime.utcnow()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(next(self.serials))
            .not_valid_before(now - datetime.timedelta(days=30))
            .not_valid_after(now + datetime.timedelta(days=days))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, *names, days=30, directory=None, file=None):
        """A pair for these hosts and addresses: <file>.crt and <file>.key in the directory."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._sign(
            _subject(names[0]), key, days, (x509.SubjectAlternativeName([_alternative(n) for n in names]), False)
        )
        base = (directory or self.directory) / (file or f"pair-{cert.serial_number}")
        pair = Pair(f"{base}.crt", f"{base}.key")
        pem = serialization.Encoding.PEM
        with open(pair.cert, "wb") as out:
            out.write(cert.public_bytes(pem))
        with open(pair.key, "wb") as out:
            plain = serialization.NoEncryption()
            out.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        return pair

    def client(self, version=None):
        """For a client that trusts what is issued here."""
        context = ssl.create_default_context(cafile=str(self.path))
        if version:
            context.set_ciphers("ALL:@SECLEVEL=0")  # else the library would not even offer what is too old
            context.minimum_version = context.maximum_version = version
        return context

    def server(self, pair, *, asks_for_certificate=False):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        if asks_for_certificate:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(str(self.path))
        return context


def name_of(cert):
    """The common name in what SSLSocket.getpeercert() returns."""
    return dict(item for part in cert["subject"] for item in part)["commonName"]
