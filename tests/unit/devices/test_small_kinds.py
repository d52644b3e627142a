"""Screen, keyboard, mouse and computer: what is simulated, what the kernel lists, what is judged. Needs nothing."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import registry
from devices.device import Device
from devices.errors import DeviceUnavailable
from devices.health import Health
from devices.host.port import HostFacts
from devices.host.reader import judge
from devices.input_list import KernelInput, names
from devices.kinds import KINDS
from devices.simulation import Scriptable
from tests.fakes.health_watch import HealthWatch

LIMIT = 10.0
LISTED = """\
I: Bus=0019 Vendor=0000 Product=0001 Version=0000
N: Name="Power Button"
H: Handlers=kbd event0
B: KEY=10000000000000 0

I: Bus=0003 Vendor=046d Product=c31c Version=0110
N: Name="Logitech USB Keyboard"
H: Handlers=sysrq kbd leds event3
B: KEY=1000000000007 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe

I: Bus=0003 Vendor=046d Product=c077 Version=0111
N: Name="Logitech USB Optical Mouse"
H: Handlers=mouse0 event4
B: KEY=ff0000 0 0 0 0
"""
WELL = HostFacts(0.1, 8 << 30, 4 << 30, 100 << 30, 50 << 30, 50.0, 0.1, 60.0, "Debian", "6", "3.11", ())


@pytest.fixture
async def opened(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[Device], HealthWatch]]:
    monkeypatch.setattr("devices.host.reader.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("devices.polled.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("devices.keeper.RETRY_SECONDS", 0.05)
    found: list[Device] = []

    def open_one(device: Device) -> HealthWatch:
        watch = HealthWatch()
        found.append(device)
        device.start(watch)
        return watch

    yield open_one
    for device in found:
        await device.close()


@pytest.mark.parametrize(
    ("kind", "bad", "good", "code"),
    [
        ("display", "off", "on", "unplugged"),
        ("keyboard", "pull", "plug", "unplugged"),
        ("mouse", "pull", "plug", "unplugged"),
        ("host", "disk_full", "well", "disk_full"),
        ("host", "memory_short", "well", "memory_short"),
        ("host", "hot", "well", "too_hot"),
        ("host", "clock", "well", "clock_wrong"),
    ],
)
async def test_what_goes_wrong_is_told_and_mended(
    kind: str, bad: str, good: str, code: str, opened: Callable[[Device], HealthWatch]
) -> None:
    device = registry.make(kind, "simulated")
    assert isinstance(device, Scriptable)
    watch = opened(device)
    await watch.until("ready")
    await device.do(bad)
    health = await watch.until("unavailable")
    assert health.code == code and health.hint
    await device.do(good)
    await watch.until("ready")
    with pytest.raises(ValueError, match="no deed"):
        await device.do("dance")


async def test_the_use_of_a_simulated_mouse_is_noted(opened: Callable[[Device], HealthWatch]) -> None:
    mouse = registry.mouse("simulated")
    await opened(mouse).until("ready")
    assert isinstance(mouse, Scriptable) and mouse.last_used is None
    await mouse.do("use")
    assert mouse.last_used is not None


@pytest.mark.parametrize("kind", ["display", "keyboard", "mouse", "host"])
async def test_absent_is_a_choice_without_options(kind: str, opened: Callable[[Device], HealthWatch]) -> None:
    assert opened(registry.make(kind, "absent")).seen == [Health("absent")]
    with pytest.raises(ValueError, match="no options"):
        registry.make(kind, "absent:now")


@pytest.mark.parametrize(
    ("kind", "written"),
    [("display", "simulated:9x9"), ("display", "x11:mouse"), ("keyboard", "simulated:broken"),
     ("host", "simulated:cold"), ("host", "linux:/no/such/folder"), ("host", "simulated:hot:nan")],
)  # fmt: skip
def test_wrong_options_are_refused(kind: str, written: str) -> None:
    with pytest.raises(ValueError):
        registry.make(kind, written)


async def test_this_computer_has_facts(opened: Callable[[Device], HealthWatch]) -> None:
    host = registry.host("linux")
    await opened(host).until(lambda health: health.state != "starting")
    assert host.facts is not None and host.facts.memory_bytes > 0 and host.facts.disk_bytes > 0
    assert not any(" 127." in f" {address.split()[1]}" for address in host.facts.addresses)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"disk_free_bytes": 499_999_999}, "disk_full"),
        ({"memory_free_bytes": 1}, "memory_short"),
        ({"temperature_celsius": 90.1}, "too_hot"),
        ({"clock_offset_seconds": -31.0}, "clock_wrong"),
    ],
)
def test_only_what_ends_the_work_is_a_fault(change: dict[str, float], code: str) -> None:
    judge(WELL)
    judge(replace(WELL, temperature_celsius=None, clock_offset_seconds=None))
    with pytest.raises(DeviceUnavailable) as raised:
        judge(replace(WELL, **change))
    assert raised.value.code == code


def test_a_power_button_is_no_keyboard() -> None:
    assert names(LISTED, "keyboard") == ["Logitech USB Keyboard"]
    assert names(LISTED, "mouse") == ["Logitech USB Optical Mouse"]


@given(st.text(alphabet='INHB:=" \nabcdef0123456789kbdmouseKEYName', max_size=400))
def test_any_list_is_read_without_an_error(listed: str) -> None:
    for what in ("keyboard", "mouse"):
        assert all(isinstance(name, str) for name in names(listed, what))


async def test_a_pulled_keyboard_is_gone_from_the_kernels_list(
    tmp_path: Path, opened: Callable[[Device], HealthWatch]
) -> None:
    path = tmp_path / "devices"
    path.write_text(LISTED)
    watch = opened(KernelInput("keyboard", "logitech", path))
    assert (await watch.until("ready")).identity == "Logitech USB Keyboard"
    path.write_text("")
    assert (await watch.until("unavailable")).code == "unplugged"
    path.unlink()
    assert (await watch.until(lambda health: health.code == "cannot_open")).state == "unavailable"
    path.write_text(LISTED)
    await watch.until("ready")


def test_every_kind_that_has_drivers_can_be_absent_and_simulated() -> None:
    for kind in KINDS:
        try:
            known = registry.drivers(kind)
        except ModuleNotFoundError:
            continue
        assert {"absent", "simulated"} <= set(known)
