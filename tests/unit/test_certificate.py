"""The self-signed certificate of one network."""

import ssl
from datetime import timedelta
from pathlib import Path

from tests.fakes.clock import FakeClock
from vwindow.certificate import DAYS, fingerprint, self_signed


def test_it_is_made_once_and_loads(tmp_path: Path) -> None:
    now = FakeClock().now()
    certificate, key = self_signed(tmp_path, "192.0.2.7", now)
    first = fingerprint(certificate)
    assert len(first) == 64
    assert key.stat().st_mode & 0o077 == 0
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    assert fingerprint(self_signed(tmp_path, "192.0.2.7", now)[0]) == first


def test_it_is_made_anew_for_another_host_and_before_its_end(tmp_path: Path) -> None:
    now = FakeClock().now()
    first = fingerprint(self_signed(tmp_path, "192.0.2.7", now)[0])
    second = fingerprint(self_signed(tmp_path, "192.0.2.8", now)[0])
    third = fingerprint(self_signed(tmp_path, "192.0.2.8", now + timedelta(days=DAYS - 10))[0])
    assert len({first, second, third}) == 3
