"""The visitor's own picture: a local stream of JPEGs for the page, never through the server."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

import cv2
import numpy as np

from devices.face_camera.port import FaceCamera, Picture

RATE = 12
QUALITY = 80
MAX_WIDTH = 640
MAX_VIEWERS = 2
BOUNDARY = "picture"


class TooManyViewers(Exception):
    """Say that the preview is already watched by as many as it serves."""


def jpeg(picture: Picture) -> bytes:
    """Encode a picture, made smaller when it is wider than the page needs."""
    bgr = cv2.cvtColor(picture.pixels, cv2.COLOR_YUV2BGR_I420)
    if picture.width > MAX_WIDTH:
        height = round(picture.height * MAX_WIDTH / picture.width)
        bgr = cv2.resize(bgr, (MAX_WIDTH, height), interpolation=cv2.INTER_AREA)
    done, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise ValueError("the picture cannot be encoded")
    return np.asarray(encoded, np.uint8).tobytes()


def part(image: bytes) -> bytes:
    """Return one part of the multipart stream (RFC 2046).

    The closing boundary goes along: the browser shows a picture only when it sees the end of its part.
    """
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(image)}\r\n\r\n".encode()
    return head + image + f"\r\n--{BOUNDARY}\r\n".encode()


class Preview:
    """Encode each picture once for all viewers; a slow viewer misses pictures, nobody waits for it."""

    def __init__(self, camera: FaceCamera, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self._camera = camera
        self._sleep = sleep
        self._viewers = 0
        self._number = 0
        self._image = b""
        self._fresh = asyncio.Condition()
        self._encoder: asyncio.Task[None] | None = None

    @property
    def viewers(self) -> int:
        return self._viewers

    @contextlib.asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """Yield a stream of JPEG images; raises TooManyViewers."""
        if self._viewers >= MAX_VIEWERS:
            raise TooManyViewers
        self._viewers += 1
        if self._encoder is None:
            self._encoder = asyncio.get_running_loop().create_task(self._encode(), name="preview")
        images = self._images()
        try:
            yield images
        finally:
            await images.aclose()
            self._viewers -= 1
            if self._viewers == 0:
                await self.close()

    async def close(self) -> None:
        """Stop encoding."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.cancel()
            await asyncio.gather(encoder, return_exceptions=True)

    async def _images(self) -> AsyncGenerator[bytes, None]:
        seen = self._number
        while True:
            async with self._fresh:
                while self._number == seen:
                    await self._fresh.wait()
                seen, image = self._number, self._image
            yield image

    async def _encode(self) -> None:
        feed = self._camera.feed()
        try:
            while True:
                picture = await feed.next()
                self._image = await asyncio.to_thread(jpeg, picture)
                async with self._fresh:
                    self._number += 1
                    self._fresh.notify_all()
                await self._sleep(1 / RATE)
        finally:
            feed.close()
