"""Certificates for orders between hosts: a small authority of this house's own, and one certificate for each end."""

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from vwindow.control_tls import SERVER_NAME, WORKER_NAME
from vwindow.errors import Refused

AUTHORITY_DAYS = 3650
END_DAYS = 825
ROLES = {SERVER_NAME: ExtendedKeyUsageOID.CLIENT_AUTH, WORKER_NAME: ExtendedKeyUsageOID.SERVER_AUTH}
"""Orders go from the server to the worker, so the server is the client of the connection. Neither certificate can take
the place of the other."""


def make_certificates(folder: Path, now: datetime, days: int = END_DAYS) -> list[Path]:
    """Make `server` and `worker` certificates with their keys, under the folder's authority or a new one.

    Certificates of an earlier time are replaced, the authority is kept, so that the other ends go on. Raises
    Refused("authority_expired") and OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ca_file, ca_key_file = folder / "ca.pem", folder / "ca-key.pem"
    if not (ca_file.exists() and ca_key_file.exists()):
        _write_authority(ca_file, ca_key_file, now)
    authority = x509.load_pem_x509_certificate(ca_file.read_bytes())
    ca_key = serialization.load_pem_private_key(ca_key_file.read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    until = min(now + timedelta(days=days), authority.not_valid_after_utc)
    if until <= now:
        raise Refused("authority_expired", f"{ca_file} is over: take another folder and replace all certificates")
    made = [ca_file]
    for name, role in ROLES.items():
        key = ec.generate_private_key(ec.SECP256R1())
        built = (
            _builder(name, authority.subject, key, now, until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([role]), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )
        short = name.removeprefix("vwindow-")
        made += [folder / f"{short}.pem", folder / f"{short}-key.pem"]
        _write(made[-2], built.public_bytes(serialization.Encoding.PEM), 0o644)
        _write(made[-1], _private_pem(key), 0o600)
    return made


def _write_authority(file: Path, key_file: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vwindow control authority")])
    built = (
        _builder("vwindow control authority", name, key, now, now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(key_file, _private_pem(key), 0o600)
    _write(file, built.public_bytes(serialization.Encoding.PEM), 0o644)


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, data: bytes, mode: int) -> None:
    """Put a file in place whole; a key is never readable by others, not even for a moment."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
    fresh.replace(path)
