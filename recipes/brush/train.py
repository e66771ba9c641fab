"""Teaches the brush: a step is a few photos, each with a style of its own. What a step draws depends on its number alone."""

from __future__ import annotations

import argparse
import copy
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from recipes.brush.loss import Look, Targets, apart, beyond, statistics, variation
from recipes.brush.photos import Photos
from zorki.nets.brush import Brush

MARGIN = 8


@dataclass
class Config:
    styles: tuple[str, ...] = ()
    sizes: tuple[int, ...] = (384, 512)
    steps: int = 40000
    batch: int = 4
    side: int = 256
    rate: float = 1e-3
    rows: float = 1.0
    warm: int = 200
    content: float = 0.05
    variation: float = 0.2
    beyond: float = 1.0
    stable: float = 2.0
    stables: int = 2
    weaker: float = 0.15
    average: float = 0.999
    seed: int = 0
    narrow: int = 32
    wide: int = 96
    fine: int = 16
    blocks: int = 4


def style_pictures(folders, names, sizes):
    out = []
    for name in names:
        path = next(p for f in folders for p in (f / f"{name}.jpg", f / f"{name}.png") if p.exists())
        image = Image.open(path).convert("RGB")
        some = []
        for side in sizes:
            k = side / max(image.size)
            small = image.resize((round(image.width * k), round(image.height * k)), Image.Resampling.LANCZOS)
            some.append(torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255)
        out.append(some)
    return out


def judged(look):
    def judge(out, x, there, scale, strength):
        with torch.no_grad():
            maps, held = look(x)
            here = statistics(x, maps)
        maps, now = look(out)
        t = strength[:, None, None]
        asked = [h + (s - h) * t for h, s in zip(here, there, strict=True)]
        found = statistics(out, maps)
        levels = apart(found, asked) / scale
        with torch.no_grad():
            left = apart(found, there) / apart(here, there)
        content = (now.float() - held.float()).square().sum((1, 2, 3)) / held.float().square().sum((1, 2, 3))
        return levels, left, content

    return judge


def main():
    p = argparse.ArgumentParser()
    p.add_argument("run", type=Path)
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--styles", type=Path, nargs="+", required=True)
    p.add_argument("--config", type=Path)
    p.add_argument("--set", nargs="*", default=[])
    p.add_argument("--minutes", type=float, default=1e9)
    p.add_argument("--compile", action="store_true")
    p.add_argument("--begin", type=Path)
    a = p.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    a.run.mkdir(parents=True, exist_ok=True)
    c = Config(**(json.loads(a.config.read_text()) if a.config else {}))
    for pair in a.set:
        k, v = pair.split("=")
        setattr(c, k, type(getattr(c, k))(v))
    (a.run / "config.json").write_text(json.dumps(asdict(c), indent=1))
    photos, look = Photos.of(a.photos), Look().to(memory_format=torch.channels_last)
    targets = Targets(look, style_pictures(a.styles, c.styles, c.sizes), photos.crops(160, c.side, np.random.default_rng(1)))
    torch.manual_seed(c.seed)
    net = Brush(len(c.styles), c.narrow, c.wide, c.fine, c.blocks).to(memory_format=torch.channels_last)
    rows = [v for k, v in net.named_parameters() if "gamma" in k or "beta" in k or k in ("paint", "ground", "keep")]
    ids = {id(r) for r in rows}
    groups = [{"params": [v for v in net.parameters() if id(v) not in ids], "mul": 1.0}, {"params": rows, "mul": c.rows}]
    opt = torch.optim.Adam(groups, c.rate, betas=(0.9, 0.99), fused=True)
    mean, done = copy.deepcopy(net).requires_grad_(False), 0
    state = a.run / "state.pt"
    if state.exists():
        kept = torch.load(state, weights_only=True)
        net.load_state_dict(kept["net"]), mean.load_state_dict(kept["mean"]), opt.load_state_dict(kept["opt"])
        done = kept["step"]
    elif a.begin:
        kept = torch.load(a.begin, weights_only=True)
        net.load_state_dict(kept["mean"]), mean.load_state_dict(kept["mean"])
    judge, painted = judged(look), net.raw
    if a.compile:
        judge, painted = torch.compile(judge, dynamic=False), torch.compile(net.raw, dynamic=False)
    log = (a.run / "metrics.jsonl").open("a", buffering=1)

    def keep():
        part = state.with_suffix(".part")
        torch.save({"net": net.state_dict(), "mean": mean.state_dict(), "opt": opt.state_dict(), "step": done}, part)
        part.rename(state)

    began = saved = time.monotonic()
    sums: dict[str, float] = {}
    styled, count = torch.zeros(len(c.styles)), torch.zeros(len(c.styles))
    pause = began
    while done < c.steps and time.monotonic() - began < a.minutes * 60:
        chance = np.random.default_rng((c.seed, done))
        noise = torch.Generator().manual_seed(c.seed * 1_000_003 + done)
        rate = c.rate * min(1, (done + 1) / c.warm) * (0.5 + 0.5 * math.cos(math.pi * done / c.steps)) + 1e-6
        for g in opt.param_groups:
            g["lr"] = rate * g["mul"]
        crops = photos.crops(c.batch, c.side + 2 * MARGIN, chance)
        x = crops[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN]
        which = torch.from_numpy(chance.permutation(len(c.styles))[: c.batch].astype(np.int64))
        strength = torch.tensor([chance.uniform(0.05, 1) if chance.random() < c.weaker else 1.0 for _ in range(c.batch)], dtype=torch.float32)
        dy, dx = (int(v) for v in chance.integers(-MARGIN, MARGIN + 1, 2))
        n = c.stables
        moved = crops[:n, :, MARGIN + dy : MARGIN + dy + c.side, MARGIN + dx : MARGIN + dx + c.side]
        moved = moved + torch.randn(moved.shape, generator=noise) * float(chance.uniform(0, 0.04))
        hot = F.one_hot(which, len(c.styles)).float()
        with torch.autocast("cpu", torch.bfloat16):
            out = painted(torch.cat([x, moved]), torch.cat([hot, hot[:n]]), torch.cat([strength, strength[:n]]))
            out, again = out[: c.batch], out[c.batch :]
            levels, left, content = judge(out, x, *targets.of(which), strength)
        top, bottom, lft, right = max(0, dy), min(0, dy), max(0, dx), min(0, dx)
        s = c.side
        one = out[:n, :, top : s + bottom, lft : s + right]
        two = again[:, :, top - dy : s + bottom - dy, lft - dx : s + right - dx]
        steady = (one - two).square().mean()
        parts = {"style": levels.mean(), "content": (content / strength.clamp_min(0.2)).mean(), "variation": variation(out).mean(), "beyond": beyond(out).mean(), "steady": steady}
        loss = parts["style"] + c.content * parts["content"] + c.variation * parts["variation"] + c.beyond * parts["beyond"] + c.stable * steady
        opt.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        with torch.no_grad():
            k = min(c.average, (done + 1) / (done + 10))
            torch._foreach_lerp_(list(mean.parameters()), list(net.parameters()), 1 - k)
        done += 1
        for key, v in {**parts, "loss": loss}.items():
            sums[key] = sums.get(key, 0) + float(v.detach())
        full = strength == 1
        styled.index_add_(0, which[full], levels.detach().mean(1)[full])
        count.index_add_(0, which[full], torch.ones(int(full.sum())))
        if done % 100 == 0:
            row = {"step": done, **{k: round(v / 100, 5) for k, v in sums.items()}, "levels": [round(float(v), 3) for v in levels.detach().mean(0)], "left": round(float(left.mean()), 3), "s": round((time.monotonic() - pause) / 100, 3)}
            if done % 1000 == 0:
                row["styles"] = {n: round(float(v), 3) for n, v in zip(c.styles, styled / count.clamp_min(1), strict=True)}
                styled.zero_(), count.zero_()
            print(json.dumps(row), flush=True)
            log.write(json.dumps(row) + "\n")
            sums, pause = {}, time.monotonic()
        if time.monotonic() - saved > 180:
            keep()
            saved = time.monotonic()
    keep()


if __name__ == "__main__":
    main()
