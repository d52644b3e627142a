"""Kiosks: made, enrolled once with a one-time code, known by their key from then on, revoked."""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import update
from sqlmodel import Session, col, select

from vwindow.access import Viewer
from vwindow.clock import Clock
from vwindow.errors import Refused
from vwindow.ids import CentreId, KioskId, StaffId, WindowId
from vwindow.keys import KeyRing
from vwindow.store.challenge import Challenges
from vwindow.store.database import Database
from vwindow.store.tables import Centre, EnrolCode, Kiosk, Window

CODE_TIME = timedelta(minutes=15)
LINK_CONTEXT = b"vwindow-kiosk-link:"
_CODE_BYTES = 10


@dataclass(frozen=True, slots=True)
class KioskRow:
    """A kiosk as an administrator sees it."""

    kiosk: KioskId
    window: WindowId
    window_name: str
    centre: CentreId
    centre_name: str
    city: str
    created_at: datetime
    enrolled_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code to type at the kiosk: groups of letters, a dot, the server certificate's fingerprint or "plain"."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What a kiosk learns when it enrols."""

    kiosk: KioskId
    centre: CentreId
    window: WindowId
    city: str


class Kiosks:
    """Make, enrol, recognise and revoke kiosks.

    `fingerprint` is the SHA-256 of the server's certificate in hex, or "plain" without TLS.
    """

    def __init__(self, database: Database, keys: KeyRing, clock: Clock, *, fingerprint: str = "plain") -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._fingerprint = fingerprint
        self._challenges = Challenges()

    async def listed(self, viewer: Viewer) -> Sequence[KioskRow]:
        """Return the kiosks in the viewer's scope, by id."""

        def work(session: Session) -> list[KioskRow]:
            rows = session.exec(
                select(Kiosk, Centre, Window)
                .where(col(Kiosk.centre) == Centre.id)
                .where(col(Kiosk.window) == Window.id)
                .order_by(Kiosk.id)
            )
            return [
                KioskRow(
                    kiosk=KioskId(kiosk.id),
                    window=WindowId(window.id),
                    window_name=window.name,
                    centre=CentreId(centre.id),
                    centre_name=centre.name,
                    city=centre.city,
                    created_at=kiosk.created_at,
                    enrolled_at=kiosk.enrolled_at,
                    revoked_at=kiosk.revoked_at,
                )
                for kiosk, centre, window in rows
                if viewer.covers(centre.id, centre.city)
            ]

        return await self._database.read(work)

    async def create(
        self,
        window: WindowId,
        now: datetime,
        *,
        kiosk: KioskId | None = None,
        viewer: Viewer | None = None,
    ) -> KioskId:
        """Make a kiosk at a virtual window, its name chosen here unless given.

        Raises Refused("unknown_window" | "not_virtual" | "kiosk_taken" | "not_allowed").
        """
        kiosk = kiosk or KioskId(f"k-{secrets.token_hex(4)}")

        def work(session: Session) -> KioskId:
            place = session.get(Window, window)
            if place is None:
                raise Refused("unknown_window", status=404)
            if place.kind != "virtual":
                raise Refused("not_virtual", status=409)
            _check_scope(session, place.centre, viewer)
            if session.get(Kiosk, kiosk) is not None:
                raise Refused("kiosk_taken", status=409)
            session.add(Kiosk(id=kiosk, centre=place.centre, window=window, created_at=now))
            return kiosk

        return await self._database.write(work)

    async def make_code(self, kiosk: KioskId, by: StaffId, now: datetime, *, viewer: Viewer | None = None) -> NewCode:
        """Make the one code that enrols a kiosk; older ones end.

        Raises Refused("unknown_kiosk" | "kiosk_revoked" | "not_allowed").
        """
        secret = secrets.token_bytes(_CODE_BYTES)
        expires_at = now + CODE_TIME

        def work(session: Session) -> None:
            row = _kiosk(session, kiosk)
            _check_scope(session, row.centre, viewer)
            if row.revoked_at is not None:
                raise Refused("kiosk_revoked", status=409)
            _end_codes(session, kiosk, now)
            session.add(
                EnrolCode(
                    code_hash=self._keys.digest("enrol-code", secret),
                    kiosk=kiosk,
                    centre=row.centre,
                    made_by=by,
                    made_at=now,
                    expires_at=expires_at,
                )
            )

        await self._database.write(work)
        letters = base64.b32encode(secret).decode()
        groups = "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))
        return NewCode(f"{groups}.{self._fingerprint}", expires_at)

    async def enrol(self, code: str, public_key: str, now: datetime) -> Enrolled:
        """Spend a code and keep the kiosk's Ed25519 key (32 bytes in hex).

        Raises Refused("enrol_code_unknown" | "enrol_code_used" | "enrol_code_expired" | "bad_public_key").
        """
        key = _public_key(public_key)
        digest = self._keys.digest("enrol-code", _code_bytes(code))

        def work(session: Session) -> Enrolled:
            row = session.get(EnrolCode, digest)
            if row is None:
                raise Refused("enrol_code_unknown", status=404)
            if row.used_at is not None:
                raise Refused("enrol_code_used", status=409)
            if now >= row.expires_at:
                raise Refused("enrol_code_expired", status=410)
            spent = session.execute(
                update(EnrolCode)
                .where(col(EnrolCode.code_hash) == digest, col(EnrolCode.used_at).is_(None))
                .values(used_at=now)
                .returning(col(EnrolCode.code_hash))
            ).first()
            kiosk = session.get(Kiosk, row.kiosk, with_for_update=True)
            if spent is None or kiosk is None or kiosk.revoked_at is not None:
                raise Refused("enrol_code_used", status=409)
            kiosk.public_key = key
            kiosk.enrolled_at = now
            session.add(kiosk)
            centre = session.get_one(Centre, kiosk.centre)
            return Enrolled(KioskId(kiosk.id), CentreId(centre.id), WindowId(kiosk.window), centre.city)

        return await self._database.write(work)

    async def revoke(self, kiosk: KioskId, now: datetime, *, viewer: Viewer | None = None) -> None:
        """Refuse the kiosk from now on; raise Refused("unknown_kiosk" | "not_allowed")."""

        def work(session: Session) -> None:
            row = _kiosk(session, kiosk)
            _check_scope(session, row.centre, viewer)
            _end_codes(session, kiosk, now)
            row.revoked_at = row.revoked_at or now
            session.add(row)

        await self._database.write(work)

    def challenge(self, kiosk: str) -> str:
        """Return a nonce in hex, for unknown kiosks too: the answer must not tell which kiosks exist."""
        return self._challenges.give(kiosk, self._clock.now())

    async def verify_link(self, kiosk: str, nonce: str, signature: str) -> None:
        """Check the Ed25519 signature (hex) over LINK_CONTEXT and the nonce's bytes; the nonce is spent by a good one.

        Raises Refused("bad_nonce" | "kiosk_unknown" | "kiosk_revoked" | "bad_signature").
        """
        now = self._clock.now()
        data = self._challenges.check(kiosk, nonce, now)
        row = await self._database.read(lambda session: session.get(Kiosk, kiosk))
        if row is None or not row.public_key:
            raise Refused("kiosk_unknown", status=401)
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(row.public_key)).verify(
                bytes.fromhex(signature), LINK_CONTEXT + data
            )
        except (InvalidSignature, ValueError) as error:
            raise Refused("bad_signature", status=401) from error
        if row.revoked_at is not None:
            raise Refused("kiosk_revoked", status=403)
        self._challenges.use(data, now)


def _kiosk(session: Session, kiosk: KioskId) -> Kiosk:
    row = session.get(Kiosk, kiosk, with_for_update=True)
    if row is None:
        raise Refused("unknown_kiosk", status=404)
    return row


def _check_scope(session: Session, centre: str, viewer: Viewer | None) -> None:
    if viewer is not None and not viewer.covers(centre, session.get_one(Centre, centre).city):
        raise Refused("not_allowed", status=403)


def _end_codes(session: Session, kiosk: KioskId, now: datetime) -> None:
    session.execute(
        update(EnrolCode)
        .where(col(EnrolCode.kiosk) == kiosk, col(EnrolCode.used_at).is_(None), col(EnrolCode.expires_at) > now)
        .values(expires_at=now)
    )


def _code_bytes(code: str) -> bytes:
    letters = code.partition(".")[0].replace("-", "").replace(" ", "").upper()
    try:
        secret = base64.b32decode(letters)
    except ValueError as error:
        raise Refused("enrol_code_unknown", status=404) from error
    if len(secret) != _CODE_BYTES:
        raise Refused("enrol_code_unknown", status=404)
    return secret


def _public_key(public_key: str) -> str:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    except ValueError as error:
        raise Refused("bad_public_key") from error
    return public_key.lower()
