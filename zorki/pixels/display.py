"""From tensors to the 8-bit pictures that a person looks at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

Levels = npt.NDArray[np.uint8]

# Dark violet to light yellow through red: rises evenly in lightness, so it also reads in grey and to the colour-blind.
HEAT = (
    torch.tensor(
        [[8, 6, 30], [70, 18, 110], [150, 38, 108], [220, 78, 64], [248, 150, 40], [252, 240, 170]], dtype=torch.float32, device="cpu"
    )
    / 255
)

# Blue below, mid-grey at zero, orange above: lightness rises all the way, so the sign also reads in grey and to the colour-blind.
SIGNS = torch.tensor([[18, 48, 150], [128, 128, 128], [255, 190, 70]], dtype=torch.float32, device="cpu") / 255


def levels(picture: torch.Tensor) -> Levels:
    """(3, h, w) or (1, 3, h, w) in 0..1 to (h, w, 3) uint8."""
    x = picture.detach().float().cpu()
    x = x[0] if x.ndim == 4 else x
    out: Levels = (x.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    return out


def stretched(x: torch.Tensor, low: float | None = None, high: float | None = None) -> torch.Tensor:
    """To 0..1 between its own (or the given) ends; a flat map becomes 0, never NaN."""
    x = x.detach().float().cpu()
    bottom = float(x.min()) if low is None else low
    top = float(x.max()) if high is None else high
    return torch.zeros_like(x) if top <= bottom else ((x - bottom) / (top - bottom)).clamp(0, 1)


def heat(x: torch.Tensor) -> torch.Tensor:
    """(h, w) in 0..1 to colours (3, h, w)."""
    place = x.detach().float().cpu().clamp(0, 1) * (len(HEAT) - 1)
    low = place.floor().long().clamp(max=len(HEAT) - 2)
    share = (place - low)[..., None]
    return (HEAT[low] * (1 - share) + HEAT[low + 1] * share).permute(2, 0, 1)


def signed(x: torch.Tensor) -> torch.Tensor:
    """(h, w) in -1..1 to colours (3, h, w): blue, mid-grey at 0, orange."""
    place = x.detach().float().cpu().clamp(-1, 1)[..., None]
    return (SIGNS[1] + place.clamp(min=0) * (SIGNS[2] - SIGNS[1]) - place.clamp(max=0) * (SIGNS[0] - SIGNS[1])).permute(2, 0, 1)


def blocky(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """A map (h, w) at another size: enlarged, its cells stay cells with hard edges; shrunk, what falls together is averaged."""
    x = x.detach().float().cpu()[None, None]
    small = (min(x.shape[-2], hw[0]), min(x.shape[-1], hw[1]))
    if small != tuple(x.shape[-2:]):
        x = torch.nn.functional.interpolate(x, small, mode="area")
    return torch.nn.functional.interpolate(x, hw, mode="nearest-exact")[0, 0]


def overlay(photo: torch.Tensor, x: torch.Tensor, strength: float = 0.75) -> torch.Tensor:
    """A map (h, w) in 0..1 in heat colours over a greyed photo (1, 3, h, w): the higher, the less photo is left; all of it where x is NaN."""
    x = x.nan_to_num(0)
    base = photo[0].detach().float().cpu()
    grey = (base.mean(0, keepdim=True) * 0.6 + base * 0.4) * 0.75
    cover = (x.detach().float().cpu().clamp(0, 1) ** 0.7 * strength)[None]
    return grey * (1 - cover) + heat(x) * cover


def enlarged(picture: Levels, least: int) -> Levels:
    """Whole-number enlargement without smoothing until the longer side has `least` pixels."""
    k = max(1, -(-least // max(picture.shape[:2])))
    return np.repeat(np.repeat(picture, k, 0), k, 1)


def visible(x: torch.Tensor) -> torch.Tensor:
    """Pictures of any number of channels (b, c, h, w) as colours (b, 3, h, w): one is grey, of two or more the first three are R, G, B."""
    if x.shape[1] == 1:
        return x.expand(-1, 3, -1, -1)
    return torch.cat([x, torch.zeros_like(x[:, :1])], 1) if x.shape[1] == 2 else x[:, :3]
