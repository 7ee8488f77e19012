"""What the guide to scripts shows can be sent as it stands, and comes to what is said; its tables leave nothing out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from served_desk import Desk
from wayline.actions.script.runner import LIMITS
from wayline.core.script import FUNCTIONS, LOG_LINES_MAX, PARAMETERS, REQUESTS_MAX

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "scripts.md").read_text()


def block(language: str, word: str = "") -> str:
    (found,) = re.findall(rf"^```{language}{' ' + word if word else ''}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_the_script_is_kept_tried_and_comes_to_what_is_said(desk: Desk) -> None:
    root = desk.client(desk.root)
    made = root.post("/api/v1/scripts", json=json.loads(block("json", "request")))
    assert made.status_code == 201, made.text
    assert made.json()["data"]["text"] == block("python")
    address = f"/api/v1/scripts/{made.json()['data']['id']}/run"
    trial = root.post(address, json=json.loads(block("json", "run"))).json()["data"]
    expected = json.loads(block("json", "trial"))
    assert {name: trial[name] for name in expected} == expected


def test_the_rule_and_the_template_are_taken_without_doubt(desk: Desk) -> None:
    root = desk.client(desk.root)
    root.post("/api/v1/scripts", json=json.loads(block("json", "request")))
    rule = root.post("/v1/automation/rules", json=yaml.safe_load(block("yaml", "rule")))
    assert (rule.status_code, rule.json()["warnings"]) == (201, [])
    template = root.post("/api/v1/workflows/templates", json=yaml.safe_load(block("yaml", "template")))
    assert (template.status_code, template.json()["data"]["problems"]) == (201, [])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_guide_names_every_function_with_its_arguments(name: str) -> None:
    (signature,) = re.findall(rf"^\| `core\.{name}\((.*?)\)` ", GUIDE, re.MULTILINE)
    named = [argument.partition("=")[0] for argument in signature.split(", ")]
    assert set(named) - {"…"} <= set(FUNCTIONS[name].arguments)
    left_out = set(FUNCTIONS[name].arguments) - set(named)
    assert [argument for argument in left_out if f"`{argument}`" not in GUIDE] == []


def test_the_guide_names_every_parameter_and_the_limits_as_they_are() -> None:
    assert [name for name in PARAMETERS if f"`{name}`" not in GUIDE] == []
    assert f"| steps | {LIMITS.steps // 1_000_000} million" in GUIDE
    assert f"| processor time | {LIMITS.cpu_s} s" in GUIDE
    assert f"| memory | {LIMITS.memory_bytes // 1024 // 1024} MiB" in GUIDE
    assert f"| calls in calls | {LIMITS.call_depth} " in GUIDE
    assert f"| requests | {REQUESTS_MAX}," in GUIDE
    assert f"| lines logged | {LOG_LINES_MAX}," in GUIDE
