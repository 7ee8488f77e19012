"""The desk's definitions as texts, each under the name of its file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from wayline.core.yaml_writing import write_yaml
from wayline.engine.rule_publishing import written
from wayline.store.rules import rules_in_order
from wayline.store.scripts import StoredScript, every_script
from wayline.store.templates import kept_names, published_definitions

RULES, SCRIPTS = Path("rules"), Path("scripts")
MAX_NAME_CHARS = 60
"""Of a file, ending aside; file systems allow 255 bytes."""


class Exported(msgspec.Struct, frozen=True):
    """Texts by the path of their file, below the folder of the export; and the names of what was left out, because
    something newer is called the same."""

    files: dict[Path, str]
    left_out: tuple[str, ...]


def exported_from(connection: sa.Connection, tenant_id: str) -> Exported:
    """Everything a tenant has that can be written to files: templates at the top, rules in `rules`, scripts in
    `scripts`."""
    published = {found[0]: found[1:] for found in published_definitions(connection, tenant_id)}
    in_order = [template_id for template_id, _ in kept_names(connection, tenant_id) if template_id in published]
    rules = sorted(rules_in_order(connection, tenant_id=tenant_id), key=lambda rule: (rule.created_at, rule.id))
    templates = _in_files([published[template_id] for template_id in in_order])
    written_rules = _in_files([(rule.name, written(rule)) for rule in rules], RULES)
    scripts = _in_files([(script.name, _script(script)) for script in every_script(connection, tenant_id)], SCRIPTS)
    return Exported(
        files={**templates.files, **written_rules.files, **scripts.files},
        left_out=(*templates.left_out, *written_rules.left_out),
    )


def _script(script: StoredScript) -> dict[str, Any]:
    said = {"description": script.description} if script.description is not None else {}
    return {"name": script.name, **said, "text": script.text}


def _in_files(definitions: Iterable[tuple[str, dict[str, Any]]], folder: Path = Path()) -> Exported:
    """The last of a name is written."""
    files: dict[Path, str] = {}
    newest: dict[str, tuple[str, dict[str, Any]]] = {}
    left_out: list[str] = []
    for name, definition in definitions:
        known = newest.get(name.strip().lower())
        if known is not None:
            left_out.append(known[0])
        newest[name.strip().lower()] = (name, definition)
    for name, definition in sorted(newest.values(), key=lambda pair: pair[0]):
        files[_free(folder, file_name(name), files)] = write_yaml(definition)
    return Exported(files=files, left_out=tuple(left_out))


def file_name(name: str) -> str:
    """What a file is called that holds something of this name: `Laptop request` is in `laptop-request`."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", name.casefold()))
    return "-".join(words)[:MAX_NAME_CHARS].strip("-_") or "unnamed"


def _free(folder: Path, wanted: str, taken: dict[Path, str]) -> Path:
    """The path for such a file, with a number where others want the same."""
    path, number = folder / f"{wanted}.yaml", 2
    while path in taken:
        path, number = folder / f"{wanted}-{number}.yaml", number + 1
    return path
