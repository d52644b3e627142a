"""What is done at the server's terminal, beside a server that runs or without one."""

from pathlib import Path
from typing import Literal

from vwindow.books import Books, open_keys
from vwindow.certificate import self_signed
from vwindow.clock import SystemClock
from vwindow.config import Settings
from vwindow.ids import KioskId, StaffId
from vwindow.register_file import RegisterFile
from vwindow.store.people import NewPerson
from vwindow.tokens import PURPOSE, SignedTokens, StreamLeave

COMMAND_LINE = StaffId("command-line")
"""Who made an enrolment code at the terminal of the server."""


def lan_certificate(data_dir: Path, address: str) -> tuple[Path, Path]:
    """Return the self-signed certificate of this machine's address."""
    return self_signed(data_dir / "tls", address, SystemClock().now())


async def kiosk_code(settings: Settings, kiosk: str) -> str:
    """Make a one-time enrolment code at the server's terminal."""
    books = await Books.open(settings, SystemClock())
    try:
        made = await books.kiosks.make_code(KioskId(kiosk), COMMAND_LINE, SystemClock().now())
        return made.code
    finally:
        await books.database.close()


def stream_token(
    settings: Settings, kind: Literal["whip", "whep"], room: str, side: str, source: str, minutes: int
) -> str:
    """Sign a token at the server's terminal, to publish or play one source of a call."""
    keys = open_keys(settings, create=False)
    expires = int(SystemClock().now().timestamp()) + 60 * minutes
    return SignedTokens(keys.derive(PURPOSE)).sign(StreamLeave(kind, room, side, source, expires))


async def staff_add(settings: Settings, person: NewPerson, password: str) -> None:
    """Make an account at the server's terminal: the first admin of a real start."""
    books = await Books.open(settings, SystemClock())
    try:
        await books.people.create_staff(person, password, SystemClock().now())
    finally:
        await books.database.close()


async def staff_disable(settings: Settings, account: str) -> None:
    """End an account and its sessions; a server that runs ends its consoles within a minute."""
    books = await Books.open(settings, SystemClock())
    try:
        await books.people.disable(await books.people.staff_of(account), SystemClock().now())
    finally:
        await books.database.close()


async def staff_password(settings: Settings, account: str, password: str) -> None:
    """Give an account a new password, unlock it and end its sessions."""
    books = await Books.open(settings, SystemClock())
    try:
        await books.people.set_password(account, password)
    finally:
        await books.database.close()


async def staff_unlock(settings: Settings, account: str) -> None:
    """Forget the wrong passwords of an account; a server that runs sees it at once."""
    books = await Books.open(settings, SystemClock())
    try:
        await books.people.unlock(account)
    finally:
        await books.database.close()


async def register_import(settings: Settings, file: Path) -> dict[str, int]:
    """Add or change the centres, windows and kiosks that a file lists; return how many of each."""
    listed = RegisterFile.read(file)
    books = await Books.open(settings, SystemClock())
    try:
        return await listed.save(books.places, books.kiosks, SystemClock().now())
    finally:
        await books.database.close()
