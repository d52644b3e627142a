"""Names of the cities of the corridor."""

from pydantic import BaseModel, ConfigDict

from vwindow.ids import CITIES


class City(BaseModel):
    """A city with its names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    city: str
    zh: str
    en: str


def cities() -> tuple[City, ...]:
    """Return the nine cities in the standard's order."""
    zh = ("松江", "嘉兴", "杭州", "金华", "苏州", "湖州", "宣城", "芜湖", "合肥")
    return tuple(City(city=city, zh=name, en=city.capitalize()) for city, name in zip(CITIES, zh, strict=True))
