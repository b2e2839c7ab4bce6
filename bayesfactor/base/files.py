"""Files that are there as a whole or not at all."""

import errno
import os
import shutil
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

SPARE = 2**20  # beside the arrays of a file: names, attributes, tables of contents


def require_writable(folder: Path) -> None:
    """Raise an OSError where no file can be made in a folder."""
    tempfile.TemporaryFile(dir=folder).close()


def require_room(folder: Path, size: int) -> None:
    """Raise an OSError where a file system has no room for so many bytes: HDF5 crashes when it finds out by itself."""
    usage = shutil.disk_usage(folder)
    if usage.total and usage.free < size + SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write_whole(target: Path, content: bytes) -> None:
    """Write a file under another name first; nothing is left behind where it cannot be written, or is interrupted.

    What stands there is replaced. A device or a pipe is written to as it is.

    Raises
    ------
    OSError, ValueError
        When it cannot be written.
    """
    target = Path(os.path.realpath(target))  # a link stays one
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content)
        os.replace(part, target)
    finally:
        with suppress(OSError, ValueError):  # a file system that cannot be written says so here once more
            part.unlink(missing_ok=True)
