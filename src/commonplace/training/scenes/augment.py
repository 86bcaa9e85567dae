"""What happens to pictures on their way: scaled, cropped, shifted, blurred, compressed. Captions stay true.

There are no flips and no turns, which would make left and right or the words wrong, and no inversion: the styles
draw dark and light themselves, and the caption names the ground.
"""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

LEAST_AREA = 0.75


def augment(image: Image.Image, seed: int) -> Image.Image:
    """The picture (RGB), somewhat changed; another seed changes it otherwise, the same seed always equally.

    At least three quarters of its area stay; sides become 0.6 to 1.3 times as long.
    """
    rng = np.random.default_rng(seed)
    width, height = image.size
    kept_x = rng.uniform(LEAST_AREA, 1) if rng.random() < 0.5 else 1.0
    kept_y = rng.uniform(LEAST_AREA / kept_x, 1) if rng.random() < 0.5 else 1.0
    left, top = rng.uniform(0, 1 - kept_x) * width, rng.uniform(0, 1 - kept_y) * height
    scale = rng.uniform(0.6, 1.3)
    stretch = scale * rng.uniform(0.9, 1.1)
    out = max(1, round(width * kept_x * scale)), max(1, round(height * kept_y * stretch))
    # crop, scale and sub-pixel shift at once
    move = np.array([[scale, 0, -left * scale], [0, stretch, -top * stretch]])
    how = cv2.INTER_LINEAR if scale > 0.8 else cv2.INTER_AREA
    pixels = cv2.warpAffine(np.asarray(image), move, out, flags=how, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.3:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.2))
    if rng.random() < 0.3:
        gain, offset = rng.uniform(0.85, 1.12), rng.uniform(-12, 12)
        pixels = np.clip(pixels * np.float32(gain) + np.float32(offset), 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.integers(20, 96))
        _, packed = cv2.imencode(".jpg", np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])
        decoded = cv2.imdecode(packed, cv2.IMREAD_COLOR)
        assert decoded is not None
        pixels = decoded[..., ::-1]
    return Image.fromarray(np.ascontiguousarray(pixels))
