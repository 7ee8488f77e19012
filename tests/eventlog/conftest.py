"""Small logs for the promises on event logs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from wayline.eventlog.event import EventLogError
from wayline.eventlog.reading import read_cases


@pytest.fixture
def log(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a log of that name and content."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


@pytest.fixture
def refusal() -> Callable[..., EventLogError]:
    """Reads a log to its end, which must fail, and hands over how."""

    def read(path: Path, **how: object) -> EventLogError:
        with pytest.raises(EventLogError) as refused:
            list(read_cases(path, **how))  # type: ignore[arg-type]
        return refused.value

    return read
