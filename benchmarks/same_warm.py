"""A process that has read torch and the other libraries, but nothing of Zorki, and becomes a command, again and again, by forking.

For `benchmarks.same --warm`. It reads a JSON line for each command (line, cwd, env, stdout, stderr), answers with the pid, then with the
exit status.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import sys
import traceback
from contextlib import suppress
from typing import Any

READ = (
    "torch", "torch.fx", "torch.nn.functional", "torch.utils._python_dispatch", "numpy", "scipy.ndimage", "scipy.optimize", "scipy.linalg",
    "PIL.Image", "PIL.ImageCms", "PIL.ImageDraw", "PIL.ImageFont", "pillow_heif", "imagecodecs", "tifffile", "av", "rich.console", "rich.table",
    "jinja2", "platformdirs", "safetensors.torch", "filelock", "torch.export",
    "torch._dynamo", "torch._inductor", "torch.onnx", "torch.distributed.tensor", "torch._decomp.decompositions", "torch._numpy", "cyclopts", "html", "tomllib", "PIL.WebPImagePlugin", "PIL.AvifImagePlugin", "PIL.GifImagePlugin", "PIL.JpegImagePlugin", "PIL.PngImagePlugin",
)  # fmt: skip


def become(task: dict[str, Any]) -> None:
    """In a child: is the command from here on, as far as it can tell."""
    os.chdir(task["cwd"])
    os.environ.clear()
    os.environ.update(task["env"])
    null = os.open(os.devnull, os.O_RDONLY)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(task[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), number)
    os.dup2(null, 0)
    sys.stdin = os.fdopen(0, closefd=False)
    line, status = task["line"], 0
    try:
        taken(task["cwd"], line)
    except SystemExit as e:
        status = e.code if isinstance(e.code, int) else bool(e.code)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # taking torch to pieces would take longer than most commands


def taken(folder: str, line: list[str]) -> None:
    """Runs what Python would run with these words."""
    if line[0] == "-m":
        sys.path.insert(0, folder)
        sys.argv = [line[1], *line[2:]]
        runpy.run_module(line[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = line[1:]  # behind -P
        runpy.run_path(line[1], run_name="__main__")


def served() -> dict[str, Any] | None:
    """In a child its task; in the parent None, at the end."""
    for text in sys.stdin:
        task: dict[str, Any] = json.loads(text)
        pid = os.fork()
        if not pid:
            return task
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
    return None


if __name__ == "__main__":
    for module in READ:
        with suppress(ImportError):
            importlib.import_module(module)
    gc.collect()
    gc.freeze()  # so that a child need not copy all that it looks through
    print("ready", flush=True)
    found = served()
    if found is not None:
        become(found)
