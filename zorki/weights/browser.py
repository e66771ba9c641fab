"""onnxruntime-web, which runs an ONNX file in a browser: from where a person has it, or fetched when asked. Zorki ships none of it.

Source: npm's package onnxruntime-web (Microsoft Corporation, MIT licence), two files of its folder dist.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zorki import blocks
from zorki.core import events, folders
from zorki.core.errors import InputError
from zorki.weights import getting
from zorki.weights.cards import HOMELESS, megabytes

VERSION = "1.30.0"  # of what is fetched; a person's own may be another
SCRIPT, BINARY = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
SHA256 = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    BINARY: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
BYTES = {SCRIPT: 73_054, BINARY: 14_239_897}
ADDRESS = f"https://cdn.jsdelivr.net/npm/onnxruntime-web@{VERSION}/dist/"
FETCH = "fetch"
PLACES = ("", "dist", "package/dist", "node_modules/onnxruntime-web/dist")  # in a folder or an archive


@dataclass(frozen=True)
class Piece:
    """One of the files, as it can be fetched."""

    file: Path
    url: str
    bytes: int
    sha256: str


def pieces() -> list[Piece]:
    """Both, where they are kept."""
    folder = (folders.cache() or HOMELESS) / f"onnxruntime-web-{VERSION}"
    return [Piece(folder / name, ADDRESS + name, BYTES[name], SHA256[name]) for name in (SCRIPT, BINARY)]


def runtime(given: str | None) -> blocks.Runtime:
    """What is in a folder or an archive (.tgz) of the package's; "fetch": what is kept, which is fetched if it is not here; None: what is kept.

    Raises InputError where it is not there, WeightsError where it cannot be fetched, Stopped for a full disk.
    """
    if given is not None and given != FETCH:
        return read(folders.at_home(given))
    wanted = pieces()
    missing = [piece for piece in wanted if not getting.complete(piece)]
    if missing and given is None:
        raise InputError(
            "A page that runs a network needs onnxruntime-web, which is not here.",
            f"Nothing is fetched unasked ({megabytes(sum(BYTES.values()))}, MIT licence).",
            f"Add --runtime={FETCH}; or --runtime=DIST, its folder or the archive that npm pack onnxruntime-web leaves.",
        )
    if missing:
        events.note(f"onnxruntime-web {VERSION} is fetched from {ADDRESS} and kept in {wanted[0].file.parent}.")
    for piece in missing:
        getting.brought(piece)
    script, binary = (piece.file.read_bytes() for piece in wanted)
    return blocks.Runtime(VERSION, script, binary)


def read(path: Path) -> blocks.Runtime:
    """Of a folder or an archive. Raises InputError where its files are not there, or are not onnxruntime-web's."""
    try:
        found = in_archive(path) if path.is_file() else in_folder(path)
    except (OSError, tarfile.TarError, EOFError) as e:
        raise InputError(
            f"--runtime={path} cannot be read: {str(e)!r}.", "A folder or a .tgz of onnxruntime-web is needed.", "Give one."
        ) from e
    missing = [name for name in (SCRIPT, BINARY) if name not in found]
    if missing:
        raise InputError(
            f"--runtime={path} holds no {' and no '.join(missing)}.", "They lie in the folder dist of npm's onnxruntime-web.",
            f"Give that folder, or fetch them with --runtime={FETCH}.",
        )  # fmt: skip
    version = re.search(rb"ONNX Runtime Web v([\w.-]+)", found[SCRIPT][:400])
    if version is None or not found[BINARY].startswith(b"\0asm"):
        raise InputError(
            f"--runtime={path} is not onnxruntime-web.", "Its files say another thing.", "Give the folder dist of that package."
        )
    return blocks.Runtime(version[1].decode(), found[SCRIPT], found[BINARY])


def in_folder(path: Path) -> Mapping[str, bytes]:
    files = {name: path / place / name for name in (SCRIPT, BINARY) for place in PLACES if (path / place / name).is_file()}
    return {name: file.read_bytes() for name, file in files.items()}


def in_archive(path: Path) -> Mapping[str, bytes]:
    found = {}
    with tarfile.open(path) as archive:
        for name in (SCRIPT, BINARY):
            for place in PLACES:
                inside = f"{place}/{name}".lstrip("/")
                if inside in archive.getnames() and (file := archive.extractfile(inside)) is not None:
                    found[name] = file.read()
    return found
