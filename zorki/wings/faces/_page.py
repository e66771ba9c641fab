"""The page of where the network looks: for each expression the mean face, the map on it, and what the network wants to see."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

import zorki
from zorki import blocks, lens
from zorki.facing import regions
from zorki.pixels import display
from zorki.wings.faces import _told
from zorki.wings.faces._explained import Explained
from zorki.wings.faces._gathered import Seen
from zorki.wings.faces._maps import Map

FOOT = f"Made by Zorki {zorki.__version__} on this machine. Nothing left it."
LARGE, SMALL = 240, 120  # pixels of a mean map's side, and of a single face's
FULL = 0.995  # of a map's pixels: above what these are all is drawn in the full colour
JOINED = "\N{WORD JOINER}"
SOFT = 1.5  # pixels: how far maps are smoothed before they are shown
MEANT = (
    "Each face is blurred, and then brought back in small steps; on the way every pixel changes the logit of the expression that the network named a little, up or down, and all of these together are the whole "
    "change (integrated gradients). What speaks for the expression is what raised it. Faces lie on one another by eyes and mouth, so the maps of many can be added; each face counts alike in the shares. The interval "
    "is what other pictures of this kind would give, by drawing these anew."
)
CAUTION = (
    "A share says where in the face the answer came from, not how surely. Eyes, nose and mouth are the same rectangles in every face, about where they lie when it looks ahead: of heads that are turned, or of a mouth that is "
    "wide open, some falls beside them. What blurring takes away is detail: how bright the whole cheek or forehead is stays, and is not seen in the maps. And it is the network that is looked into: what people go by is not measured here."
)
WANTED = (
    "The drawings begin at the mean of the faces and of their mirror images, and are changed in small steps so that the network is surer and surer of one expression, while the drawing is moved, turned and resized "
    "at random and held back from going too far from where it began. They show what the network answers to, exaggerated as in a caricature; nobody looks so, and no face was copied."
)


def page(net: lens.Net, made: Explained, shown: int, command: str) -> blocks.Page:
    """What `faces explain --out page.html` shows."""
    found = made.faces
    sections = [
        blocks.Section("each", "Expression by expression", _told.faithful(made), (slide(made),)),
        blocks.Section("shares", "In numbers", "", (shares(made), kept(made))),
        *([faces(made, shown)] if shown else []),
        blocks.Section(
            "how", "How this was measured", "",
            (blocks.Note(MEANT), *([blocks.Note(WANTED, title="What the drawings are")] if made.columns > 2 else []), blocks.Note(CAUTION, title="What it does not say")),
        ),
    ]  # fmt: skip
    return blocks.Page(
        title=f"Where {net.name} looks when it names an expression",
        lead=lead(made),
        facts=(
            ("network", net.name),
            ("faces", f"{len(found.each):,}" + (", as they were cut out" if found.cut else f" in {_told.number(found.looked, 'picture')}")),
            ("named", ", ".join(f"{name} {n:,}" for name, n in sorted(made.counts.items(), key=lambda pair: -pair[1]) if n)),
            ("command", command),
        ),
        sections=tuple(sections),
        note=blocks.Note(_told.rarely(made)) if made.rare else None,
        foot=FOOT,
    )


def lead(made: Explained) -> str:
    """Where most of what speaks for each lies, in one sentence."""
    most = {one.name: int(np.nanargmax(one.shares[0][:3])) for one in made.each if not np.isnan(one.shares[0]).any()}
    said = []
    for k in range(3):
        some = [f"{name} {_told.percent(one.shares[0][k])}" for one in made.each for name in [one.name] if most.get(name) == k]
        if some:
            said.append(f"{_told.at(k)} for {_told.listed(some)}")
    return f"Of what speaks for an expression most lies {'; '.join(said)}." if said else _told.counted(made)


def slide(made: Explained) -> blocks.Slide:
    plates = []
    for one, tiles in zip(made.each, rows(made), strict=True):
        captions = ("mean face", "speaks for it", "what it wants to see")
        mosaics = tuple(blocks.Mosaic((tile,), words, 1) for tile, words in zip(tiles, captions, strict=False))
        of = f"{len(one.faces):,} faces" + (f", {len(one.maps):,} of them mapped" if len(one.maps) < len(one.faces) else "")
        said = [_told.sentence(one), _told.false(one)]
        if one.drawn is not None:
            said.append(f"Of the drawing it is {_told.percent(one.certain)} sure.")
        plates.append(blocks.Plate(one.name, f"{one.name}, {of}", mosaics, " ".join(filter(None, said))))
    return blocks.Slide(
        tuple(plates),
        "Left the mean of the faces, each brought to one brightness and one contrast. In the middle the mean map on it: orange is what speaks for the expression, blue what speaks against it, in one scale for all expressions. "
        + ("Right what the network wants to see, drawn from the mean of all faces." if made.columns > 2 else ""),
    )


def tiles(made: Explained) -> list[blocks.Tile]:
    """The same pictures, a row for each expression."""
    return [tile for row in rows(made) for tile in row]


def rows(made: Explained) -> list[list[blocks.Tile]]:
    top = scale(made)
    out = []
    for one in made.each:
        row = [
            blocks.Tile(display.levels(large(one.mean)), f"{one.name}, {len(one.faces):,} faces", f"The mean of the faces that were called {one.name}"),
            blocks.Tile(marked(one.mean, one.values, top), f"speaks for {one.name}", f"The mean map for {one.name}: orange speaks for it, blue against it"),
        ]  # fmt: skip
        if one.drawn is not None:
            row.append(
                blocks.Tile(
                    display.levels(large(one.drawn)), f"{one.name} as it wants to see it", f"What the network wants to see for {one.name}"
                )
            )
        out.append(row)
    return out


def scale(made: Explained) -> float:
    """What is drawn in the full colour, the same in all mean maps."""
    return max((float(np.quantile(np.abs(soft(one.values)), FULL)) for one in made.each), default=1.0)


def soft(values: np.ndarray, sigma: float = SOFT) -> np.ndarray:
    """A map (side, side), smoothed: single pixels say little."""
    reach = int(np.ceil(3 * sigma))
    bell = torch.exp(-(torch.arange(-reach, reach + 1, dtype=torch.float32, device="cpu") ** 2) / (2 * sigma**2))
    bell = bell / bell.sum()
    x = F.pad(torch.from_numpy(values).float()[None, None], (reach,) * 4, mode="replicate")
    found: np.ndarray = F.conv2d(F.conv2d(x, bell.view(1, 1, 1, -1)), bell.view(1, 1, -1, 1))[0, 0].numpy()
    return found


def large(face: torch.Tensor, side: int = LARGE) -> torch.Tensor:
    """A face (3, h, w) at the size it is shown at."""
    return F.interpolate(face[None], (side, side), mode="bicubic", align_corners=False, antialias=True)[0].clamp(0, 1)


def marked(face: torch.Tensor, values: np.ndarray, top: float, side: int = LARGE) -> blocks.Pixels:
    """A map in the two colours of signs on a face, which is grey under it: 0 leaves the face, ±top covers it."""
    x = torch.from_numpy(np.clip(soft(values) / max(top, 1e-12), -1, 1)).float()
    there = F.interpolate(x[None, None], (side, side), mode="bicubic", align_corners=False)[0, 0].clamp(-1, 1)
    base = large(face, side).mean(0, keepdim=True) * 0.8 + 0.05
    cover = (there.abs() ** 0.7 * 0.85)[None]
    colours = display.signed(torch.sign(there))
    return display.levels(base * (1 - cover) + colours * cover)


def shares(made: Explained) -> blocks.Table:
    table: list[tuple[blocks.Cell, ...]] = []
    for one in made.each:
        mid, low, high = one.shares
        table.append((one.name, *(cell(mid[k], low[k], high[k]) for k in range(len(regions.NAMES)))))
    table.append((_told.area_title(), *map(_told.percent, made.area)))
    said = "Of what speaks for each expression the share that lies in each part of the face, in brackets where 95 of 100 such sets of pictures would put it."
    return blocks.Table(("", *(regions.TITLES[name] for name in regions.NAMES)), table, said)


def kept(made: Explained) -> blocks.Table:
    table = [(one.name, *(cell(*(float(x[k]) for x in one.kept)) for k in range(len(regions.NAMES)))) for one in made.each]
    said = "How many of the faces are still called so when that part alone is blurred away, so that little but its brightness is left: few where the answer hangs on it."
    return blocks.Table(("", *(f"without {regions.TITLES[name]}" for name in regions.NAMES)), table, said)


def cell(value: float, low: float, high: float) -> str:
    """84 % (80–88), broken before its bracket at most."""
    return f"{_told.percent(value)} {_told.between(low, high).replace(' to ', f'–{JOINED}')}".strip()


def faces(made: Explained, shown: int) -> blocks.Section:
    """Single faces: those whose map is nearest to the mean, and those that people call otherwise."""
    top = max((float(np.quantile(np.abs(soft(one.values)), FULL)) for e in made.each for one in e.maps), default=1.0)
    typical, wrong = [], []
    for one in made.each:
        if some := [pair(one.looked[k], one.maps[k], top, _told.percent(one.looked[k].share)) for k in one.typical[:shown]]:
            typical.append(blocks.Plate(f"typical-{one.name}", one.name, tuple(some), small=True))
        if false := [pair(face, None, top, face.label) for face in one.wrong[:shown]]:
            wrong.append(blocks.Plate(f"false-{one.name}", f"called {one.name}", tuple(false), small=True))
    parts = []
    if typical:
        said = "Faces whose shares are nearest to the mean, under each its own map, and how sure the network is of the expression."
        parts.append(blocks.Slide(tuple(typical), said))
    if wrong:
        parts.append(blocks.Slide(tuple(wrong), "Falsely called, the surest first, and under each what people call it."))
    return blocks.Section("faces", "Face by face", "", tuple(parts))


def pair(face: Seen, one: Map | None, top: float, said: str) -> blocks.Mosaic:
    """A face, and under it its map, where it has one."""
    picture = torch.from_numpy(face.shown).permute(2, 0, 1).float() / 255
    tiles = [blocks.Tile(display.levels(large(picture, SMALL)), "", f"{face.picture}: {said}")]
    if one is not None:
        tiles.append(blocks.Tile(marked(picture, one.values, top, SMALL), "", f"{face.picture}: its map"))
    return blocks.Mosaic(tuple(tiles), said, 1)
