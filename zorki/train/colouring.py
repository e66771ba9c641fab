"""Pictures lighter or darker, paler or stronger, as other cameras and other days would show them."""

from __future__ import annotations

import numpy as np
import torch


def coloured(pictures: torch.Tensor, light: float, colour: float, chance: list[np.random.Generator]) -> torch.Tensor:
    """(b, channels, h, w) in 0..1, each lighter or darker, flatter or harder, its channels against each other; of three also more or less colourful.

    light, colour: how far brightness, contrast and gains of the channels go, and how far colours fade or grow. chance: of each picture, what is drawn
    at random comes of.
    """
    from kornia import enhance

    channels = pictures.shape[1]
    gains = torch.from_numpy(np.stack([g.uniform(1 - light / 3, 1 + light / 3, channels) for g in chance]).astype(np.float32))
    factors = torch.from_numpy(np.stack([g.uniform(-1, 1, 3) for g in chance]).astype(np.float32))
    out: torch.Tensor = pictures * gains[:, :, None, None] if channels > 1 else pictures
    if channels == 3:
        out = enhance.adjust_saturation_with_gray_subtraction(out, 1 + colour * factors[:, 0])
    out = enhance.adjust_contrast_with_mean_subtraction(out, 1 + light * factors[:, 1])
    return enhance.adjust_brightness(out, 0.5 * light * factors[:, 2]).clamp(0, 1)
