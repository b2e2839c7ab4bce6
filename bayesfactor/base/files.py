"""Atomic writing of files, and what tells their contents apart."""

import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

SPARE = 2**20  # bytes of a file beside its arrays: names, attributes, tables of contents


def digest(paths: Iterable[Path]) -> str:
    """Return 16 hexadecimal digits that change with any byte of these files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def require_writable(folder: Path) -> None:
    """Raise an OSError if no file can be created in a folder."""
    tempfile.TemporaryFile(dir=folder).close()


def require_room(folder: Path, size: int) -> None:
    """Raise an OSError if a file system has less free space than `size` bytes, where HDF5 would crash."""
    usage = shutil.disk_usage(folder)
    if usage.total and usage.free < size + SPARE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def write_whole(target: Path, content: bytes) -> None:
    """Write a file atomically: under a temporary name first, which is removed after an error or an interrupt.

    An existing file is replaced. A device or a pipe is written to directly.

    Raises
    ------
    OSError, ValueError
        When it cannot be written.
    """
    target = Path(os.path.realpath(target))  # a link remains a link
    if target.exists() and not target.is_file():
        target.write_bytes(content)
        return
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content)
        os.replace(part, target)
    finally:
        with suppress(OSError, ValueError):  # a read-only file system raises here again
            part.unlink(missing_ok=True)
