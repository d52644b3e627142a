"""The computer by psutil. Option: a folder on the disk that must not fill up, as in `linux:/var/lib/vwindow-kiosk`."""

import platform
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from devices.host.port import HostFacts
from devices.host.reader import HostReader

SENSORS = ("coretemp", "k10temp", "cpu_thermal", "acpitz")


def reading(folder: Path) -> Callable[[], HostFacts]:
    """Return what reads the facts once; blocks while a disk does."""
    psutil.cpu_percent(interval=None)  # the first call only begins to measure

    def read() -> HostFacts:
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(folder))
        return HostFacts(
            processor_share=psutil.cpu_percent(interval=None) / 100,
            memory_bytes=memory.total,
            memory_free_bytes=memory.available,
            disk_bytes=disk.total,
            disk_free_bytes=disk.free,
            temperature_celsius=_temperature(),
            clock_offset_seconds=None,
            uptime_seconds=time.time() - psutil.boot_time(),
            system=_system(),
            kernel=platform.release(),
            python=platform.python_version(),
            addresses=_addresses(),
        )

    return read


def _temperature() -> float | None:
    found = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
    for sensor in SENSORS:
        if found.get(sensor):
            return max(float(entry.current) for entry in found[sensor])
    return None


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _addresses() -> tuple[str, ...]:
    families = (socket.AF_INET, socket.AF_INET6)
    return tuple(
        f"{name} {entry.address.partition('%')[0]}"
        for name, entries in sorted(psutil.net_if_addrs().items())
        for entry in entries
        if name != "lo" and entry.family in families
    )[:16]


def make(options: str) -> HostReader:
    """Make the reader; raises ValueError for a folder that is not there."""
    folder = Path(options or ".")
    if not folder.is_dir():
        raise ValueError(f"host: there is no folder {options}")
    return HostReader("host linux", reading(folder))
