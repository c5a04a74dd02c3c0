"""The program under test, and the commands of it that end by themselves."""

import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]


def program() -> str:
    path = os.environ.get("SLUICE", str(REPOSITORY / ".build/release/sluice"))
    assert os.access(path, os.X_OK), f"{path}: no such program; build it, or set SLUICE"
    return path


def run(*arguments: str, folder=None, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """Runs a command of it to its end; its output is text."""
    return subprocess.run(
        [program(), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=15,
        cwd=folder,
        env={**os.environ, **(environment or {})},
    )
