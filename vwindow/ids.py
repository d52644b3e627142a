"""Typed names of things, so that a kiosk is never mistaken for a call."""

from typing import NewType

CentreId = NewType("CentreId", str)
WindowId = NewType("WindowId", str)
KioskId = NewType("KioskId", str)
StaffId = NewType("StaffId", str)
CallId = NewType("CallId", str)
RoomId = NewType("RoomId", str)
PeerId = NewType("PeerId", str)
RecordingId = NewType("RecordingId", str)
ItemNumber = NewType("ItemNumber", int)
"""1 to 195: the number of the item in annex A."""

CITIES = ("songjiang", "jiaxing", "hangzhou", "jinhua", "suzhou", "huzhou", "xuancheng", "wuhu", "hefei")
"""The nine cities of the corridor, in the order in which the standard's drafters are listed."""
