"""From a decoded frame to the port's picture."""

import av
import numpy as np

from devices.face_camera.port import Picture


def to_picture(frame: av.VideoFrame, taken: float) -> Picture:
    """Convert to I420; an odd last row or column is scaled away."""
    width, height = frame.width & ~1, frame.height & ~1
    planar = frame.reformat(width=width, height=height, format="yuv420p")
    return Picture(np.asarray(planar.to_ndarray(), np.uint8), width, height, taken)
