"""An entry in a kind's table of drivers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Driver:
    """Where a driver lives: `module:function` of its maker, and the extra that brings its packages."""

    maker: str
    extra: str = ""
