"""A real coturn, started from the file that docs/turn.md hands out."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TEMPLATE = Path(__file__).resolve().parent.parent / "docs" / "turnserver.conf"
SECRET = "only-both-servers-know-this"
START_SECONDS = 10.0


@dataclass(frozen=True)
class Coturn:
    """A running one."""

    address: str
    authority: Path
    log: Path

    @property
    def udp(self) -> str:
        return f"turn:{self.address}:3478?transport=udp"

    @property
    def tcp(self) -> str:
        return f"turn:{self.address}:3478?transport=tcp"

    @property
    def tls(self) -> str:
        return f"turns:{self.address}:443?transport=tcp"


def write_certificates(folder: Path, address: str) -> tuple[Path, Path, Path]:
    """Write an authority, and a certificate that it signed with its key; return the three files."""
    now = datetime.now(UTC)
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("test authority", "turn")]
    files = [folder / name for name in ("authority.pem", "turn.pem", "turn.key")]
    for index in range(2):
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[index])
            .issuer_name(names[0])
            .public_key(keys[index].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=index == 0, path_length=None), critical=True)
        )
        if index:
            own = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            builder = builder.add_extension(own, critical=False)
        files[index].write_bytes(builder.sign(keys[0], hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    pem = keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    files[2].write_bytes(pem)
    return files[0], files[1], files[2]


def rendered(folder: Path, address: str, media: str) -> tuple[Path, Path]:
    """Write the configuration with this test's words; return it and the authority's file."""
    authority, certificate, key = write_certificates(folder, address)
    text = TEMPLATE.read_text(encoding="utf-8")
    words = {
        "TURN_ADDRESS": address, "MEDIA_ADDRESS": media, "TURN_SECRET": SECRET, "TURN_REALM": "turn.test",
        "TURN_CERTIFICATE": str(certificate), "TURN_KEY": str(key),
    }  # fmt: skip
    head, body = text.split("\n\n", 1)
    for word, value in words.items():
        body = body.replace(word, value)
    path = folder / "turnserver.conf"
    path.write_text(f"{head}\n\n{body}", encoding="utf-8")
    return path, authority


@contextlib.asynccontextmanager
async def coturn(folder: Path, before: Sequence[str], address: str, media: str) -> AsyncIterator[Coturn]:
    """Start one, with `before` in front of its command, and wait until it takes connections."""
    config, authority = rendered(folder, address, media)
    log = folder / "coturn.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *before, "turnserver", "-c", str(config), "--log-file=stdout", "--db", str(folder / "turn.db"),
            "--pidfile", str(folder / "turn.pid"), stdout=out, stderr=out,
        )  # fmt: skip
    try:
        end = asyncio.get_running_loop().time() + START_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection((address, 443), 1.0):
                break
            if process.returncode is not None or asyncio.get_running_loop().time() > end:
                raise RuntimeError(f"coturn did not start:\n{log.read_text(errors='replace')[-3000:]}")
            await asyncio.sleep(0.05)
        yield Coturn(address, authority, log)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
