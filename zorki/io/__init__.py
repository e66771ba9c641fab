"""Pictures, video and masks on the disk: colour profiles, alpha, EXIF, 16 bit, atomic writes. The only user of PIL and PyAV."""

from zorki.io.arrays import cached, read_arrays, tidied, used, write_arrays
from zorki.io.assembling import assemble
from zorki.io.bands import Facts, facts, open_bands
from zorki.io.brightness import Pictures, pictures_of, spread
from zorki.io.codings import MUXERS, Coding, check_film_target
from zorki.io.disk import atomic, atomic_write, check_target, check_writable, free_path, numbered
from zorki.io.film import Film
from zorki.io.indexed import write_index
from zorki.io.kinds import ENDINGS as PICTURES
from zorki.io.labelled import Box, Example, Label, LabelledFolder, open_labelled
from zorki.io.large import Large, is_large
from zorki.io.lettering import lettered
from zorki.io.masks import Mask, open_mask, save_mask
from zorki.io.naming import called
from zorki.io.opening import open_photo
from zorki.io.photo import Photo
from zorki.io.photosets import PhotoSet, is_picture, marked
from zorki.io.runs import RunFolder, is_run, open_run, tidy_run
from zorki.io.saving import check_picture_target, encode, output_name, pil, save_photo
from zorki.io.scale import resize
from zorki.io.settings import read_settings
from zorki.io.sheet import fitting, sheet
from zorki.io.splitting import split
from zorki.io.tomls import to_toml
from zorki.io.tracks import Tracks
from zorki.io.unfinished import Unfinished, is_unfinished
from zorki.io.values import span_text
from zorki.io.vectors import Vector, open_vector
from zorki.io.video import ENDINGS as FILMS
from zorki.io.video import Moment, Video, is_film, open_video

__all__ = [
    "FILMS",
    "MUXERS",
    "PICTURES",
    "Box",
    "Coding",
    "Example",
    "Facts",
    "Film",
    "Label",
    "LabelledFolder",
    "Large",
    "Mask",
    "Moment",
    "Photo",
    "PhotoSet",
    "Pictures",
    "RunFolder",
    "Tracks",
    "Unfinished",
    "Vector",
    "Video",
    "assemble",
    "atomic",
    "atomic_write",
    "cached",
    "called",
    "check_film_target",
    "check_picture_target",
    "check_target",
    "check_writable",
    "encode",
    "facts",
    "fitting",
    "free_path",
    "is_film",
    "is_large",
    "is_picture",
    "is_run",
    "is_unfinished",
    "lettered",
    "marked",
    "numbered",
    "open_bands",
    "open_labelled",
    "open_mask",
    "open_photo",
    "open_run",
    "open_vector",
    "open_video",
    "output_name",
    "pictures_of",
    "pil",
    "read_arrays",
    "read_settings",
    "resize",
    "save_mask",
    "save_photo",
    "sheet",
    "span_text",
    "split",
    "spread",
    "tidied",
    "tidy_run",
    "to_toml",
    "used",
    "write_arrays",
    "write_index",
]
