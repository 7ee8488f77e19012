"""What the guide to automation rules shows can be used as it stands, and its tables leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from wayline.core.check import Desk
from wayline.core.rule import TRIGGERS, RuleAction, parse_rule
from wayline.core.rule_check import rule_warnings

GUIDE = (Path(__file__).resolve().parents[3] / "docs" / "guides" / "automation-rules.md").read_text()
RULES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)]


@pytest.mark.parametrize("written", RULES, ids=[rule["name"] for rule in RULES])
def test_a_rule_of_the_guide_is_read_without_doubt(written: dict[str, object]) -> None:
    assert rule_warnings(parse_rule(written), Desk()) == []


def test_the_guide_names_every_trigger_and_action() -> None:
    assert all(f"`{trigger}`" in GUIDE for trigger in TRIGGERS)
    models = get_args(get_args(RuleAction)[0])
    words = {get_args(model.model_fields["type"].annotation)[0] for model in models}
    assert [word for word in words if f"`{word}`" not in GUIDE] == []
