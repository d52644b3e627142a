"""Certificates for the control connection, good and bad ones."""

import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from vwindow import control_certificates
from vwindow.control_certificates import END_DAYS, make_certificates
from vwindow.control_tls import ControlFiles


class Authority:
    """One authority in a folder, with certificates of both ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = datetime.now(UTC)
        make_certificates(folder, self.now)

    def files(self, end: str) -> ControlFiles:
        return ControlFiles(self.folder / f"{end}.pem", self.folder / f"{end}-key.pem", self.folder / "ca.pem")

    def server_end(self) -> ssl.SSLContext:
        return self.files("server").server_end(self.now)

    def worker_end(self) -> ssl.SSLContext:
        return self.files("worker").worker_end(self.now)

    def expired(self, folder: Path) -> "Authority":
        """Return the same authority with certificates whose days are over."""
        shutil.copytree(self.folder, folder)
        make_certificates(folder, self.now - timedelta(days=END_DAYS + 1))
        return _at(folder, self.now)

    def renamed(self, folder: Path, name: str, role: str, monkeypatch: pytest.MonkeyPatch) -> "Authority":
        """Return the same authority with one end's certificate in another name."""
        shutil.copytree(self.folder, folder)
        usage = ExtendedKeyUsageOID.CLIENT_AUTH if role == "server" else ExtendedKeyUsageOID.SERVER_AUTH
        with monkeypatch.context() as patch:
            patch.setattr(control_certificates, "ROLES", {name: usage})
            make_certificates(folder, self.now)
        for suffix in (".pem", "-key.pem"):
            (folder / f"{name.removeprefix('vwindow-')}{suffix}").replace(folder / f"{role}{suffix}")
        return _at(folder, self.now)


def _at(folder: Path, now: datetime) -> Authority:
    found = object.__new__(Authority)
    found.folder, found.now = folder, now
    return found
