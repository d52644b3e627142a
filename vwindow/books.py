"""All that lives on the database, opened together."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from vwindow.catalogue.live import LiveCatalogue
from vwindow.catalogue.store_shelf import StoreShelf
from vwindow.certificate import fingerprint
from vwindow.clock import Clock
from vwindow.config import Settings
from vwindow.finishing import Finishing
from vwindow.ids import RecordingId
from vwindow.keys import KeyRing
from vwindow.store.callbacks import Callbacks
from vwindow.store.database import Database
from vwindow.store.guides import Guides
from vwindow.store.kiosks import Kiosks
from vwindow.store.ledger import Ledger
from vwindow.store.people import People
from vwindow.store.places import Places
from vwindow.store.reading import Reading
from vwindow.store.register import Register
from vwindow.store.view_log import ViewLog


def open_keys(settings: Settings, *, create: bool) -> KeyRing:
    """Read the master keys from the settings, else from their files; raises Broken."""
    if text := settings.master_key.get_secret_value():
        return KeyRing.read(text)
    return KeyRing.open(settings.data_dir / "keys", create=create)


class RecordedLedger(Ledger):
    """A ledger that also tells the finisher of each journal that is whole."""

    finishing: Finishing | None = None

    async def close_recording(self, recording: RecordingId, at: datetime) -> None:
        await super().close_recording(recording, at)
        if self.finishing is not None:
            self.finishing.add(recording)


@dataclass
class Books:
    """All that lives on the database."""

    database: Database
    places: Places
    guides: Guides
    people: People
    kiosks: Kiosks
    register: Register
    ledger: RecordedLedger
    view_log: ViewLog
    reading: Reading
    callbacks: Callbacks
    catalogue: LiveCatalogue

    @classmethod
    async def open(cls, settings: Settings, clock: Clock) -> "Books":
        """Open the keys and the database, bring the schema up to date."""
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = await asyncio.to_thread(Database.open, settings.database_url)
        try:
            # Where places are kept, sealed data may be: a missing key must stop the start, not be replaced.
            keys = open_keys(settings, create=not await Places(database).centres())
            places, guides = Places(database), Guides(database)
            catalogue = LiveCatalogue(StoreShelf(guides, places, clock), clock)
            pinned = fingerprint(settings.tls_certificate) if settings.tls_certificate else "plain"
            view_log = ViewLog(database, keys)
            return cls(
                database=database,
                places=places,
                guides=guides,
                people=People(database, keys),
                kiosks=Kiosks(database, keys, clock, fingerprint=pinned),
                register=Register(database, catalogue),
                ledger=RecordedLedger(database, keys, settings.recordings_dir),
                view_log=view_log,
                reading=Reading(database, keys, catalogue),
                callbacks=Callbacks(database, keys, catalogue, view_log),
                catalogue=catalogue,
            )
        except BaseException:
            await database.close()
            raise
