"""The bytes of a log: unpacked when packed, in bounded pieces, knowing how far into the file they reach."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from wayline.eventlog.event import EventLogError

PIECE_BYTES: Final = 64 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"


class Source:
    """One open log. `head` is its first piece (unpacked), which `pieces()` hands over again."""

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        self.name = path.name
        self.size_bytes = path.stat().st_size
        self._raw = raw
        self.packed = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        raw.seek(0)
        self._stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if self.packed else raw
        self.unpacked_bytes = 0
        self.head = self._piece()

    @property
    def bytes_read(self) -> int:
        """How much of the file, as it lies on disk, has been read."""
        return self._raw.tell()

    def pieces(self) -> Iterator[bytes]:
        """The unpacked bytes, at most `PIECE_BYTES` at a time. Raises `cut_short`, `corrupt_gzip`, `unreadable`."""
        piece = self.head
        while piece:
            yield piece
            piece = self._piece()

    def place(self, detail: str = "") -> str:
        """The file's name with `detail` behind it."""
        return f"{self.name}, {detail}" if detail else self.name

    def at_byte(self, index: int) -> str:
        """`byte 18231`, saying so when it is counted in the unpacked text."""
        return f"byte {index} unpacked" if self.packed else f"byte {index}"

    def _piece(self) -> bytes:
        try:
            # read1: a plain read() would throw away what it had unpacked when it comes upon the cut
            piece = cast(bytes, self._stream.read1(PIECE_BYTES))  # type: ignore[attr-defined]
        except EOFError as cut:
            raise self._broken("cut_short", f"the gzip file ends too early, at byte {self.bytes_read}") from cut
        except (gzip.BadGzipFile, zlib.error) as broken:
            raise self._broken("corrupt_gzip", f"the gzip file is damaged near byte {self.bytes_read}") from broken
        except OSError as failed:
            raise self._broken("unreadable", f"it cannot be read: {failed.strerror or failed}") from failed
        self.unpacked_bytes += len(piece)
        return piece

    def _broken(self, code: str, message: str) -> EventLogError:
        return EventLogError(code, message, self.place(self.at_byte(self.unpacked_bytes)))


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The log at `path`, closed again afterwards. Raises `unreadable`, and `empty_file` when there is nothing in it."""
    try:
        raw = path.open("rb")
    except OSError as failed:
        raise EventLogError("unreadable", f"it cannot be opened: {failed.strerror or failed}", str(path)) from failed
    with raw:
        source = Source(path, raw)
        if not source.head:
            raise EventLogError("empty_file", "there is nothing in it", source.name)
        yield source
