"""The palette and the format, as the designer and editors read them."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
from templates_at_a_desk import laptop

from served_desk import Desk
from wayline.core.steps.catalogue import offered
from wayline.core.yaml_text import read_yaml

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def test_the_palette_has_every_step_type_with_its_words_and_its_schema(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.client(sqlite_desk.dee).get("/api/v1/workflows/step-types").json()
    assert [kind["type"] for kind in answer["data"]] == [kind.type for kind in offered()]
    assert answer["meta"]["total"] == len(offered())
    for kind in answer["data"]:
        assert kind["name"]
        assert kind["description"]
        assert isinstance(kind["outcomes"], list)
        jsonschema.Draft202012Validator.check_schema(kind["schema"])
    form = next(kind for kind in answer["data"] if kind["type"] == "form")
    assert form["outcomes"] == ["submitted"]
    assert "fields" in form["schema"]["properties"]


def test_the_palette_is_for_those_who_may_read_templates(sqlite_desk: Desk) -> None:
    assert sqlite_desk.client(sqlite_desk.bo).get("/api/v1/workflows/step-types").status_code == 403
    assert sqlite_desk.http.get("/api/v1/workflows/step-types").status_code == 401


def test_an_editor_fetches_the_schema_without_signing_in(sqlite_desk: Desk) -> None:
    schema = sqlite_desk.http.get("/api/v1/workflows/template-schema").json()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(laptop(), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "x", "steps": [{"id": "a", "type": "dance"}]}, schema)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_fit_the_schema(sqlite_desk: Desk, example: Path) -> None:
    schema = sqlite_desk.http.get("/api/v1/workflows/template-schema").json()
    jsonschema.validate(read_yaml(example.read_text()), schema)
