"""Drive the two pages in real Chromium and look at what they show and play."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.stack import Stack

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream=fps=30",
    "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows", "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]  # fmt: skip
PORTRAIT = {"width": 1080, "height": 1920}
DESKTOP = {"width": 1920, "height": 1080}

# The time code of the simulated camera: 32 cells in 2 rows of 16, each 1/32 of the width; 24 bits of milliseconds
# and an 8-bit check. The same reading serves the agent's picture and the canvas that stands in for a console camera.
TIME_CODE = """
window.timeCode = (() => {
  const box = document.createElement('canvas'); box.width = 32; box.height = 4;
  const pen = box.getContext('2d', {willReadFrequently: true});
  const check = v => ((v >> 16) ^ (v >> 8) ^ v ^ 0xA5) & 255;
  return {
    read(video) {
      const w = video.videoWidth, cell = w / 32;
      if (!w) return null;
      pen.drawImage(video, 0, 0, cell * 16, cell * 2, 0, 0, 32, 4);
      const d = pen.getImageData(0, 0, 32, 4).data;
      let v = 0, c = 0;
      for (let i = 0; i < 32; i++) {
        const x = (i % 16) * 2, y = Math.floor(i / 16) * 2;
        let sum = 0;
        for (let a = 0; a < 2; a++) for (let b = 0; b < 2; b++) sum += d[((y + a) * 32 + x + b) * 4];
        const on = sum / 4 > 128 ? 1 : 0;
        if (i < 24) v = v * 2 + on; else c = c * 2 + on;
      }
      return check(v) === c ? v : null;
    },
    draw(pen2, width, now) {
      const cell = width / 32, v = Math.floor(now) % 16777216, bits = v * 256 + check(v);
      for (let i = 0; i < 32; i++) {
        const on = i < 24 ? (v >> (23 - i)) & 1 : (check(v) >> (31 - i)) & 1;
        pen2.fillStyle = on ? '#fff' : '#000';
        pen2.fillRect((i % 16) * cell, Math.floor(i / 16) * cell, cell, cell);
      }
      return bits;
    },
    age(video) {
      const v = this.read(video);
      if (v === null) return null;
      const now = Math.floor(performance.timeOrigin + performance.now()) % 16777216;
      return (now - v + 16777216) % 16777216;
    },
  };
})();
"""

# A console camera that draws the time code: the browser's own fake camera carries none.
CAMERA = """
(() => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async wanted => {
    if (!wanted.video) return real(wanted);
    const stream = wanted.audio ? await real({audio: wanted.audio}) : new MediaStream();
    const c = document.createElement('canvas'); c.width = 640; c.height = 480;
    const pen = c.getContext('2d', {alpha: false});
    let n = 0;
    const draw = () => {
      pen.fillStyle = '#b8c4cf'; pen.fillRect(0, 0, 640, 480);
      pen.fillStyle = '#d9a066'; pen.beginPath();
      pen.ellipse(320 + Math.sin(n / 15) * 50, 290, 90, 120, 0, 0, 7); pen.fill();
      pen.fillStyle = '#223'; pen.fillRect(285, 260 + Math.sin(n / 9) * 6, 14, 14); pen.fillRect(345, 260, 14, 14);
      window.timeCode.draw(pen, 640, performance.timeOrigin + performance.now());
      n++;
    };
    draw(); setInterval(draw, 1000 / 30);
    stream.addTrack(c.captureStream(30).getVideoTracks()[0]);
    return stream;
  };
})();
"""

NO_CAMERA = """
(() => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async wanted => {
    if (wanted.video) throw new DOMException('there is none', 'NotFoundError');
    return real(wanted);
  };
})();
"""

# What the other side's voice sounds like here: the received track's loudest sample of the last moments.
EARS = """
window.ears = async () => {
  const peer = window.vwindowPeer;
  if (!peer) return null;
  let energy = 0;
  for (const s of (await peer.getStats()).values())
    if (s.type === 'inbound-rtp' && s.kind === 'audio') energy += s.totalAudioEnergy || 0;
  return energy;
};
window.frames = async () => {
  const peer = window.vwindowPeer;
  if (!peer) return 0;
  let frames = 0;
  for (const s of (await peer.getStats()).values())
    if (s.type === 'inbound-rtp' && s.kind === 'video') frames += s.framesDecoded || 0;
  return frames;
};
"""


@contextlib.asynccontextmanager
async def chromium(*more: str) -> AsyncIterator[Browser]:
    """Start a real headless Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", headless=True, args=["--headless=new", *FLAGS, *more]
        )
        try:
            yield browser
        finally:
            await browser.close()


async def kiosk_page(browser: Browser, stack: Stack, size: dict[str, int] | None = None) -> Page:
    """Open the kiosk page of the stack's agent."""
    context = await browser.new_context(viewport=size or PORTRAIT)  # type: ignore[arg-type]
    await _prepare(context)
    page = await context.new_page()
    await page.goto(stack.kiosk_url)
    await page.wait_for_selector('[data-testid="start"]')
    return page


async def console_page(
    browser: Browser, stack: Stack, name: str, size: dict[str, int] | None = None, camera: str = CAMERA
) -> Page:
    """Open the console and sign in; `camera` is the script that stands in for its camera."""
    context = await browser.new_context(viewport=size or DESKTOP)  # type: ignore[arg-type]
    await _prepare(context, camera)
    page = await context.new_page()
    await page.goto(stack.console_url)
    await fill(page, "name", name)
    await fill(page, "password", stack.accounts[name])
    await tap(page, "sign-in")
    await page.wait_for_selector('[data-testid="ready"]')
    return page


async def _prepare(context: BrowserContext, camera: str = "") -> None:
    await context.grant_permissions(["camera", "microphone", "notifications"])
    await context.add_init_script(TIME_CODE + EARS + camera)


async def tap(page: Page, testid: str) -> None:
    """Touch what carries a test id."""
    await page.click(f'[data-testid="{testid}"]')


async def fill(page: Page, testid: str, text: str) -> None:
    """Type into a field, whether the id is on the input or around it."""
    own = f'[data-testid="{testid}"]'
    place = page.locator(f"input{own}, textarea{own}, {own} input, {own} textarea")
    await place.first.fill(text)


async def phase(page: Page, wanted: str, timeout: float = 15_000) -> None:
    """Wait until the page shows a phase."""
    await page.wait_for_selector(f'[data-testid="phase"][data-phase="{wanted}"]', timeout=timeout, state="attached")


async def choose(page: Page, city: str, item: int) -> None:
    """Go from idle to the page with the call button."""
    await tap(page, "start")
    await tap(page, f"city-{city}")
    await tap(page, f"item-{item}")


async def ask(page: Page, city: str = "jiaxing", item: int = 1) -> None:
    """Go from idle to a call."""
    await choose(page, city, item)
    await tap(page, "consent-yes")
    await tap(page, "call")


async def until(page: Page, script: str, seconds: float = 15.0) -> Any:
    """Wait until a script of the page gives something true; Playwright's own wait needs eval, which the CSP refuses."""
    end = time.monotonic() + seconds
    while True:
        found = await page.evaluate(script)
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"never true: {script}")
        await asyncio.sleep(0.02)
