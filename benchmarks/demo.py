"""`make demo`: the tour on a real photograph that scikit-image brings, a coffee (cup and saucer by Pikolo Espresso Bar)."""

from __future__ import annotations

from pathlib import Path

from skimage import data

from zorki import io
from zorki.cli.main import run


def main() -> None:
    folder = io.free_path(Path("zorki-tour"))
    folder.mkdir()
    photo = folder / "coffee.png"
    io.save_photo(photo, data.coffee().astype("float32") / 255)
    raise SystemExit(run(["tour", str(photo), "--out", str(folder)]))


if __name__ == "__main__":
    main()
