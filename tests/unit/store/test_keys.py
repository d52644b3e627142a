"""The key ring: its file, its seals, its chain."""

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwindow.errors import Broken
from vwindow.keys import KeyRing

RING = KeyRing({1: bytes(range(32))})


def test_the_master_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = KeyRing.open(tmp_path / "keys")
    files = list((tmp_path / "keys").iterdir())
    assert [file.name for file in files] == ["master-1.key"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert KeyRing.open(tmp_path / "keys").unseal("t", "c", "r", first.seal("t", "c", "r", "张三")) == "张三"


def test_keys_that_others_can_read_stop_the_start(tmp_path: Path) -> None:
    KeyRing.open(tmp_path)
    (tmp_path / "master-1.key").chmod(0o640)
    with pytest.raises(Broken) as caught:
        KeyRing.open(tmp_path)
    assert caught.value.code == "keys_readable_by_others"


def test_a_lost_key_is_not_replaced_where_data_exists(tmp_path: Path) -> None:
    with pytest.raises(Broken) as caught:
        KeyRing.open(tmp_path, create=False)
    assert caught.value.code == "keys_missing"
    assert list(tmp_path.iterdir()) == []


@given(st.text(max_size=80))
def test_a_sealed_text_opens_in_its_place_only(text: str) -> None:
    sealed = RING.seal("callback", "name", "c-1", text)
    assert RING.unseal("callback", "name", "c-1", sealed) == text
    assert text == "" or text.encode() not in sealed or len(text) < 3
    for place in (("callback", "phone", "c-1"), ("callback", "name", "c-2"), ("call", "name", "c-1")):
        with pytest.raises(Broken):
            RING.unseal(*place, sealed)


@given(st.data())
def test_a_changed_seal_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(RING.seal("t", "c", "r", "text"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Broken):
        RING.unseal("t", "c", "r", bytes(sealed))


def test_a_newer_master_seals_and_the_older_still_opens() -> None:
    old = RING.seal("t", "c", "r", "old")
    both = KeyRing({1: bytes(range(32)), 2: os.urandom(32)})
    new = both.seal("t", "c", "r", "new")
    assert (both.unseal("t", "c", "r", old), both.unseal("t", "c", "r", new)) == ("old", "new")
    with pytest.raises(Broken) as caught:
        RING.unseal("t", "c", "r", new)
    assert caught.value.code == "master_key_missing"
    assert both.chain(b"", b"x") == RING.chain(b"", b"x")
    assert both.digest("p", b"x") == RING.digest("p", b"x") != RING.digest("q", b"x")


def test_a_data_key_is_bound_to_its_recording() -> None:
    wrapped = RING.wrap("r-1", bytes(32))
    assert RING.unwrap("r-1", wrapped) == bytes(32)
    with pytest.raises(Broken):
        RING.unwrap("r-2", wrapped)
