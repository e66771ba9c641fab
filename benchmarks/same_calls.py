"""The Python surface, as `benchmarks.same` calls it: prints what is told, and leaves arrays as files beside it."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np


def keep(name: str, shown: Any) -> None:
    """A result: its kind, its array as a file, how it remembers, and how a notebook shows it."""
    array = shown.numpy()
    np.save(f"{name}.out.npy", array)
    print(
        name,
        type(shown).__name__,
        array.shape,
        array.dtype,
        dict(shown.record),
        hashlib.sha256(shown._repr_html_().encode()).hexdigest()[:12],
    )


def doors() -> None:
    """What importing brings, and what the package says of itself."""
    import zorki

    print("torch" in sys.modules, zorki.__version__, dir(zorki), zorki.__doc__)
    for wing in (zorki.see, zorki.style):
        print(wing, dir(wing))
        for name in dir(wing):
            call = getattr(wing, name)
            print(call, call.__signature__, call.presets, call.Settings(), call.__doc__)
    print(zorki.tour.__doc__, zorki.tour.__signature__)


def nets() -> None:
    """Loading, tables, what is refused."""
    import torch

    import zorki

    net = zorki.load("eye")
    print(net, net.layers(), net.layers((96, 96)).json()[:3], net.names(), net.layers()._repr_html_())
    print(zorki.load(torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())).layers())
    for wrong in ("eyes", 3, "net.py:nothing"):
        try:
            zorki.load(wrong)
        except Exception as e:
            print(type(e).__name__, e)


def see() -> None:
    """Every method of seeing once."""
    import zorki

    net = zorki.load("eye")
    keep("filters", zorki.see.filters(net))
    keep("maps", zorki.see.maps(net, "cat.jpg", layer="conv3_1", count=5))
    keep("maximize", zorki.see.maximize(net, layer="conv4_1", channels=range(2), steps=3, size=64))
    keep("dream", zorki.see.dream("cat.jpg", steps=1, octaves=2, size=128))
    keep("attribution", zorki.see.attribution(net, "cat.jpg", method="gradient"))
    keep("patches", zorki.see.patches(net, photos="many", channels=range(2), drawn=False, count=3, index="i.npz"))
    keep("atlas", zorki.see.atlas(net, channel="0-3", steps=2, size=48))
    print(zorki.see.classify("cat.jpg"), zorki.see.classify(net, "cat.jpg", count=2).top)
    board = zorki.see.maximize(net, layer="conv4_1", channel=3, steps=2, size=48)
    print(board.save("board.png", force=True), board.tensor().shape, board.pil().size, np.asarray(board).shape)


def style() -> None:
    """Every method of painting once; steps, from arrays and tensors too."""
    import torch
    from PIL import Image

    import zorki

    for step in zorki.style.transfer.steps("cat.jpg", "wave.jpg", steps=2, size=96):
        print(step.i, step.of, step.stage, step.stages, step.loss, dict(step.parts))
    np.save("step.out.npy", step.image().numpy())
    keep("transfer", zorki.style.transfer("cat.jpg", ["wave.jpg", "stripes.png"], steps=2, size=96, mix=(2, 1)))
    array = np.asarray(Image.open("cat.jpg"))
    keep("photo", zorki.style.photo(array, "coffee.png", steps=2, size=96))
    keep("reconstruct", zorki.style.reconstruct(torch.from_numpy(array.transpose(2, 0, 1) / np.float32(255)), steps=2, size=64))


def mistakes() -> None:
    """What is said to who is wrong."""
    import torch

    import zorki

    wrong: list[Callable[[], Any]] = [
        lambda: zorki.see.dream("nowhere.jpg"),
        lambda: zorki.see.dream("cat.jpg", layer="conv9"),
        lambda: zorki.see.dream("cat.jpg", stepps=3),
        lambda: zorki.see.dream("cat.jpg", steps="many"),
        lambda: zorki.see.dream("cat.jpg", preset="wilder"),
        lambda: zorki.see.dream(),
        lambda: zorki.see.maps.steps("cat.jpg"),
        lambda: zorki.see.nothing,
        lambda: zorki.nothing,
        lambda: zorki.tour("cat.jpg", section="nothing"),
        lambda: zorki.style.transfer("cat.jpg"),
        lambda: zorki.see.maximize(torch.nn.Linear(3, 4), steps=1),
    ]
    for call in wrong:
        try:
            print(call())
        except Exception as e:
            print(type(e).__name__, e)


def tour() -> None:
    """A page from Python."""
    import zorki

    page = zorki.tour("cat.jpg", section="filters", out="tour", force=True, within=500)
    print(page.path, page.skipped, page.cut, page.failed, len(page.blocks.sections), list(page.seconds))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
