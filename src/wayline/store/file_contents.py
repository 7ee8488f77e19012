"""Where the contents of uploaded files are: under their own hash, so that the same content is there once.

A content is written under another name, forced to the disk and then given its own, so that nobody ever reads half of
one, and what was acknowledged survives a loss of power.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

CHUNK_BYTES = 256 * 1024


class Content(msgspec.Struct, frozen=True):
    """What is known of a content: SHA-256 in hexadecimal, and its length."""

    sha256: str
    size_bytes: int


class FileContents(Protocol):
    """A place for contents. Both calls block; call them off the event loop."""

    def keep(self, source: BinaryIO) -> Content:
        """Keep all that is left to read of `source`."""

    def open(self, sha256: str) -> BinaryIO:
        """A kept content, from its beginning; the caller closes it. FileNotFoundError when there is none."""


class DirectoryContents:
    """Contents as files `ab/cd/abcd…` in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, source: BinaryIO) -> Content:
        """See FileContents."""
        arriving = self._directory / "arriving"
        arriving.mkdir(parents=True, exist_ok=True)
        path = arriving / uuid.uuid4().hex
        try:
            content = _copy(source, path)
            kept = self._path_of(content.sha256)
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                path.replace(kept)
                _force(kept.parent, kept.parent.parent, self._directory)
        finally:
            path.unlink(missing_ok=True)
        return content

    def open(self, sha256: str) -> BinaryIO:
        """See FileContents."""
        return self._path_of(sha256).open("rb")

    def _path_of(self, sha256: str) -> Path:
        return self._directory / sha256[:2] / sha256[2:4] / sha256


def _copy(source: BinaryIO, path: Path) -> Content:
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("xb") as file:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Content(sha256=digest.hexdigest(), size_bytes=size_bytes)


def _force(*directories: Path) -> None:
    """A new name is on the disk only once its directory is, and that one's name once the next one is."""
    for directory in directories:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
