"""Really encoded pictures and voices as RTP packets, for tests of what takes packets."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

import av
import numpy as np

from vwindow.sfu.ports import Packet

MAX_PAYLOAD = 1100


@dataclass(frozen=True)
class Encoded:
    """One encoded picture or 20 ms of voice at `seconds` from the start."""

    seconds: float
    data: bytes
    keyframe: bool = False


def encode_pictures(
    seconds: float,
    *,
    size: tuple[int, int] = (160, 120),
    rate: int = 15,
    key_every: float = 1.0,
    begin: float = 0.0,
    bit_rate: int = 400_000,
) -> list[Encoded]:
    """Encode noise that moves, so that frames span several packets."""
    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.time_base = Fraction(1, rate)
    codec.bit_rate = bit_rate
    codec.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0] * 2, 3), dtype=np.uint8)
    noise = noise // 4 + 90
    out = []
    for number in range(round(seconds * rate)):
        shift = number * 3 % size[0]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(noise[:, shift : shift + size[0]]), "rgb24")
        frame.pts = number
        if number % round(key_every * rate) == 0:
            frame.pict_type = av.video.frame.PictureType.I
        out += [Encoded(begin + number / rate, bytes(p), p.is_keyframe) for p in codec.encode(frame)]
    return out


def encode_voice(seconds: float, *, hertz: float = 440.0, begin: float = 0.0) -> list[Encoded]:
    """Encode a loud tone in packets of 20 ms."""
    codec = av.CodecContext.create("libopus", "w")
    codec.sample_rate = 48_000
    codec.layout = "stereo"
    codec.format = "s16"
    codec.time_base = Fraction(1, 48_000)
    out: list[Encoded] = []
    for number in range(round(seconds * 50)):
        at = (np.arange(960) + number * 960) / 48_000
        wave = (np.sin(2 * np.pi * hertz * at) * 12_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2).reshape(1, -1), "s16", "stereo")
        frame.sample_rate = 48_000
        frame.pts = number * 960
        out += [Encoded(0.0, bytes(packet)) for packet in codec.encode(frame)]
    return [replace(packet, seconds=begin + number / 50) for number, packet in enumerate(out)]


def vp8_packets(
    pictures: Iterable[Encoded],
    *,
    seq: int = 1000,
    timestamp: int = 0,
    origin: float = 0.0,
    delay: float = 0.03,
    picture: int | None = 100,
) -> list[Packet]:
    """Packetize after RFC 7741 with 15-bit picture ids (none when `picture` is None), as they would arrive."""
    packets = []
    for number, encoded in enumerate(pictures):
        parts = [encoded.data[at : at + MAX_PAYLOAD - 4] for at in range(0, len(encoded.data), MAX_PAYLOAD - 4)]
        for index, part in enumerate(parts):
            start = 0x10 if index == 0 else 0
            if picture is None:
                descriptor = bytes([start])
            else:
                wide = (picture + number) & 0x7FFF | 0x8000
                descriptor = bytes([0x80 | start, 0x80]) + wide.to_bytes(2, "big")
            packets.append(
                Packet(
                    seq=seq + len(packets),
                    timestamp=(timestamp + round(encoded.seconds * 90_000)) & 0xFFFFFFFF,
                    marker=index == len(parts) - 1,
                    payload=descriptor + part,
                    arrival=origin + encoded.seconds + delay + index * 0.0005,
                    keyframe=encoded.keyframe and index == 0,
                )
            )
    return packets


def opus_packets(
    voice: Iterable[Encoded], *, seq: int = 5000, timestamp: int = 0, origin: float = 0.0, delay: float = 0.03
) -> list[Packet]:
    """Number voice packets as they would arrive."""
    return [
        Packet(
            seq=seq + number,
            timestamp=(timestamp + round(encoded.seconds * 48_000)) & 0xFFFFFFFF,
            marker=number == 0,
            payload=encoded.data,
            arrival=origin + encoded.seconds + delay,
            keyframe=False,
        )
        for number, encoded in enumerate(voice)
    ]


def encode_h264(
    seconds: float, *, size: tuple[int, int] = (160, 120), rate: int = 15, begin: float = 0.0
) -> list[Encoded]:
    """Encode what moves as constrained baseline with its parameter sets before each keyframe, one a second."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.time_base = Fraction(1, rate)
    codec.options = {
        "profile": "baseline",
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": f"keyint={rate}:scenecut=0:repeat-headers=1",
    }
    noise = np.random.default_rng(2).integers(0, 255, (size[1], size[0] * 2, 3), dtype=np.uint8) // 4 + 90
    out = []
    for number in range(round(seconds * rate)):
        shift = number * 3 % size[0]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(noise[:, shift : shift + size[0]]), "rgb24")
        frame.pts = number
        out += [Encoded(begin + number / rate, bytes(p), p.is_keyframe) for p in codec.encode(frame)]
    return out


def h264_units(data: bytes) -> list[bytes]:
    """Split what an encoder gave into NAL units."""
    return [unit.rstrip(b"\0") for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]]


def h264_packets(
    pictures: Iterable[Encoded], *, seq: int = 1000, timestamp: int = 0, origin: float = 0.0, delay: float = 0.03
) -> list[Packet]:
    """Packetize after RFC 6184: parameter sets in one aggregate, long units in fragments, short ones alone."""
    packets: list[Packet] = []
    for encoded in pictures:
        units = h264_units(encoded.data)
        sets = [unit for unit in units if unit[0] & 0x1F in (7, 8)]
        payloads = [b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in sets)] if sets else []
        for unit in units:
            if unit in sets:
                continue
            if len(unit) <= MAX_PAYLOAD:
                payloads.append(unit)
                continue
            parts = [unit[at : at + MAX_PAYLOAD - 2] for at in range(1, len(unit), MAX_PAYLOAD - 2)]
            for index, part in enumerate(parts):
                flags = 0x80 * (index == 0) | 0x40 * (index == len(parts) - 1)
                payloads.append(bytes((unit[0] & 0xE0 | 28, flags | unit[0] & 0x1F)) + part)
        for index, payload in enumerate(payloads):
            packets.append(
                Packet(
                    seq=seq + len(packets),
                    timestamp=(timestamp + round(encoded.seconds * 90_000)) & 0xFFFFFFFF,
                    marker=index == len(payloads) - 1,
                    payload=payload,
                    arrival=origin + encoded.seconds + delay + index * 0.0005,
                    keyframe=encoded.keyframe and index == 0,
                )
            )
    return packets
