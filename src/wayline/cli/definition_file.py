"""Reading definitions from a file a person wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from wayline.core.yaml_text import YamlUnreadable, read_yaml_documents

ENDINGS: Final = (".yaml", ".yml", ".json")
MAX_BYTES: Final = 16 * 1024 * 1024


class DefinitionUnreadable(ValueError):
    """The file is no definition; the text says why, with the line where that is known."""


def read_definition(path: Path) -> Any:
    """What the YAML or JSON (which is YAML too) file says, as plain JSON values. Raises DefinitionUnreadable."""
    found = read_definitions(path)
    if len(found) > 1:
        raise DefinitionUnreadable(f"it has {len(found)} documents where one is wanted")
    return found[0]


def read_definitions(path: Path) -> list[Any]:
    """What each document of the file says, at least one; empty ones beside others are passed over. Raises
    DefinitionUnreadable."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DefinitionUnreadable(f"it has more than {MAX_BYTES:,} bytes")
        documents = read_yaml_documents(path.read_text(encoding="utf-8-sig"))
    except OSError as failed:
        raise DefinitionUnreadable(f"it cannot be opened: {failed.strerror or failed}") from failed
    except UnicodeDecodeError as wrong:
        raise DefinitionUnreadable(f"it is not UTF-8: {wrong}") from wrong
    except YamlUnreadable as wrong:
        raise DefinitionUnreadable(f"it is neither YAML nor JSON: {wrong}") from wrong
    return [document for document in documents if document is not None] or [None]
