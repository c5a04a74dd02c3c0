"""A disk so small that it can be filled."""

import errno
import os
import subprocess
from pathlib import Path


class SmallDisk:
    """A file system of its own, in memory, mounted at `folder`. It takes root, as in a container."""

    def __init__(self, folder: Path, megabytes: int):
        self.folder = folder
        self._ballast = folder / "ballast"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], check=True)

    def fill(self) -> None:
        """Leaves no room for another byte."""
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in [1 << 20, 1 << 12]:
                try:
                    while True:
                        os.write(descriptor, bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC, error
        finally:
            os.close(descriptor)

    def clear(self) -> None:
        """There is room again."""
        self._ballast.unlink()

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)
