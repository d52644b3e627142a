"""Which event carries which payload, in which direction: read by the server, the agent and the type generator."""

from signaling import wire

KIOSK_TO_SERVER: dict[str, type[wire.Wire]] = {
    "kiosk.hello": wire.KioskHello,
    "mirror.ask": wire.Empty,
    "call.ask": wire.CallAsk,
    "call.hang_up": wire.CallRef,
    "call.wait": wire.CallRef,
    "call.callback": wire.CallbackAsk,
    "call.rate": wire.CallRate,
    "call.close": wire.CallRef,
    "recording.suspend": wire.CallRef,
    "recording.resume": wire.CallRef,
    "media.offer": wire.MediaOffer,
    "media.path": wire.PathReport,
}
"""`call.wait`: the visitor chooses to wait on. `call.close`: the visitor leaves the page of an ended call."""

SERVER_TO_KIOSK: dict[str, type[wire.Wire]] = {
    "kiosk.mirror": wire.KioskMirror,
    "call.changed": wire.KioskCall,
    "media.answer": wire.MediaAnswer,
    "media.refused": wire.MediaRefused,
}

STAFF_TO_SERVER: dict[str, type[wire.Wire]] = {
    "mirror.ask": wire.Empty,
    "staff.ready": wire.Empty,
    "staff.break": wire.StaffPause,
    "staff.off": wire.Empty,
    "call.answer": wire.CallRef,
    "call.decline": wire.CallDecline,
    "call.hang_up": wire.CallRef,
    "call.outcome": wire.CallOutcome,
    "recording.suspend": wire.CallRef,
    "recording.resume": wire.CallRef,
    "media.offer": wire.MediaOffer,
    "media.path": wire.PathReport,
}

SERVER_TO_STAFF: dict[str, type[wire.Wire]] = {
    "staff.mirror": wire.StaffMirror,
    "call.changed": wire.StaffCall,
    "media.answer": wire.MediaAnswer,
    "media.refused": wire.MediaRefused,
    "recording.light": wire.RecordingLight,
    "media.targets": wire.MediaTargets,
}


class LinkState(wire.Wire):
    """Agent → page: whether the link to the server is up."""

    up: bool
    reason: wire.Name = ""
    """`revoked`, `unreachable`, `not_enrolled`, `certificate`; empty while up."""


PAGE_TO_AGENT: dict[str, type[wire.Wire]] = {
    name: model for name, model in KIOSK_TO_SERVER.items() if name != "kiosk.hello"
}
"""The agent passes these on; it makes the agent's own media offer itself."""

AGENT_TO_PAGE: dict[str, type[wire.Wire]] = {**SERVER_TO_KIOSK, "link.changed": LinkState}

EMITS: dict[str, dict[str, type[wire.Wire]]] = {
    "KioskToServer": KIOSK_TO_SERVER,
    "ServerToKiosk": SERVER_TO_KIOSK,
    "StaffToServer": STAFF_TO_SERVER,
    "ServerToStaff": SERVER_TO_STAFF,
    "PageToAgent": PAGE_TO_AGENT,
    "AgentToPage": AGENT_TO_PAGE,
}
