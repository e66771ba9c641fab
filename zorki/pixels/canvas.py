"""Canvases: what is really changed when a picture climbs.

A canvas holds numbers (its parameters) and turns them into a picture (b, 3, h, w) in sRGB 0..1, or of as many channels as the net takes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch

from zorki.core.seeds import normal, uniform

if TYPE_CHECKING:
    from zorki import lens

# Colours of photographs are correlated; drawing in their decorrelated axes keeps grey grey and colours mild.
# Source: Olah, Mordvintsev, Schubert 2017. The rows give R, G, B; divided by the largest column norm.
DECORRELATED = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.0, -0.05], [0.27, -0.09, 0.03]], dtype=torch.float32, device="cpu")
DECORRELATED = DECORRELATED / DECORRELATED.norm(dim=0).max()


class Canvas(Protocol):
    """`parameters` change, the call paints, `project` brings the parameters back into range after an update."""

    def parameters(self) -> list[torch.Tensor]: ...
    def project(self) -> None: ...
    def __call__(self) -> torch.Tensor: ...


class Plain:
    """The picture's own pixels, kept in 0..1.

    start: (b, 3, h, w) in 0..1, copied.
    """

    def __init__(self, start: torch.Tensor) -> None:
        self.pixels = start.detach().clone().requires_grad_(True)

    def parameters(self) -> list[torch.Tensor]:
        return [self.pixels]

    @torch.no_grad()
    def project(self) -> None:
        self.pixels.clamp_(0, 1)

    def __call__(self) -> torch.Tensor:
        return self.pixels


class Fourier:
    """A picture as the spectrum of its decorrelated colours, each frequency scaled as in photographs.

    Source: Olah, Mordvintsev, Schubert 2017, "Feature Visualization", preconditioning.
    Differs: odd widths need no spare column, since the inverse transform is told the size; an item's noise depends on
    its own seed alone, so that a picture is the same whatever is drawn beside it.

    hw: size in pixels. seeds: one for each picture. start: a picture (b, 3, h, w) to begin with in place of noise.
    decay: power of 1/frequency by which amplitudes fall. channels: of the pictures; only three are colours to decorrelate.
    """

    def __init__(
        self,
        hw: tuple[int, int],
        seeds: Sequence[int] = (0,),
        *,
        start: torch.Tensor | None = None,
        decay: float = 1.0,
        spread: float = 0.01,
        channels: int = 3,
        device: torch.device | str = "cpu",
    ) -> None:
        h, w = hw
        self.hw = hw
        rows, columns = frequencies(hw)
        frequency = torch.hypot(rows[:, None], columns[None])
        scale = math.sqrt(h * w) / frequency.clamp_min(1 / max(h, w)) ** decay / 4
        colours = DECORRELATED if channels == 3 else torch.eye(channels, dtype=torch.float32, device="cpu")
        self.scale, self.colours = scale.to(device), colours.to(device)
        if start is None:
            z = torch.stack([normal((channels, h, w // 2 + 1, 2), s, "canvas") for s in seeds]) * spread
            self.spectrum = z.to(device)
        else:
            logits = torch.logit(start.to(device, torch.float32), eps=4e-3)  # half an 8-bit level from the ends
            t = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(self.colours), logits)
            self.spectrum = torch.view_as_real(torch.fft.rfft2(t) / self.scale).contiguous()
        self.spectrum.requires_grad_(True)

    def parameters(self) -> list[torch.Tensor]:
        return [self.spectrum]

    def project(self) -> None:
        """The sigmoid keeps pictures in range; nothing to do."""

    def __call__(self) -> torch.Tensor:
        t = torch.fft.irfft2(torch.view_as_complex(self.spectrum) * self.scale, s=self.hw)
        return torch.sigmoid(torch.einsum("ij,bjhw->bihw", self.colours, t))


class Uncoloured:
    """A canvas of one channel whose pictures have three that are alike: for a net that takes colours and sees none, which would else be drawn at random."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def parameters(self) -> list[torch.Tensor]:
        return self.canvas.parameters()

    def project(self) -> None:
        self.canvas.project()

    def __call__(self) -> torch.Tensor:
        return self.canvas().expand(-1, 3, -1, -1)


def empty(net: lens.Net, hw: tuple[int, int], seeds: Sequence[int], start: torch.Tensor | None = None, decay: float = 1.0) -> Canvas:
    """A Fourier canvas in the channels that the net tells apart, one picture a seed. start: (b, c, h, w) with the channels that it takes, in place of noise."""
    if net.channels != 3 or net.colours:
        return Fourier(hw, seeds, start=start, decay=decay, channels=net.channels, device=net.device)
    return Uncoloured(
        Fourier(hw, seeds, start=None if start is None else start.mean(1, keepdim=True), decay=decay, channels=1, device=net.device)
    )


def grey(hw: tuple[int, int], seeds: Sequence[int], channels: int = 3, spread: float = 0.02) -> torch.Tensor:
    """Mid-grey pictures (b, channels, h, w) with a little noise, each from its own seed."""
    return torch.stack([0.5 + spread * normal((channels, *hw), s, "grey") for s in seeds]).clamp(0, 1)


class Maco:
    """A spectrum whose amplitudes are those of photographs; only the phases change, so nothing unnatural can grow loud.

    Source: Fel et al. 2023, "Unlocking feature visualization for deeper networks with MAgnitude Constrained Optimization", eq. 3-5.
    Differs: amplitudes are kept at 65 x 33 frequencies (recipes/spectrum) and interpolated to the picture's size, in the logarithm;
    phases begin evenly spread and are not standardised, since phases that gather about one value leave a bright spot in the corner.

    hw: size in pixels. seeds: one for each picture. start: a picture (1, 3, h, w) whose phases are begun with, in place of noise.
    """

    def __init__(
        self, hw: tuple[int, int], seeds: Sequence[int] = (0,), *, start: torch.Tensor | None = None, device: torch.device | str = "cpu"
    ) -> None:
        self.hw, self.colours = hw, DECORRELATED.to(device)
        self.amplitudes = amplitudes(hw).to(device)
        shape = (3, hw[0], hw[1] // 2 + 1)
        phases = torch.stack([uniform(shape, s, "phases") for s in seeds]).to(device) * 2 * math.pi
        if start is not None:
            logits = torch.logit(start.to(device, torch.float32), eps=4e-3)
            spectrum = torch.fft.rfft2(torch.einsum("ij,bjhw->bihw", torch.linalg.inv(DECORRELATED).to(device), logits))
            phases = torch.atan2(spectrum.imag, spectrum.real).expand_as(phases).clone()
        self.phases = phases.requires_grad_(True)

    def parameters(self) -> list[torch.Tensor]:
        return [self.phases]

    def project(self) -> None:
        """Any phase is one; nothing to do."""

    def __call__(self) -> torch.Tensor:
        spectrum = torch.stack([torch.cos(self.phases), torch.sin(self.phases)], -1) * self.amplitudes[..., None]
        t = torch.fft.irfft2(torch.view_as_complex(spectrum), s=self.hw)
        flat = t.flatten(1)
        t = (t - flat.mean(1).view(-1, 1, 1, 1)) / (flat.std(1).view(-1, 1, 1, 1) + 1e-6)
        return torch.sigmoid(torch.einsum("ij,bjhw->bihw", self.colours, t))


def frequencies(hw: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Those of the rows and of the columns of rfft2 of that size, in cycles a pixel."""
    return torch.fft.fftfreq(hw[0], dtype=torch.float32, device="cpu"), torch.fft.rfftfreq(hw[1], dtype=torch.float32, device="cpu")


def amplitudes(hw: tuple[int, int]) -> torch.Tensor:
    """The mean amplitudes of photographs in decorrelated colour (3, h, w // 2 + 1), at the frequencies of rfft2 of that size."""
    from importlib import resources

    from safetensors.torch import load

    kept = (
        load((resources.files("zorki.pixels") / "spectrum.safetensors").read_bytes())["amplitudes"].float().log()
    )  # (3, 65, 33): rows from -1/2 to 1/2
    rows, columns = frequencies(hw)
    grid = torch.stack(torch.meshgrid(columns * 4 - 1, rows * 2, indexing="xy"), -1)
    found: torch.Tensor = torch.nn.functional.grid_sample(kept[None], grid[None], padding_mode="border", align_corners=True)[0].exp()
    found[:, 0, 0] = 0  # the mean is not for the phases to say
    return found
