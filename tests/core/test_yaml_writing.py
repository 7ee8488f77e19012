"""A definition is written as YAML that reads back as the same definition, always in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from wayline.core.yaml_text import read_yaml
from wayline.core.yaml_writing import write_yaml

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").rglob("*.yaml"))

texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
    st.lists(st.sampled_from(["", " ", "a", "- b", "# c", "d: e", "…", "{{ x }}", "\t", "'", '"']), max_size=6).map(
        "\n".join
    ),
    st.sampled_from(
        ["1e5", "012", "yes", "null", "~", "=", "<<", "2026-03-02", "12:30", "0x1F", "---", "...", "x" * 300]
    ),
)
values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
definitions = st.dictionaries(st.one_of(st.sampled_from(["steps", "name", "actions"]), texts), values, max_size=5)


@given(definitions)
@example({"steps": [{"message": "kept\n\n"}, {"message": "last\n"}], "layout": {}})
@example({"name": "a", "steps": [{"a": "\n"}, {"b": " first\nsecond"}, {"c": "tail \nx"}, "text", ["x"], None]})
@example({"\n": {"\u2028": "\x85"}, "": "", "?": [[[]], {}]})
def test_what_is_written_reads_back_as_it_was(definition: dict[str, Any]) -> None:
    read = read_yaml(write_yaml(definition))
    assert _spelled(read) == _spelled(definition)
    assert write_yaml(read) == write_yaml(definition)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_written_again_is_the_same_to_any_reader(path: Path) -> None:
    definition = read_yaml(path.read_text())
    written = write_yaml(definition)
    assert read_yaml(written) == definition == yaml.safe_load(written)
    assert list(read_yaml(written)) == list(definition)


def test_small_things_stand_on_one_line_and_long_ones_on_their_own() -> None:
    definition = {
        "name": "Loan of a beamer",
        "trigger": {"type": "ticket_type", "ticket_type": "service_request", "subtype": "beamer"},
        "steps": [
            {
                "id": "ask",
                "type": "form",
                "assignee": {"requester": True},
                "fields": [
                    {"name": "days", "type": "number"},
                    {"name": "room", "type": "select", "options": ["1", "2a"]},
                ],
                "next": "tell",
            },
            {
                "id": "tell",
                "type": "automatic",
                "action": {"type": "send_notification", "message": "Dear all,\n\nit is on its way.\n"},
            },
        ],
    }
    assert (
        write_yaml(definition)
        == """\
name: Loan of a beamer
trigger: {type: ticket_type, ticket_type: service_request, subtype: beamer}

steps:
  - id: ask
    type: form
    assignee: {requester: true}
    fields:
      - {name: days, type: number}
      - {name: room, type: select, options: ['1', 2a]}
    next: tell

  - id: tell
    type: automatic
    action:
      type: send_notification
      message: |
        Dear all,

        it is on its way.
"""
    )


def _spelled(value: Any) -> Any:
    """Equal only when types and the order of names are equal too."""
    return repr(value)
