"""Trains the net on labels and the teachers' soft labels, small pictures first.

Three courses: `FIRST` from nothing, told what the teachers say of whole pictures; `SECOND` goes on from there, told what they say and
see of the very crop that is shown (`views`), and half of the time shown two pictures in one (CutMix, Yun et al. 2019); `THIRD` is short
and gentle, with nearly whole pictures, so that things have the size that they will have (Touvron et al. 2019).
"""

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
from recipes.eye.views import Views, cut, view_crops
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
    cutmix: float = 0.0  # share of the batches in which a part of each picture is another's
    hint: float = 0.0  # weight of the teachers' features
    seed: int = 0


FIRST = Config()
SECOND = Config(epochs=45, warm_up=0.03, average=0.9995, sides=((0.2, 40), (0.6, 48), (0.85, 56), (1.0, 64)), cutmix=0.5, hint=0.5, seed=1)
THIRD = Config(epochs=9, rate=0.03, warm_up=0.02, soft=0.5, sides=((1.0, 64),), least_area=0.6, seed=2)


class Lessons:
    """What is shown and what is said of it. The first course: random crops, the teachers' word on whole pictures."""

    def __init__(self, pictures: Pictures, soft: torch.Tensor, c: Config) -> None:
        self.pictures, self.soft, self.c = pictures, soft, c

    def shown(self, epoch: int, pick: np.ndarray, side: int, g: torch.Generator) -> torch.Tensor:  # noqa: ARG002
        return augment(batch_of(self.pictures, pick), side, self.c.least_area, g)

    def loss(self, logits: torch.Tensor, _pooled: torch.Tensor, pick: np.ndarray) -> torch.Tensor:
        return self.judged(logits, torch.from_numpy(self.pictures.labels[pick]), self.soft[torch.from_numpy(pick)].float()).mean()

    def judged(self, logits: torch.Tensor, labels: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """(b,) cross-entropy with the label and, at a temperature, divergence from the teachers' logits."""
        t, soft = self.c.temperature, self.c.soft
        hard = F.cross_entropy(logits, labels, reduction="none")
        far = F.kl_div(F.log_softmax(logits / t, 1), F.log_softmax(target / t, 1), log_target=True, reduction="none").sum(1) * t * t
        return (1 - soft) * hard + soft * far


class Crops(Lessons):
    """The second course: one of the kept views of each picture an epoch, and what the teachers say and see of just that."""

    def __init__(self, pictures: Pictures, taught: Views, c: Config) -> None:
        self.pictures, self.taught, self.c = pictures, taught, c
        self.crops = [view_crops(k, len(pictures.pixels)) for k in range(len(taught.logits))]
        torch.manual_seed(c.seed)
        self.hint = torch.nn.Linear(WIDTHS[-1], taught.hints.shape[2])
        self.said: list[
            tuple[float, torch.Tensor, torch.Tensor, torch.Tensor]
        ] = []  # shares of the batch shown last, and what is true of each

    def shown(self, epoch: int, pick: np.ndarray, side: int, g: torch.Generator) -> torch.Tensor:
        k = epoch % len(self.crops)
        theta = self.crops[k][torch.from_numpy(pick)].clone()
        theta[:, 0, 0] *= torch.where(torch.rand(len(pick), generator=g) < 0.5, -1.0, 1.0)
        x = recoloured(cut(batch_of(self.pictures, pick), theta, side), g)
        target, hints = (torch.from_numpy(a[k][pick]).float() for a in (self.taught.logits, self.taught.hints))
        self.said = [(1.0, torch.from_numpy(self.pictures.labels[pick]), target, hints)]
        if float(torch.rand((), generator=g)) < self.c.cutmix:
            share = float(torch.rand((), generator=g))
            size = round(side * math.sqrt(1 - share))
            top, left = (int(torch.randint(0, side - size + 1, (), generator=g)) for _ in range(2))
            x[:, :, top : top + size, left : left + size] = x.roll(1, 0)[:, :, top : top + size, left : left + size]
            _, labels, target, hints = self.said[0]
            other = size * size / side / side
            self.said = [(1 - other, labels, target, hints), (other, labels.roll(1, 0), target.roll(1, 0), hints.roll(1, 0))]
        return x

    def loss(self, logits: torch.Tensor, pooled: torch.Tensor, _pick: np.ndarray) -> torch.Tensor:
        seen = self.hint(pooled)
        told = torch.stack([share * self.judged(logits, labels, target).mean() for share, labels, target, _ in self.said]).sum()
        wanted = torch.stack([share * hints for share, _, _, hints in self.said]).sum(0)
        return told + self.c.hint * F.mse_loss(seen, wanted)


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
    return recoloured(cut(x, theta, side), g)


def recoloured(x: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """Saturation, contrast and brightness at random."""

    def u(low: float, high: float) -> torch.Tensor:
        return (low + (high - low) * torch.rand(len(x), generator=g)).view(-1, 1, 1, 1)

    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * u(0.6, 1.4)
    mean = x.mean((1, 2, 3), keepdim=True)
    return (((x - mean) * u(0.7, 1.3) + mean) * u(0.7, 1.3)).clamp(0, 1)


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


def train(
    pictures: Pictures, lessons: Lessons, c: Config, work: Path, out: Path | None, say: Callable[[str], None], *,
    name: str = "checkpoint", start_from: Path | None = None,
) -> None:  # fmt: skip
    """Resumes from work/NAME.pt; writes out (fp16 safetensors, batch norm folded) at the end.

    start_from: the checkpoint of the course before, whose shipped weights this one begins with.
    """
    torch.manual_seed(c.seed)
    net = Vgg(WIDTHS, CONVS, len(pictures.names), norm=True).to(memory_format=torch.channels_last)
    shipped = Vgg(WIDTHS, CONVS, len(pictures.names), norm=True).to(memory_format=torch.channels_last)
    if start_from is not None:
        net.load_state_dict(torch.load(start_from, weights_only=True)["shipped"])
    shipped.load_state_dict(net.state_dict())
    hint = getattr(lessons, "hint", torch.nn.Identity())
    learnt = [*net.parameters(), *hint.parameters()]
    decays = [p for p in learnt if p.ndim > 1]
    rest = [p for p in learnt if p.ndim <= 1]
    pooled: list[torch.Tensor] = []
    net.fc.register_forward_pre_hook(lambda _, given: pooled.append(given[0]))
    optimiser = torch.optim.SGD(
        [{"params": decays, "weight_decay": c.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        lr=c.rate, momentum=c.momentum, nesterov=True, foreach=True,
    )  # fmt: skip
    per_epoch = len(pictures.train) // c.batch
    total, start = round(c.epochs * per_epoch), 0
    checkpoint = work / f"{name}.pt"
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        if kept["config"] != str(asdict(c)):
            raise SystemExit(f"{checkpoint} was made with {kept['config']}. Give the same settings, or another --work folder.")
        net.load_state_dict(kept["net"])
        shipped.load_state_dict(kept["shipped"])
        hint.load_state_dict(kept.get("hint", {}))
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
        x = lessons.shown(epoch, pick, side, g).contiguous(memory_format=torch.channels_last)
        pooled.clear()
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(x)
        loss = lessons.loss(logits.float(), pooled[0].float(), pick)
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
                    "hint": hint.state_dict(),
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
