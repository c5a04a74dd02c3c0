"""The load and the upstream of the benchmark, in C: measurements must not be of Python."""

import shutil
import subprocess
from pathlib import Path

from .program import REPOSITORY


def compiled(name: str, folder: Path) -> str:
    """Compiles bench/NAME.c and returns the program's path."""
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    assert compiler, "there is no C compiler; install gcc, or put the Swift toolchain's clang on the PATH"
    program = folder / name
    if not program.exists():
        subprocess.run([compiler, "-O2", "-o", str(program), str(REPOSITORY / "bench" / f"{name}.c")], check=True)
    return str(program)
