"""Options that exports with a page to try the network on have in common; a Settings class takes them by inheriting."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tried:
    """What kind of file it becomes, and the page on which it runs."""

    to: str = "onnx"
    "kind of the file"
    demo: bool | str = field(default=False, metadata={"file": True})
    "a page too, on which the network runs in a browser, also without a connection; alone, named after the network, or PAGE.html, or a folder"
    runtime: str | None = None
    "for the page: a folder or .tgz of npm's onnxruntime-web, or fetch, which gets it (14 MB) and keeps it; not given: what was fetched before"
