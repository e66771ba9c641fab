"""Trains the net on labels and the teachers' soft labels, small pictures first."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from recipes.eye.data import Pictures
from zorki.nets.vgg import Vgg, fold

WIDTHS, CONVS = (32, 64, 128, 256, 384), (2, 2, 2, 2, 2)


@dataclass(frozen=True)
class Config:
    """Everything that decides the weights, beside the pictures."""

    epochs: float = 30
    batch: int = 128
    rate: float = 0.15
    warm_up: float = 0.08
    momentum: float = 0.9
    weight_decay: float = 5e-4
    soft: float = 0.7  # share of the loss that comes from the teachers
    temperature: float = 1.5
    average: float = 0.999  # of the weights; what is shipped
    sides: tuple[tuple[float, int], ...] = ((0.27, 40), (0.57, 48), (1.0, 64))  # until this share: this side
    least_area: float = 0.35  # of a random crop
    seed: int = 0


def augment(x: torch.Tensor, side: int, least_area: float, g: torch.Generator) -> torch.Tensor:
    """Random resized crop, flip, brightness, contrast, saturation. x (b, 3, h, w) in 0..1."""
    b = len(x)

    def u(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(b, generator=g)

    area, aspect = u(least_area, 1), u(math.log(0.75), math.log(4 / 3)).exp().sqrt()
    sx, sy = (area.sqrt() * aspect).clamp(max=1), (area.sqrt() / aspect).clamp(max=1)
    flip = torch.where(torch.rand(b, generator=g) < 0.5, -1.0, 1.0)
    theta = torch.zeros(b, 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = sx * flip, u(-1, 1) * (1 - sx)
    theta[:, 1, 1], theta[:, 1, 2] = sy, u(-1, 1) * (1 - sy)
    x = F.grid_sample(x, F.affine_grid(theta, [b, 3, side, side], align_corners=False), padding_mode="reflection", align_corners=False)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * u(0.6, 1.4).view(b, 1, 1, 1)
    mean = x.mean((1, 2, 3), keepdim=True)
    return (((x - mean) * u(0.7, 1.3).view(b, 1, 1, 1) + mean) * u(0.7, 1.3).view(b, 1, 1, 1)).clamp(0, 1)


def batch_of(pictures: Pictures, pick: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pictures.pixels[pick]).permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def accuracy(net: Vgg, pictures: Pictures) -> float:
    """Top-1 on the held-back pictures, whole and at 64 px, in float32."""
    net.eval()
    right = 0
    for pick in np.array_split(pictures.val, 30):
        logits = net(batch_of(pictures, pick).contiguous(memory_format=torch.channels_last))
        right += int((logits.argmax(1).numpy() == pictures.labels[pick]).sum())
    net.train()
    return right / len(pictures.val)


def save(state: object, path: Path) -> None:
    torch.save(state, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)


def train(pictures: Pictures, soft: torch.Tensor, c: Config, work: Path, out: Path | None, say: Callable[[str], None]) -> None:
    """Resumes from work/checkpoint.pt; writes out (fp16 safetensors, batch norm folded) at the end."""
    torch.manual_seed(c.seed)
    net = Vgg(WIDTHS, CONVS, len(pictures.names), norm=True).to(memory_format=torch.channels_last)
    shipped = Vgg(WIDTHS, CONVS, len(pictures.names), norm=True).to(memory_format=torch.channels_last)
    shipped.load_state_dict(net.state_dict())
    decays = [p for p in net.parameters() if p.ndim > 1]
    rest = [p for p in net.parameters() if p.ndim <= 1]
    optimiser = torch.optim.SGD(
        [{"params": decays, "weight_decay": c.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        lr=c.rate, momentum=c.momentum, nesterov=True, foreach=True,
    )  # fmt: skip
    per_epoch = len(pictures.train) // c.batch
    total, start = round(c.epochs * per_epoch), 0
    checkpoint = work / "checkpoint.pt"
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        if kept["config"] != str(asdict(c)):
            raise SystemExit(f"{checkpoint} was made with {kept['config']}. Give the same settings, or another --work folder.")
        net.load_state_dict(kept["net"])
        shipped.load_state_dict(kept["shipped"])
        optimiser.load_state_dict(kept["optimiser"])
        start = kept["step"]
        say(f"resumed at step {start} of {total}")
    clock, last_save, losses = time.time(), time.time(), []
    order = np.empty(0, np.int64)
    for step in range(start, total):
        epoch, at = divmod(step, per_epoch)
        if at == 0 or step == start:
            order = np.random.default_rng((c.seed, epoch)).permutation(pictures.train)
        g = torch.Generator().manual_seed(c.seed * 1_000_003 + step)  # by step, so that a resumed run is the same run
        share = step / total
        rate = (
            c.rate * min(1, (share + 1e-4) / c.warm_up)
            if share < c.warm_up
            else c.rate / 2 * (1 + math.cos(math.pi * (share - c.warm_up) / (1 - c.warm_up)))
        )
        for group in optimiser.param_groups:
            group["lr"] = rate
        side = next(s for until, s in c.sides if share < until)
        pick = order[at * c.batch : (at + 1) * c.batch]
        x = augment(batch_of(pictures, pick), side, c.least_area, g).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(x)
        logits, target = logits.float(), soft[torch.from_numpy(pick)].float()
        hard = F.cross_entropy(logits, torch.from_numpy(pictures.labels[pick]))
        t = c.temperature
        teacher = F.kl_div(F.log_softmax(logits / t, 1), F.log_softmax(target / t, 1), log_target=True, reduction="batchmean") * t * t
        loss = (1 - c.soft) * hard + c.soft * teacher
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
        keep = min(c.average, (1 + step) / (10 + step))
        with torch.no_grad():
            for old, new in zip(shipped.state_dict().values(), net.state_dict().values(), strict=True):
                if old.is_floating_point():
                    old.lerp_(new, 1 - keep)
        if step % 100 == 99:
            speed = 100 * c.batch / (time.time() - clock)
            clock = time.time()
            say(f"step {step + 1} of {total}, side {side}, loss {np.mean(losses[-100:]):.3f}, {speed:.0f} pictures/s")
        if at == per_epoch - 1 or time.time() - last_save > 180 or step == total - 1:
            if at == per_epoch - 1 or step == total - 1:
                say(f"epoch {epoch + 1}: top-1 {accuracy(shipped, pictures):.2%}")
                clock = time.time()
            last_save = time.time()
            save(
                {
                    "net": net.state_dict(),
                    "shipped": shipped.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": step + 1,
                    "config": str(asdict(c)),
                },
                checkpoint,
            )
    net_top, folded = accuracy(shipped, pictures), fold(shipped.state_dict())
    say(f"done: top-1 {net_top:.2%}")
    target_file = out or work / "eye.safetensors"
    target_file.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.half().contiguous() for k, v in folded.items()}, str(target_file))
    say(f"wrote {target_file.name}")
