"""Demo data: nine invented centres with windows, kiosks, people and five guides; only for a start with `--demo`."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlmodel import Session

from vwindow.access import Role
from vwindow.catalogue.guides import demo_guides
from vwindow.errors import Refused
from vwindow.ids import CentreId, KioskId, WindowId
from vwindow.store.database import Database
from vwindow.store.guides import Guides
from vwindow.store.people import NewPerson, People
from vwindow.store.places import CentreFacts, Places, WindowFacts
from vwindow.store.tables import Kiosk

HOURS = "周一至周五 9:00–17:00"
AREA = "12 ㎡"
"""Of each window; the standard asks for at least 10 ㎡ (5.1.3.1)."""

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter that is easily taken for another: these passwords are typed from a terminal."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account to print, with the password that holds until the next load."""

    account: str
    password: str
    name: str
    role: Role
    centre_name: str


@dataclass(frozen=True, slots=True)
class _Town:
    city: str
    code: str
    """Begins the ids of the centre's windows and kiosks."""
    centre: str
    level: str
    address: str
    phone: str
    kiosks: int
    people: tuple[str, str]
    """Names of A and B."""


_TOWNS = (
    _Town("songjiang", "sj", "松江区行政服务中心", "county", "松江区示范路1号", "021-5550101", 2, ("陆文静", "沈嘉禾")),
    _Town("jiaxing", "jx", "嘉兴市政务服务中心", "city", "嘉兴市示范路2号", "0573-5550101", 2, ("钱晓岚", "姚启明")),
    _Town("hangzhou", "hz", "杭州市政务服务中心", "city", "杭州市示范路3号", "0571-5550101", 2, ("孙若溪", "汪立诚")),
    _Town("jinhua", "jh", "金华市政务服务中心", "city", "金华市示范路4号", "0579-5550101", 1, ("方玉婷", "施景行")),
    _Town("suzhou", "sz", "苏州市政务服务中心", "city", "苏州市示范路5号", "0512-5550101", 2, ("顾念慈", "吴承泽")),
    _Town("huzhou", "huz", "湖州市政务服务中心", "city", "湖州市示范路6号", "0572-5550101", 1, ("潘书仪", "章怀远")),
    _Town("xuancheng", "xc", "宣城市政务服务中心", "city", "宣城市示范路7号", "0563-5550101", 1, ("梅雨桐", "程向东")),
    _Town("wuhu", "wh", "芜湖市政务服务中心", "city", "芜湖市示范路8号", "0553-5550101", 1, ("陶安然", "丁修远")),
    _Town("hefei", "hf", "合肥市政务服务中心", "city", "合肥市示范路9号", "0551-5550101", 2, ("周明月", "许长青")),
)


def centres() -> tuple[CentreFacts, ...]:
    """Describe one centre per city; every telephone number is invented."""
    return tuple(
        CentreFacts(CentreId(t.code), t.centre, t.city, t.level, AREA, t.address, HOURS, t.phone) for t in _TOWNS
    )


def windows() -> tuple[WindowFacts, ...]:
    """Describe one offline and one virtual window per centre (5.1.3.1)."""
    kinds: tuple[tuple[Literal["offline", "virtual"], str, str], ...] = (
        ("offline", "线下窗口", "8号窗口"),
        ("virtual", "虚拟窗口", "自助服务区"),
    )
    return tuple(
        WindowFacts(
            window=WindowId(f"{town.code}-{kind}"),
            centre=CentreId(town.code),
            kind=kind,
            name=f"长三角G60“一网通办”专窗（{name}）",
            address=f"{town.address}，一楼{spot}",
        )
        for town in _TOWNS
        for kind, name, spot in kinds
    )


def kiosks() -> tuple[tuple[KioskId, WindowId], ...]:
    """Describe the kiosks of the virtual windows: `sj-01`, `sj-02`, `jx-01`, …"""
    return tuple(
        (KioskId(f"{town.code}-{number:02}"), WindowId(f"{town.code}-virtual"))
        for town in _TOWNS
        for number in range(1, town.kiosks + 1)
    )


def people() -> tuple[NewPerson, ...]:
    """Describe A and B of every centre, a supervisor of one centre, and four roles for all nine cities."""
    found: list[NewPerson] = []
    for town in _TOWNS:
        centre, skills = CentreId(town.code), ((town.city, "*"),)
        number = town.code.upper()
        a, b = town.people
        found += [
            NewPerson(f"{town.city}-a", a, f"{number}-001", centre, post="A", skills=skills),
            NewPerson(f"{town.city}-b", b, f"{number}-002", centre, post="B", skills=skills),
        ]
    home = CentreId("sj")
    found += [
        NewPerson("jiaxing-supervisor", "朱思源", "JX-101", CentreId("jx"), "supervisor"),
        NewPerson("supervisor", "郑知行", "SJ-101", home, "supervisor", "all"),
        NewPerson("technician", "卫国栋", "SJ-201", home, "technician", "all"),
        NewPerson("admin", "韩清越", "SJ-301", home, "admin", "all"),
        NewPerson("evaluator", "评估员甲", "EX-401", home, "evaluator", "all"),
    ]
    return tuple(found)


async def load_demo(
    database: Database, places: Places, people_store: People, guides: Guides, now: datetime
) -> tuple[DemoAccount, ...]:
    """Add what is missing and give every demo account a new random password, which is returned.

    Idempotent: a second load keeps places, kiosks (with their keys), guides and accounts as they are, also where
    somebody changed them; only the passwords are new, and sessions of these accounts end. An account that was
    disabled stays disabled and is not returned.
    """
    await _add_places(places)
    await _add_kiosks(database, now)
    await _add_guides(guides, now)
    return await _add_people(people_store, now)


async def _add_places(places: Places) -> None:
    held_centres = {facts.centre for facts in await places.centres()}
    for centre in centres():
        if centre.centre not in held_centres:
            await places.save_centre(centre)
    held_windows = {place.window for place in await places.windows()}
    for window in windows():
        if window.window not in held_windows:
            await places.save_window(window)


async def _add_kiosks(database: Database, now: datetime) -> None:
    # Not by Kiosks.create: these ids are stable, so that scripts can name them.
    centre_of = {window.window: window.centre for window in windows()}

    def work(session: Session) -> None:
        for kiosk, window in kiosks():
            if session.get(Kiosk, kiosk) is None:
                session.add(Kiosk(id=kiosk, centre=centre_of[window], window=window, created_at=now))

    await database.write(work)


async def _add_guides(guides: Guides, now: datetime) -> None:
    held = {(row.item, row.city) for row in await guides.guides(now)}
    for guide in demo_guides():
        if (guide.item, guide.city) not in held:
            payload = guide.model_dump(mode="json", exclude={"item", "city", "version"})
            await guides.add_guide(guide.item, guide.city, payload, valid_from=now)


async def _add_people(store: People, now: datetime) -> tuple[DemoAccount, ...]:
    names = {centre.centre: centre.name for centre in centres()}
    held = {account for account, _ in await store.accounts()}
    loaded: list[DemoAccount] = []
    for person in people():
        password = _password()
        if person.account in held:
            await store.set_password(person.account, password)
        else:
            try:
                await store.create_staff(person, password, now)
            except Refused as refusal:
                if refusal.code != "account_taken":
                    raise
                continue
        loaded.append(DemoAccount(person.account, password, person.name, person.role, names[person.centre]))
    return tuple(loaded)


def _password() -> str:
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))
