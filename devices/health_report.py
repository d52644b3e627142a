"""A device's health as it changes: told to who listens, and to the log with one line down and one up."""

import logging

from devices.device import Changed
from devices.health import Health

log = logging.getLogger(__name__)


class HealthReport:
    """The present health of the device `name`; `changed` is set by the device's start."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.health = Health("starting")
        self.changed: Changed = lambda _: None

    def take(self, health: Health) -> None:
        """Tell of a health unless it is the present one; on the loop."""
        if health == self.health:
            return
        before, self.health = self.health, health
        if health.state == "unavailable" and before.state != "unavailable":
            log.warning("%s is down: %s %s", self._name, health.code, health.hint)
        elif health.state == "ready" and before.state != "ready":
            log.info("%s is up: %s", self._name, health.identity)
        self.changed(health)
