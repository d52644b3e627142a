"""A participant in a blank page of any browser: the m-lines of a part, and what comes of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from vwindow.sfu.slots import LINES, Part

SCRIPT = """
window.vwindow = (() => {
  const peer = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const shown = [];
  peer.ontrack = event => {
    const player = document.createElement(event.track.kind);
    player.srcObject = new MediaStream([event.track]);
    player.autoplay = true; player.muted = event.track.kind === 'video';
    document.body.append(player); shown.push(player);
  };
  return {
    peer,
    async offer(lines) {
      const media = await navigator.mediaDevices.getUserMedia({audio: true, video: true});
      const tracks = {audio: media.getAudioTracks(), video: media.getVideoTracks()};
      for (const [kind, sends] of lines) {
        const track = sends && tracks[kind].shift();
        peer.addTransceiver(track || kind, {direction: sends ? 'sendonly' : 'recvonly', streams: sends ? [media] : []});
      }
      await peer.setLocalDescription(await peer.createOffer());
      return peer.localDescription.sdp;
    },
    // A moving picture on an m-line that sends: no offer, no answer.
    async show(index) {
      const canvas = document.createElement('canvas'); canvas.width = 640; canvas.height = 480;
      const pen = canvas.getContext('2d'); let n = 0;
      setInterval(() => { pen.fillStyle = `hsl(${n++ * 7 % 360} 80% 50%)`; pen.fillRect(0, 0, 640, 480); }, 40);
      await peer.getTransceivers()[index].sender.replaceTrack(canvas.captureStream(25).getVideoTracks()[0]);
      return true;
    },
    async accept(sdp) { await peer.setRemoteDescription({type: 'answer', sdp}); return true; },
    async stats() {
      const byMid = {}, all = [...(await peer.getStats()).values()];
      const mids = new Map(peer.getTransceivers().map(each => [each.receiver.track.id, each.mid]));
      for (const row of all) {
        if (row.type !== 'inbound-rtp') continue;
        byMid[mids.get(row.trackIdentifier) ?? row.mid] = {
          frames: row.framesDecoded ?? 0, energy: row.totalAudioEnergy ?? 0, packets: row.packetsReceived,
          lost: row.packetsLost, width: row.frameWidth ?? 0,
          codec: all.find(each => each.id === row.codecId)?.mimeType ?? '',
        };
      }
      const used = all.find(row => row.type === 'candidate-pair' && row.nominated && row.state === 'succeeded');
      const remote = used && all.find(row => row.id === used.remoteCandidateId);
      return {state: peer.connectionState, pair: remote?.protocol, in: byMid};
    },
  };
})();
"""
PAGE = '<!doctype html><meta charset="utf-8"><title>peer</title><body></body><script src="/peer.js"></script>'


@asynccontextmanager
async def blank_page() -> AsyncIterator[str]:
    """Serve the page on a loopback port, where a browser gives it camera and microphone; yield its address."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    async def script(request: web.Request) -> web.Response:
        return web.Response(text=SCRIPT, content_type="text/javascript")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/peer.js", script)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


def only(path: str, answer: str) -> str:
    """Return an answer that names no candidate but those over `path`, as if a network let nothing else through."""
    rows = answer.split("\r\n")
    return "\r\n".join(row for row in rows if not row.startswith("a=candidate:") or f" {path} " in row)


def lines_of(part: Part) -> list[tuple[Any, ...]]:
    """Return (kind, whether it sends) of each m-line of a part."""
    return [(line.kind, line.sends) for line in LINES[part]]
