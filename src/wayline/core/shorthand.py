"""Shorthands that validators understand, said in the published JSON Schema too, so that editors take what we take."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def or_one(schema: dict[str, Any]) -> None:
    """A field that is a list may be written as its one item."""
    array = {name: schema.pop(name) for name in ("type", "items", "minItems", "maxItems") if name in schema}
    items = array["items"]
    schema["anyOf"] = [array, *items.get("anyOf", [items])]


def both_names(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """A field with an alias may be written by either name."""
    properties = schema["properties"]
    for name, field in model.model_fields.items():
        if field.alias in properties:
            properties[name] = {k: v for k, v in properties[field.alias].items() if k != "title"}
