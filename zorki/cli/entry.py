"""The door of the command: ready for Ctrl-C before anything slow is imported."""

from __future__ import annotations

from zorki.jobs import interrupt


def main() -> None:
    """Runs the command and exits with its status."""
    interrupt.at_once()
    from zorki.cli.main import main as run

    run()
