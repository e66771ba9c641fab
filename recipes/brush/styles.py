"""The styles that the shipped brush has: public-domain paintings and prints, and pictures of our own making."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from recipes.brush.own import OWN

SIDE = 512  # longest side at which a style is looked at, as it is when it is judged


@dataclass(frozen=True)
class Style:
    """name: what one types; file: without its ending; often: how often it is practised, beside 1."""

    name: str
    file: str
    title: str
    source: str
    licence: str = "public domain"
    often: float = 1.0


PAINTINGS = (
    Style("starry-night", "starry-night", "The Starry Night", "Vincent van Gogh, 1889"),
    Style("sunflowers", "sunflowers", "Sunflowers", "Vincent van Gogh, 1889"),
    Style("cypresses", "wheat-field-with-cypresses", "Wheat Field with Cypresses", "Vincent van Gogh, 1889"),
    Style("scream", "the-scream", "The Scream", "Edvard Munch, 1893"),
    Style("wave", "great-wave", "The Great Wave off Kanagawa", "Katsushika Hokusai, 1831", often=2.0),
    Style("shipwreck", "shipwreck", "The Wreck of a Transport Ship", "J. M. W. Turner, about 1810"),
    Style("composition", "composition-vii", "Composition VII", "Wassily Kandinsky, 1913"),
    Style("edtaonisl", "edtaonisl", "Edtaonisl (Ecclesiastic)", "Francis Picabia, 1913", often=2.0),
    Style("metzinger", "delaunay-metzinger", "Portrait of Metzinger", "Robert Delaunay, 1906", often=2.0),
    Style("parasol", "monet-parasol", "Woman with a Parasol", "Claude Monet, 1875"),
    Style("water-lilies", "monet-water-lilies", "Water Lilies", "Claude Monet, 1914–26"),
    Style("dancers", "degas-blue-dancers", "Blue Dancers", "Edgar Degas, about 1897"),
    Style("boulevard", "pissarro-boulevard-montmartre", "Boulevard Montmartre", "Camille Pissarro, 1897"),
    Style("moulin", "renoir-moulin-galette", "Bal du moulin de la Galette", "Pierre-Auguste Renoir, 1876"),
    Style("samary", "renoir-jeanne-samary", "Portrait of Jeanne Samary", "Pierre-Auguste Renoir, 1877"),
    Style("harlequin", "cezanne-pierrot-harlequin", "Pierrot and Harlequin", "Paul Cézanne, 1888–90"),
    Style("green-christ", "gauguin-green-christ", "The Green Christ", "Paul Gauguin, 1889"),
    Style("kiss", "klimt-kiss", "The Kiss", "Gustav Klimt, 1907–08"),
    Style("fan", "klimt-lady-with-fan", "Lady with a Fan", "Gustav Klimt, 1917–18"),
    Style("melencolia", "durer-melencolia", "Melencolia I", "Albrecht Dürer, 1514"),
    Style("hat", "matisse-woman-with-hat", "Woman with a Hat", "Henri Matisse, 1905", often=2.0),
)
HARD = ("watercolour", "neon", "halftone", "woodcut", "hatching")  # of our own
STYLES = (
    *PAINTINGS,
    *(Style(name, name, title, "drawn by Zorki", "Apache-2.0", 1.0 + (name in HARD)) for name, (title, _) in OWN.items()),
)


def found(style: Style, folders: Sequence[Path]) -> Path:
    """Where its picture is. Ends the program where it is missing."""
    for folder in folders:
        for path in sorted(folder.glob(f"{style.file}.*")):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
                return path
    raise SystemExit(f"There is no {style.file}.jpg in {' or '.join(map(str, folders))}.")


def opened(path: Path) -> torch.Tensor:
    """The picture (1, 3, h, w) in 0..1, its longest side SIDE."""
    image = Image.open(path).convert("RGB")
    k = SIDE / max(image.size)
    small = image.resize((round(image.width * k), round(image.height * k)), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
