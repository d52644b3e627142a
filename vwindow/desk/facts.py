"""What the register told about the people and places that are here now."""

from dataclasses import dataclass, field

from vwindow.calls.facts import ItemRule, StaffAbility
from vwindow.desk.ports import ItemFacts, KioskFacts, StaffFacts
from vwindow.errors import Broken
from vwindow.ids import CallId, KioskId, StaffId


@dataclass(slots=True)
class FactBook:
    """Kept as of the last connection; bounded by the kiosks and staff that the register has."""

    kiosks: dict[KioskId, KioskFacts] = field(default_factory=dict)
    staff: dict[StaffId, StaffFacts] = field(default_factory=dict)
    items: dict[CallId, ItemFacts] = field(default_factory=dict)
    """Of each call that is not forgotten, as asked."""

    def kiosk(self, kiosk: KioskId) -> KioskFacts:
        """Return a kiosk's facts; one without was never connected, which the callers rule out."""
        found = self.kiosks.get(kiosk)
        if found is None:
            raise Broken("facts_missing", f"kiosk {kiosk}")
        return found

    def member(self, staff: StaffId) -> StaffFacts:
        """Return a staff member's facts; the same."""
        found = self.staff.get(staff)
        if found is None:
            raise Broken("facts_missing", f"staff {staff}")
        return found

    def item(self, call: CallId) -> ItemFacts:
        """Return the item of a call; the same."""
        found = self.items.get(call)
        if found is None:
            raise Broken("facts_missing", f"call {call}")
        return found


def ability(facts: StaffFacts) -> StaffAbility:
    """Return what the call rules need of a staff member."""
    return StaffAbility(facts.post, frozenset(facts.skills))


def item_rule(facts: ItemFacts) -> ItemRule:
    """Return what the call rules need of an item."""
    return ItemRule(facts.group, facts.virtual)
