"""YAML is read into plain JSON values; what JSON has no word for is refused with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from wayline.core.yaml_text import MAX_DEPTH, YamlUnreadable, read_yaml

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_read_as_any_yaml_reader_has_them(example: Path) -> None:
    assert read_yaml(example.read_text()) == yaml.safe_load(example.read_text())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("[true, False, yes, on, no]", [True, False, "yes", "on", "no"]),
        ("[1, -2, 012, 1.5, .5, 1e3, 1_000]", [1, -2, 12, 1.5, 0.5, 1000.0, "1_000"]),
        ("[12:30, 2026-03-02, 2026-03-02T09:00:00Z]", ["12:30", "2026-03-02", "2026-03-02T09:00:00Z"]),
        ("['1', \"true\", !!str 2, .inf, .nan, 1e999]", ["1", "true", "2", ".inf", ".nan", "1e999"]),
        ("{1: one, true: yes, null: no}", {"1": "one", "true": "yes", "null": "no"}),
        ("a: &x [1, 2]\nb: *x\nc: [*x]", {"a": [1, 2], "b": [1, 2], "c": [[1, 2]]}),
        ("text: |\n  two\n  lines\n", {"text": "two\nlines\n"}),
        ('{"json": ["is", {"yaml": null}]}', {"json": ["is", {"yaml": None}]}),
    ],
)
def test_values_are_what_is_written(text: str, value: Any) -> None:
    assert read_yaml(text) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "line 2, column 1: a is written twice"),
        ("a: [1", "line"),
        ("a: 1\n--- \nb: 2", "a second document begins"),
        ("? [a]\n: 1", "a key is a plain text"),
        ("? *x\n: 1", "a key is a plain text"),
        ("a: &x [*x]", "stands for nothing that ends before it"),
        ("a: *x", "stands for nothing that ends before it"),
        ("a: !!python/object/apply:os.system ['true']", "means nothing here"),
        ("a: !!binary aGk=", "means nothing here"),
        ('a: "\\0"', "characters that no text has"),
        ("\x01", "control characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(YamlUnreadable, match=said.replace("*", r"\*").replace("?", r"\?")):
        read_yaml(text)


@pytest.mark.parametrize("opening", ["[", "- ", "{a: "])
def test_deep_nesting_is_refused_and_not_followed(opening: str) -> None:
    with pytest.raises(YamlUnreadable, match=f"nested more than {MAX_DEPTH} levels"):
        read_yaml(opening * 100_000)


def test_aliases_of_aliases_do_not_multiply_without_end() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
    with pytest.raises(YamlUnreadable, match="values"):
        read_yaml(bomb)
