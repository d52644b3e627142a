#!/usr/bin/python3
"""A participant made of GStreamer's webrtcbin; started by gstreamer.py, with the system's Python.

Arguments: [[kind, sends, feeds], …] for its m-lines as JSON, those that feed first; vp8 or h264. Tells JSON lines:
{"offer": SDP}, then {"state": …, "frames": {m-line: what was decoded}} four times a second. Takes one: {"answer": SDP}.
"""

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

FEEDS = {
    "audio": "audiotestsrc is-live=true freq=440 ! audioconvert ! audioresample ! opusenc ! rtpopuspay pt=111"
    " ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111 ! w.",
    "video": "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=20/1"
    " ! videoconvert ! vp8enc deadline=1 target-bitrate=400000 keyframe-max-dist=200"
    " ! rtpvp8pay pt=96 picture-id-mode=2 ! application/x-rtp,media=video,encoding-name=VP8,payload=96 ! w.",
}
H264 = "encoding-name=H264,packetization-mode=(string)1"
if sys.argv[2] == "h264":
    FEEDS["video"] = (
        "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=20/1 ! videoconvert"
        " ! openh264enc complexity=low bitrate=400000 gop-size=200 ! h264parse ! rtph264pay pt=96 config-interval=-1"
        f" aggregate-mode=zero-latency ! application/x-rtp,media=video,{H264},payload=96 ! w."
    )
CAPS = {
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2",
    "video": "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
}
DECODE = {
    "audio": "rtpopusdepay ! opusdec ! fakesink name=end sync=false signal-handoffs=true",
    "video": "rtpvp8depay ! vp8dec ! fakesink name=end sync=false signal-handoffs=true",
}
if sys.argv[2] == "h264":
    CAPS["video"] = f"application/x-rtp,media=video,{H264},profile-level-id=(string)42e01f,payload=96,clock-rate=90000"
    DECODE["video"] = "rtph264depay ! h264parse ! openh264dec ! fakesink name=end sync=false signal-handoffs=true"
SENDS, TAKES = GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY, GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY


def tell(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Peer:
    """One webrtcbin with the m-lines of a part."""

    def __init__(self, lines: list[list[object]]) -> None:
        feeding = [kind for kind, _, feeds in lines if feeds]
        head = "webrtcbin name=w bundle-policy=max-bundle latency=50 "
        self.pipe = Gst.parse_launch(head + " ".join(FEEDS[str(kind)] for kind in feeding))
        self.bin = self.pipe.get_by_name("w")
        self.frames: dict[str, int] = {}
        self.offered = False
        for index in range(len(feeding)):
            self.bin.emit("get-transceiver", index).set_property("direction", SENDS)
        for kind, sends, feeds in lines:
            if not feeds:
                caps = Gst.Caps.from_string(CAPS[str(kind)])
                self.bin.emit("add-transceiver", SENDS if sends else TAKES, caps)
        self.bin.connect("pad-added", self.decode)
        self.bin.connect("on-negotiation-needed", self.negotiate)
        self.bin.connect("notify::ice-gathering-state", lambda *_: self.gathered())
        bus = self.pipe.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", lambda _, message: tell(error=str(message.parse_error())))
        self.pipe.set_state(Gst.State.PLAYING)

    def negotiate(self, _: object) -> None:
        def created(promise: Gst.Promise, *_: object) -> None:
            reply = promise.get_reply()  # owns the offer
            self.bin.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

        self.bin.emit("create-offer", None, Gst.Promise.new_with_change_func(created, None, None))

    def gathered(self) -> None:
        if self.bin.get_property("ice-gathering-state").value_nick == "complete" and not self.offered:
            self.offered = True
            tell(offer=self.bin.get_property("local-description").sdp.as_text())

    def answer(self, text: str) -> None:
        _, message = GstSdp.SDPMessage.new_from_text(text)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.bin.emit("set-remote-description", answer, Gst.Promise.new())

    def decode(self, _: object, pad: Gst.Pad) -> None:
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        line = str(pad.get_property("transceiver").get_property("mlineindex"))
        caps = pad.get_current_caps() or pad.query_caps(None)
        branch = Gst.parse_bin_from_description(DECODE[caps.get_structure(0).get_string("media")], True)
        self.pipe.add(branch)
        self.frames[line] = 0

        def counted(*_: object) -> None:
            self.frames[line] += 1

        branch.get_by_name("end").connect("handoff", counted)
        branch.sync_state_with_parent()
        pad.link(branch.get_static_pad("sink"))

    def report(self) -> bool:
        tell(state=self.bin.get_property("connection-state").value_nick, frames=self.frames)
        return True


def main() -> None:
    Gst.init(None)
    loop = GLib.MainLoop()
    peer = Peer(json.loads(sys.argv[1]))
    GLib.timeout_add(250, peer.report)

    def read() -> None:
        for line in sys.stdin:  # ends with the test
            GLib.idle_add(lambda text: peer.answer(text) and False, json.loads(line)["answer"])
        GLib.idle_add(loop.quit)

    threading.Thread(target=read, daemon=True).start()
    loop.run()
    peer.pipe.set_state(Gst.State.NULL)


main()
