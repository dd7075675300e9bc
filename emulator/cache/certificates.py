"""The certificate authority of one emulator: a TLS endpoint on this machine verifies exactly as ElastiCache's does on
AWS.

Clients keep their settings (`ssl_cert_reqs=required`, host name checked). What differs is the trust store of the
sandbox: the bundle that this module writes holds the system's authorities and ours. The keys live for one emulator,
in its own folder, and are never reused.
"""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.errors import EmulatorError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

__all__ = ["Certificates", "issue_certificates"]

# Fixed dates: the machine's clock may be anywhere, virtual time too, and these keys never leave the machine.
NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
NOT_AFTER = datetime(2049, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM: `bundle` for clients (the system's authorities and ours), `authority` ours alone, `certificate`
    and `key` for servers.
    """

    bundle: Path
    authority: Path
    certificate: Path
    key: Path


def issue_certificates(folder: Path) -> Certificates:
    """Make an authority and a certificate for 127.0.0.1 and localhost below `folder` (created, readable by this user
    alone).

    Takes some 50 ms the first time, most of it to import. Raises EmulatorError where the `cryptography` package is
    missing.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError as error:
        raise EmulatorError(
            "a cache with TransitEncryptionEnabled needs the cryptography package: pip install cryptography"
        ) from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = Certificates(folder / "bundle.pem", folder / "authority.pem", folder / "server.pem", folder / "server.key")
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    server_key = ec.generate_private_key(ec.SECP256R1())
    files.authority.write_bytes(_pem(authority))
    files.certificate.write_bytes(_pem(_server(server_key, authority, authority_key)))
    files.key.touch(mode=0o600)
    files.key.write_bytes(_key_pem(server_key))
    files.bundle.write_bytes(_system_authorities() + b"\n" + _pem(authority))
    return files


def _system_authorities() -> bytes:
    """What this machine trusts: OpenSSL's own file, or certifi's where there is none."""
    paths = ssl.get_default_verify_paths()
    for name in (paths.cafile, "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"):
        if name is not None and Path(name).is_file():
            return Path(name).read_bytes()
    try:
        import certifi
    except ImportError as error:
        raise EmulatorError(
            "this machine has no bundle of certificate authorities: install ca-certificates, or the certifi package"
        ) from error
    return Path(certifi.where()).read_bytes()


def _authority(key: EllipticCurvePrivateKey) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    name = _name("Windtunnel cache authority")
    public_key = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: EllipticCurvePrivateKey
) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    issuer = authority_key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(_name("localhost"))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(sign_certificates=False), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _name(common_name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
