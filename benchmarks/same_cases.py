"""The commands of `benchmarks.same`: a line each, `name: command ; command …`, in one folder with the files of `same_inputs`.

What stands before a command: NAME=VALUE for its environment, ^ for Ctrl-C after its third step, @ for a function of `same_calls` in place
of a command.
"""

from __future__ import annotations

from dataclasses import dataclass

ORDINARY = "ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0"  # a newer processor as one of the ordinary kind
METHODS = {
    "see": ("filters", "maps", "maximize", "patches", "dream", "attribution", "atlas", "classify"),
    "style": ("reconstruct", "transfer", "photo"),
}
WAYS = ("gradcam", "gradcam++", "layercam", "gradient", "smoothgrad", "integrated", "guided", "deconvnet", "occlusion")

LISTS = """
layers: layers ; layers --size 96 ; layers --json
layers.lite0: layers --model lite0 --size 96
layers.own: layers --model net.py:build ; layers --model net.py:fixed --json
layers.tokens: layers --model net.py:tokens ; layers --model net.py:tokens --side 64 --json
models: models ; models eye ; models --json ; models lite2 eye --json ; models get eye --json
"""

SEE = """
filters: see filters ; see filters --json ; see filters --channel 1,4,9 --out one.png
filters.deep: see filters --layer conv3_1 --slices 3 --count 7 --out filters.webp
filters.composition: see filters --as composition --layer conv2_2 --count 9
filters.fold: see filters --model lite0 --count 12 --fold
filters.own: see filters --model net.py:grey ; see filters --model net.py:build --layer 2
maps: see maps cat.jpg ; see maps cat.jpg --channel 3,7,12 --layer relu3_2 --json
maps.all: see maps cat.jpg --all ; see maps cat.jpg --all --layer relu3_2 --count 3 --scale shared --out all.png
maps.over: see maps cat.jpg --layer relu5_1 --over --by contrast --count 5 --size 160 --json
maps.shared: see maps grey.png --layer conv1_1 --by max --scale shared --channel 0-7
maps.lite2: see maps coffee.png --model lite2 --count 4
maps.tokens: see maps cat.jpg --model net.py:tokens --layer block ; see maps cat.jpg --model net.py:tokens --layer block --grid 8x8 --skip 1 --count 4
maps.many: see maps few --out maps --count 4 ; see maps few --out maps --count 4
maps.photographs: see maps clear.png --count 4 ; see maps turned.jpg --count 4 ; see maps deep.png --range 0,4095 --count 4 ; see maps dot.png --count 4
maximize: see maximize --steps 4 --channel 0-3 --size 64 --json
maximize.plain: see maximize --steps 3 --channel 7 ; see maximize --steps 3 --channel 7 --seed 5 --out seven.jpg
maximize.float32: see maximize --steps 3 --channel 0-5 --size 64 --dtype float32 --batch 4 --layer conv3_1
maximize.ordinary: {o} see maximize --steps 3 --channel 0-5 --size 96 --layer conv4_2
maximize.bfloat16: see maximize --steps 3 --channel 0-2 --size 64 --dtype bfloat16
maximize.goal: see maximize --steps 3 --size 64 --goal "conv4_1:3 - 0.5*conv4_1:9 + class:espresso"
maximize.goal.class: see maximize --steps 3 --size 64 --goal class:goldfish --json
maximize.goal.layer: see maximize --steps 3 --size 64 --goal conv3_1
maximize.goal.at: see maximize --steps 3 --size 64 "--goal=-.5*conv4_1:3@middle + 2*conv3_1:1@2,3"
maximize.goal.towards: see maximize --steps 3 --size 64 --goal towards --towards twelve.npy --model net.py:encoder --rate 0.2
maximize.goal.like: see maximize --steps 3 --size 64 --like cat.jpg --goal like --json
maximize.like: see maximize --steps 3 --size 96 --like cat.jpg --layer conv3_2
maximize.on: see maximize --steps 3 --size 128 --on cat.jpg --channel 0-1 ; see maximize --steps 3 --size 96 --on coffee.png --channel 4 --keep 0.2 --json
maximize.different: see maximize --steps 3 --size 64 --channel 9 --different 3 --variety 2 --layer conv5_2
maximize.maco: see maximize --steps 3 --size 96 --canvas maco --channel 0-1
maximize.pixels: see maximize --steps 3 --size 64 --canvas pixels --channel 0-1 --jitter 2
maximize.neuron: see maximize --steps 3 --size 64 --unit neuron --channel 2,5
maximize.quick: see maximize --preset quick --steps 3 --channel 0-1 ; see maximize --preset fine --steps 2 --size 64 --channel 1
maximize.film: see maximize --steps 6 --size 64 --channel 0-1 --film film.mp4 ; see maximize --steps 4 --size 64 --channel 1 --film film.gif --out film.png
maximize.webp: see maximize --steps 4 --size 64 --channel 1 --film film.webp --events e.jsonl
maximize.own: see maximize --model net.py:build --steps 3 --size 64 --layer 2 --channel 0-2 ; see maximize --model net.py:grey --steps 2 --size 48 --channel 0
maximize.lite2: see maximize --model lite2 --steps 2 --size 64 --channel 0-1
patches: see patches --photos many --channel 0-3 --count 4 --no-drawn --index i.npz --json ; see patches --photos many --channel 0-3 --count 4 --no-drawn --index i.npz --out again.png
patches.drawn: see patches --photos many --channel 0-1 --count 3
patches.all: see patches --photos many --channel 0-1 --count 3 --beside all --no-drawn --layer conv2_2,conv4_2
patches.ways: see patches --photos many --channel 5 --count 3 --beside guided --no-drawn ; see patches --photos many --channel 5 --count 3 --beside none --no-drawn --out none.png
patches.page: see patches --photos many.zip --photos few --channel 0-1 --count 3 --no-drawn --size 64 --batch 4 --out patches.html
patches.broken: see patches --photos many --photos broken --channel 1 --count 2 --no-drawn --beside gradient
dream: see dream cat.jpg --steps 2 --size 160
dream.json: see dream cat.jpg --steps 2 --size 128 --json --events e.jsonl
dream.layer: see dream cat.jpg --steps 2 --size 128 --layer conv4_1 --layer 0.5*conv5_1:12 ; see dream cat.jpg --steps 2 --size 128 --layer conv5_1:3,40-47 --octaves 2
dream.minus: see dream cat.jpg --steps 2 --size 128 --layer=-0.5*conv4_1:3 --octaves 2 ; see dream cat.jpg --layer -0.5*conv4_1:3
dream.guide: see dream coffee.png --guide cat.jpg --layer conv5_1 --steps 2 --size 128
dream.mask: see dream cat.jpg --mask left.png --steps 2 --size 128 ; see dream cat.jpg --mask coffee-regions.png --steps 1 --size 64
dream.full: see dream cat.jpg --full --steps 1 --size 96 --out dream.png
dream.frames: see dream cat.jpg --frames 3 --zoom 1.1 --steps 1 --octaves 2 --size 96 --film dream.mp4 ; see dream cat.jpg --preset voyage --frames 2 --size 64 --steps 1 --film v.gif
dream.presets: see dream cat.jpg --preset calm --steps 1 --size 96 ; see dream cat.jpg --preset wild --steps 1 --size 96 ; see dream cat.jpg --preset etched --steps 1 --size 96 ; see dream cat.jpg --preset grand --steps 1 --size 96
dream.options: see dream cat.jpg --ratio 1.8 --octaves 3 --rate 4 --jitter 5 --seed 9 --steps 2 --size 96 --out dream.webp
dream.formats: see dream clear.png --steps 1 --size 64 ; see dream turned.jpg --steps 1 --size 64 ; see dream rocket.webp --steps 1 --size 64 ; see dream deep.png --range auto --steps 1 --size 64 ; see dream cat.jpg --steps 1 --size 64 --out d.tiff ; see dream cat.jpg --steps 1 --size 64 --out d.avif
dream.ordinary: {o} see dream cat.jpg --steps 2 --size 160
dream.lite0: see dream cat.jpg --model lite0 --steps 2 --size 128 --octaves 2
dream.many: see dream few --steps 1 --size 64 --out dreams ; see dream few --steps 1 --size 64 --out dreams ; see dream few cat.jpg --steps 1 --size 64 --json
dream.broken: see dream broken --steps 1 --size 64 --out dreams --json ; see dream broken --steps 1 --size 64
dream.stdout: see dream cat.jpg --steps 1 --size 64 --out -
dream.stopped: ^ see dream cat.jpg --steps 60 --size 128 --octaves 1 --out dream.png
{ways}
attribution.all: see attribution cat.jpg --method all --samples 3 --steps 4 --window 40 --stride 40 --json
attribution.sanity: see attribution cat.jpg --sanity --json ; see attribution cat.jpg --layer conv3_2 --method layercam
attribution.class: see attribution cat.jpg --class "tabby cat" ; see attribution cat.jpg --class 5 --method gradient --json
attribution.like: see attribution cat.jpg --like wave.jpg ; see attribution cat.jpg --towards twelve.npy --model net.py:encoder --method gradient
attribution.parts: see attribution cat.jpg --method occlusion --parts regions.png --baseline blurred ; see attribution cat.jpg --method integrated --steps 3 --baseline black
attribution.lite0: see attribution coffee.png --model lite0
attribution.segmenter: see attribution cat.jpg --model net.py:segments --at left.png --class 1 --method gradient
attribution.tokens: see attribution cat.jpg --model net.py:tokens --layer block ; see attribution cat.jpg --model net.py:tokens --method integrated --steps 3
attribution.many: see attribution few --out maps
atlas: see atlas --channel 0-5 --steps 3 --size 48 ; see atlas --channel 0-1 --preset quick --steps 2 --size 48 --json
atlas.photos: see atlas --channel 0-2 --steps 2 --size 48 --photos many --classes 2 --layer conv3_1 --index i.npz
atlas.picture: see atlas --channel 0-3 --steps 2 --size 48 --out atlas.png --film atlas.gif
classify: see classify cat.jpg ; see classify cat.jpg --json
classify.eye: see classify cat.jpg --model eye --count 3 ; see classify coffee.png --model eye --out named.png
classify.many: see classify few ; see classify few --json ; see classify broken --model eye --out named ; see classify cat.jpg coffee.png astronaut.jpg
classify.own: see classify cat.jpg --model net.py:classes ; see classify cat.jpg --model net.py:segments
"""

STYLE = """
reconstruct: style reconstruct cat.jpg --steps 3 --size 96 --json
reconstruct.style: style reconstruct cat.jpg --steps 3 --size 96 --what style --layer relu3_1
reconstruct.board: style reconstruct cat.jpg --steps 2 --size 64 --board
reconstruct.film: style reconstruct grey.png --steps 4 --size 64 --film r.mp4 --rate 0.1 --seed 3
reconstruct.many: style reconstruct few --steps 2 --size 64 --out kept
transfer: style transfer cat.jpg wave.jpg --steps 3 --size 160 ; style transfer cat.jpg wave.jpg --steps 3 --size 128 --json --events e.jsonl
transfer.small: style transfer cat.jpg wave.jpg --steps 4 --size 100 --out painted.png
transfer.lbfgs: style transfer cat.jpg wave.jpg --steps 3 --size 128 --optimiser lbfgs
transfer.w2: style transfer cat.jpg wave.jpg --steps 3 --size 128 --statistics w2
transfer.luminance: style transfer cat.jpg wave.jpg --steps 2 --size 128 --colours luminance
transfer.histogram: style transfer cat.jpg wave.jpg --steps 2 --size 128 --colours histogram
transfer.linear: style transfer cat.jpg wave.jpg --steps 2 --size 128 --colours linear
transfer.masks: style transfer cat.jpg wave.jpg coffee.png --mask left.png --mask right.png --steps 2 --size 128 ; style transfer cat.jpg wave.jpg --mask left.png --steps 2 --size 128 --out one.png
transfer.mix: style transfer cat.jpg wave.jpg stripes.png --mix 2,1 --steps 2 --size 128 ; style transfer cat.jpg wave.jpg stripes.png --steps 2 --size 96 --statistics w2 --out w2.png
transfer.grid: style transfer cat.jpg wave.jpg --grid --steps 1 --size 64 ; style transfer cat.jpg wave.jpg stripes.png --grid --steps 1 --size 64 --json
transfer.state: ^ style transfer cat.jpg wave.jpg --steps 30 --size 128 --state s.state --out p.png ; style transfer cat.jpg wave.jpg --steps 30 --size 128 --state s.state --out p.png ; style transfer cat.jpg wave.jpg --steps 30 --size 128 --state s.state --out q.png
transfer.lbfgs.state: ^ style transfer cat.jpg wave.jpg --steps 30 --size 96 --optimiser lbfgs --state s.state ; style transfer cat.jpg wave.jpg --steps 30 --size 96 --optimiser lbfgs --state s.state
transfer.full: style transfer cat.jpg wave.jpg --steps 2 --size 96 --full
transfer.presets: style transfer cat.jpg wave.jpg --preset sketch --steps 2 --size 96 ; style transfer cat.jpg wave.jpg --preset faithful --steps 2 --size 96 ; style transfer cat.jpg wave.jpg --preset gatys --steps 2 --size 96 ; style transfer cat.jpg wave.jpg --preset johnson --steps 2 --size 96 ; style transfer cat.jpg wave.jpg --preset fast --steps 2 --size 96
transfer.film: style transfer cat.jpg wave.jpg --steps 4 --size 96 --film t.mp4
transfer.noise: style transfer cat.jpg wave.jpg --steps 2 --size 96 --start noise --seed 4
transfer.begin: style transfer cat.jpg wave.jpg --steps 2 --size 96 --begin right.png
transfer.layers: style transfer cat.jpg wave.jpg --steps 2 --size 96 --layers conv1_1 --layers relu3_1 --layer-weights 1 --layer-weights 2 --content-layer relu3_2 --content-weight 0.1 --style-weight 2 --variation 0 --rate 0.05
transfer.strength: style transfer cat.jpg wave.jpg --steps 2 --size 96 --strength 0.5 --style-size 0.5 --balance gatys
transfer.clear: style transfer clear.png grey.png --steps 2 --size 96 ; style transfer grey.png clear.png --steps 2 --size 96
transfer.same: style transfer cat.jpg cat.jpg --steps 2 --size 96
transfer.lite0: style transfer cat.jpg wave.jpg --model lite0 --steps 2 --size 96
transfer.ordinary: {o} style transfer cat.jpg wave.jpg --steps 3 --size 128
transfer.many: style transfer few wave.jpg --steps 2 --size 64 --out painted
photo: style photo cat.jpg coffee.png --steps 3 --size 128 ; style photo cat.jpg coffee.png --steps 2 --size 96 --json --events e.jsonl
photo.masks: style photo cat.jpg coffee.png --content-mask regions.png --style-mask coffee-regions.png --steps 2 --size 128 --json
photo.presets: style photo cat.jpg coffee.png --preset strict --steps 2 --size 96 ; style photo cat.jpg coffee.png --preset free --steps 2 --size 96 --smooth 0 --affine 10
"""

REST = """
tour: tour cat.jpg --within 500 --section filters --section maps --section names --json
tour.drawn: tour cat.jpg --within 500 --section onto --seed 2 --events e.jsonl
tour.none: tour cat.jpg --within 0.01 --out page ; tour cat.jpg --within 0.01 --out page ; tour cat.jpg --within 0.01 --out page --force --json
tour.photos: tour cat.jpg --within 500 --section patches --photos many --model net.py:classes
again: see dream cat.jpg --steps 1 --size 64 ; again cat.dream.jpg --show ; again cat.dream.jpg ; again cat.dream.jpg --json
again.style: style transfer cat.jpg wave.jpg stripes.png --mix 2,1 --steps 1 --size 64 --out p.png ; again p.png --show ; again p.png --json
again.boards: see maximize --steps 2 --size 48 --channel 1,2 --out b.png ; again b.png --quiet ; again cat.jpg
python.doors: @ doors
python.nets: @ nets
python.see: @ see
python.style: @ style
python.mistakes: @ mistakes
python.tour: @ tour
help: {help}
"""

WRONG = """
wrong.commands: sea ; see dreams ; dream cat.jpg ; see ; style transfr ; nothing --json ; models nobody ; models get nobody
wrong.options: see dream cat.jpg --stepps 3 ; see dream cat.jpg --steps ; see dream ; see maps cat.jpg --by size ; see dream cat.jpg --steps three ; see filters more ; layers --side nine
wrong.values: see dream cat.jpg --steps 0 ; see dream cat.jpg --ratio 0.5 ; see dream cat.jpg --preset wilder ; see dream cat.jpg --steps nan ; see maps cat.jpg --range 5 ; see dream cat.jpg --limit 100
wrong.layers: see dream cat.jpg --layer conv9_1 ; see maximize --channel 999 ; see maximize --channel a-b ; see maps cat.jpg --layer fc ; see filters --layer relu1_1 ; see dream cat.jpg --layer conv5_1:9999
wrong.goals: see maximize --goal class:unicorn ; see maximize --goal like ; see maximize --goal "conv4_1:3 -" ; see maximize --like cat.jpg --on coffee.png --steps 1 --size 48 --channel 0 ; see attribution cat.jpg --class unicorn ; see attribution cat.jpg --towards cat.jpg
wrong.pictures: see dream nowhere.jpg ; see dream words.jpg ; see dream broken/bad.jpg ; see maps nofolder/ ; see dream "*.nothing" ; style transfer cat.jpg ; style transfer cat.jpg nowhere.png
wrong.targets: see filters --out cat.jpg ; see filters --out no/where.png ; see filters --out f.xyz ; see dream cat.jpg --out - --json ; see dream cat.jpg --out same.png --film same.png ; see dream few --out d.jpg ; see dream few --film d.mp4 ; see filters --events cat.jpg
wrong.models: layers --model nobody ; layers --model net.py:nothing ; layers --model net.py:refused ; layers --model nowhere.py:build ; see classify cat.jpg --model vgg19 ; see filters --weights cat.jpg ; see filters --device cuda:7 ; see classify cat.jpg --model net.py:build
wrong.masks: see dream cat.jpg --mask misfit.png ; style photo cat.jpg coffee.png --content-mask regions.png ; style transfer cat.jpg wave.jpg --mix 1,2,3 ; style transfer cat.jpg wave.jpg --grid --state s ; style transfer cat.jpg wave.jpg --mask left.png --mask right.png --mask left.png --steps 1 --size 64
wrong.states: style transfer cat.jpg wave.jpg --state words.jpg --steps 1 --size 64 ; again nowhere.png ; again words.jpg ; tour nowhere.jpg ; tour cat.jpg --section nothing ; tour cat.jpg --within -1
"""


@dataclass(frozen=True)
class Case:
    """Commands of one row of the table."""

    name: str
    commands: tuple[str, ...]


def cases() -> list[Case]:
    """All, the short ones first."""
    words = ["--help", "--version", *(f"{name} --help" for name in ("layers", "models", "see", "style", "tour", "again", "models get"))]
    words += [f"{wing} {name} --help" for wing, names in METHODS.items() for name in names]
    ways = "\n".join(f"attribution.{w}: see attribution cat.jpg --method {w} --samples 3 --steps 4 --window 40 --stride 40" for w in WAYS)
    found = []
    for text in (LISTS, SEE, STYLE, REST, WRONG):
        for line in text.strip().splitlines():
            filled = line.replace("{o}", ORDINARY).replace("{ways}", ways).replace("{help}", " ; ".join(words))
            for one in filled.splitlines():
                name, _, commands = one.partition(": ")
                found.append(Case(name, tuple(command.strip() for command in commands.split(" ; "))))
    return found
