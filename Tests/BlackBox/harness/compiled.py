"""Load and upstreams in C, the benchmark's and the tests' own: measurements must not be of Python."""

import shutil
import subprocess
from pathlib import Path

from .program import REPOSITORY


def compiled(name: str, folder: Path) -> str:
    """Compiles NAME.c of bench or of this folder and returns the program's path."""
    compiler = shutil.which("cc") or shutil.which("clang") or shutil.which("gcc")
    assert compiler, "there is no C compiler; install gcc, or put the Swift toolchain's clang on the PATH"
    program = folder / name
    if not program.exists():
        folders = [REPOSITORY / "bench", Path(__file__).parent]
        source = next(folder / f"{name}.c" for folder in folders if (folder / f"{name}.c").exists())
        subprocess.run([compiler, "-O2", "-o", str(program), str(source)], check=True)
    return str(program)
