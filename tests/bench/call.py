"""`scripts/bench call`: how fast a call comes up, how late its pictures are, and a direct call in the same run."""

import argparse
import asyncio
import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.bench.direct import direct_call
from tests.pages import choose, chromium, console_page, kiosk_page, phase, tap, until
from tests.stack import Stack

STAFF = "jiaxing-a"

# Marks of one call, in milliseconds of the shared clock; installed in both pages.
MARKS = """
window.marks = {};
window.now = () => performance.timeOrigin + performance.now();
window.mark = name => { if (!(name in window.marks)) window.marks[name] = window.now(); };
document.addEventListener('click', event => {
  const testid = event.target.closest?.('[data-testid]')?.dataset.testid;
  if (testid === 'call' || testid === 'answer') window.mark(testid);
}, true);
const look = () => {
  if (document.querySelector('[data-testid="ring-card"]')) window.mark('ring');
  const video = document.querySelector('[data-testid="remote-video"]');
  if (video && !video.dataset.watched) {
    video.dataset.watched = '1';
    video.requestVideoFrameCallback(() => window.mark('frame'));
  }
  // The first receiving audio line: the other side's microphone.
  const line = window.vwindowPeer?.getTransceivers()
    .find(t => t.currentDirection === 'recvonly' && t.receiver.track.kind === 'audio');
  const track = line?.receiver.track;
  if (track && window.listening !== track) {
    window.listening = track;
    const context = new AudioContext({latencyHint: 'interactive'});
    const analyser = context.createAnalyser(); analyser.fftSize = 256;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const data = new Float32Array(256);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(data);
      if (data.some(v => Math.abs(v) > 0.02)) { window.mark('sound'); clearInterval(timer); context.close(); }
    }, 4);
  }
};
new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
setInterval(look, 10);
"""

WATCH = """
async seconds => {
  const video = document.querySelector('[data-testid="remote-video"]') || document.querySelector('video');
  const ages = []; let bad = 0, on = true;
  const see = () => {
    const age = timeCode.age(video);
    if (age === null) bad++; else ages.push(age);
    if (on) video.requestVideoFrameCallback(see);
  };
  video.requestVideoFrameCallback(see);
  await new Promise(done => setTimeout(done, seconds * 1000));
  on = false;
  return {ages, bad, size: video.videoWidth + 'x' + video.videoHeight};
}
"""


def spread(values: list[float]) -> str:
    """Return median and 95th percentile of milliseconds."""
    ordered = sorted(values)
    if not ordered:
        return "none measured"
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"median {statistics.median(ordered):7.1f} ms   p95 {p95:7.1f} ms   n={len(ordered)}"


async def one_call(kiosk: Page, console: Page) -> dict[str, float]:
    """Make one call from the page with the button and return its marks."""
    for page in (kiosk, console):
        await page.evaluate("window.marks = {}; window.listening = null")
    await tap(kiosk, "call")
    await console.wait_for_selector('[data-testid="ring-card"]')
    await asyncio.sleep(0.3)
    await tap(console, "answer")
    for page in (kiosk, console):
        await until(page, "'frame' in marks && 'sound' in marks", 20)
    at_kiosk, at_console = await kiosk.evaluate("marks"), await console.evaluate("marks")
    return {
        "call → console rings": at_console["ring"] - at_kiosk["call"],
        "answer → first frame at the kiosk": at_kiosk["frame"] - at_console["answer"],
        "answer → first frame at the console": at_console["frame"] - at_console["answer"],
        "answer → first sound at the kiosk": at_kiosk["sound"] - at_console["answer"],
        "answer → first sound at the console": at_console["sound"] - at_console["answer"],
    }


async def end_call(kiosk: Page, console: Page) -> None:
    """Hang up and bring both pages back to where the next call begins."""
    await tap(kiosk, "hang-up")
    await phase(kiosk, "ended")
    await phase(console, "ended")
    await tap(console, "outcome-answered")
    await tap(console, "save-outcome")
    await tap(kiosk, "rate-skip")
    await kiosk.wait_for_selector('[data-testid="start"], [data-testid="home"]')
    await kiosk.reload()
    await kiosk.wait_for_selector('[data-testid="start"]')


async def prepared(browser: Browser, stack: Stack) -> tuple[Page, Page]:
    """Open both pages with marks."""
    kiosk = await kiosk_page(browser, stack)
    await kiosk.context.add_init_script(MARKS)
    await kiosk.reload()
    await kiosk.wait_for_selector('[data-testid="start"]')
    console = await console_page(browser, stack, STAFF)
    await console.context.add_init_script(MARKS)
    await console.reload()
    await console.wait_for_selector('[data-testid="ready"]')
    await tap(console, "ready")
    return kiosk, console


async def measure(calls: int, seconds: float) -> None:
    """Run everything and print it."""
    rows: dict[str, list[float]] = {}
    ages: dict[str, Any] = {}
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f} at the start")
    with tempfile.TemporaryDirectory() as folder:
        tone = Path(folder) / "tone.wav"
        write_tone(tone)
        stack = Stack(Path(folder))
        await stack.start_server()
        await stack.start_agent()
        try:
            async with chromium(f"--use-file-for-fake-audio-capture={tone}") as browser:
                kiosk, console = await prepared(browser, stack)
                for number in range(calls):
                    await choose(kiosk, "jiaxing", 1)
                    await tap(kiosk, "consent-yes")
                    for name, value in (await one_call(kiosk, console)).items():
                        rows.setdefault(name, []).append(value)
                    if number == calls - 1:
                        await asyncio.sleep(6)
                        ages["kiosk → console, worker"] = await console.evaluate(WATCH, seconds)
                        ages["console → kiosk, worker"] = await kiosk.evaluate(WATCH, seconds)
                    await end_call(kiosk, console)
                await kiosk.close()
                await console.close()
        finally:
            await stack.stop()
        async with chromium(f"--use-file-for-fake-audio-capture={tone}") as browser:
            ages.update(await direct_call(browser, WATCH, seconds))
    print(f"machine: load {os.getloadavg()[0]:.2f} at the end\n")
    for name, values in rows.items():
        print(f"{name:<38} {spread(values)}")
    print("\nglass to glass (time code in the picture, read back in the other page)")
    for name, found in sorted(ages.items()):
        print(f"{name:<38} {spread(found['ages'])}   {found['size']}   unreadable {found['bad']}")


def write_tone(path: Path) -> None:
    """Write two seconds of a 440 Hz tone, so that sound is there from the first packet."""
    import math
    import struct
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        samples = (int(12000 * math.sin(2 * math.pi * 440 * n / 48000)) for n in range(96000))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(prog="scripts/bench call")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each glass-to-glass measurement")
    given = parser.parse_args()
    asyncio.run(measure(given.calls, given.seconds))


if __name__ == "__main__":
    main()
