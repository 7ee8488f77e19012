"""The OpenAPI document: valid, complete, and true of the answers it describes."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest
from jsonschema import Draft202012Validator

from served_desk import Desk
from wayline.api.app import RESOURCES
from wayline.api.problems import STATUS

API = "/api/v1"
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(sqlite_desk: Desk) -> dict[str, Any]:
    """As anybody gets it."""
    answer = sqlite_desk.http.get("/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, o) for path, item in document["paths"].items() for method, o in item.items()]


def test_the_document_has_the_parts_openapi_3_1_asks_for(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= document["info"].keys()
    tags = [tag["name"] for tag in document["tags"]]
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(tags) == len(set(tags))
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
    for path, method, operation in operations(document):
        assert path.startswith("/")
        assert method in METHODS
        assert set(operation["tags"]) <= set(tags)
        assert operation["responses"], path
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[2345]\d\d", status)
            assert response["description"]
        named = [(p["name"], p["in"]) for p in operation.get("parameters", [])]
        assert len(named) == len(set(named)), path
        assert {n for n, where in named if where == "path"} == set(re.findall(r"{(\w+)}", path)), path


def test_every_schema_is_a_json_schema_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert re.fullmatch(r"[\w.-]+", name)
        Draft202012Validator.check_schema(schema)
    for _, _, operation in operations(document):
        for content in [operation.get("requestBody", {}), *operation["responses"].values()]:
            for media in content.get("content", {}).values():
                Draft202012Validator.check_schema(media["schema"])
        for parameter in operation.get("parameters", []):
            Draft202012Validator.check_schema(parameter["schema"])
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for item in value.values() for found in references(item)]
    return []


def test_every_route_is_in_it(document: dict[str, Any]) -> None:
    routed = {(path, method.lower()) for resource in RESOURCES for method, path, _ in resource.handlers}
    assert {(path, method) for path, method, _ in operations(document)} == routed


def test_every_documented_status_is_one_the_server_has(document: dict[str, Any]) -> None:
    done = {200, 201, 202, 204, 303, 307}
    for path, method, operation in operations(document):
        statuses = {int(status) for status in operation["responses"]}
        assert len(statuses & done) == 1, (path, method)
        assert statuses - done <= {*STATUS.values(), 422}, (path, method)


def test_who_needs_no_credential_is_refused_for_none(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        is_public = operation.get("security") == []
        assert ("403" in operation["responses"]) is not is_public, (path, method)


def test_every_endpoint_that_wants_a_credential_says_401_without(sqlite_desk: Desk, document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if operation.get("security") == []:
            continue
        answer = sqlite_desk.http.request(method, re.sub(r"{\w+}", "x", path))
        assert answer.status_code == 401, (path, method)
        fits(document, answer.json(), operation["responses"]["401"])


def test_main_answers_are_as_described(sqlite_desk: Desk, document: dict[str, Any]) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    fields = [{"name": "model", "label": "Model", "type": "text", "required": True}]
    steps = [
        {"id": "details", "type": "form", "assignee": {"user": sqlite_desk.root.id}, "fields": fields, "next": "agree"},
        {"id": "agree", "type": "approval", "approvers": [{"user": sqlite_desk.dee.id}]},
    ]
    trigger = {"type": "ticket_type", "ticket_type": "service_request"}
    definition = {"name": "Laptop", "trigger": trigger, "steps": steps}

    def called(method: str, path: str, template: str, body: Any = None) -> Any:
        answer = root.request(method, API + path, json=body)
        described = document["paths"][API + template][method.lower()]["responses"]
        assert str(answer.status_code) in described, answer.text
        fits(document, answer.json(), described[str(answer.status_code)])
        return answer.json().get("data")

    template = called("POST", "/workflows/templates", "/workflows/templates", definition)
    called("GET", "/workflows/templates", "/workflows/templates")
    called("GET", f"/workflows/templates/{template['id']}", "/workflows/templates/{id}")
    called("POST", "/workflows/templates/check", "/workflows/templates/check", {"name": "?", "steps": []})
    called("POST", "/workflows/templates", "/workflows/templates", {"name": "?", "steps": []})
    ticket = called("POST", "/tickets", "/tickets", {"type": "service_request", "title": "Laptop", "custom": {"x": 1}})
    called("GET", "/tickets", "/tickets")
    called("GET", f"/tickets/{ticket['number']}", "/tickets/{id}")
    called("GET", "/tickets/INC-999999", "/tickets/{id}")
    called("POST", f"/tickets/{ticket['id']}/comments", "/tickets/{id}/comments", {"text": "Soon"})
    called("GET", f"/tickets/{ticket['id']}/comments", "/tickets/{id}/comments")
    run_id = ticket["workflow_instances"][0]
    of_step = "/workflows/instances/{id}/steps/{sid}/complete"
    completing = f"/workflows/instances/{run_id}/steps/details/complete"
    called("POST", completing, of_step, {"form_data": {}})
    called("POST", completing, of_step, {"form_data": {"model": "13 inch"}})
    called("POST", completing, of_step, {"form_data": {"model": "13 inch"}})
    called("POST", f"/workflows/instances/{run_id}/steps/agree/complete", of_step, {"decision": "approve"})
    called("GET", f"/workflows/instances/{run_id}", "/workflows/instances/{id}")
    called("POST", f"/workflows/instances/{run_id}/cancel", "/workflows/instances/{id}/cancel")
    called("GET", "/workflows/instances", "/workflows/instances")
    called("GET", f"/workflows/ticket/{ticket['id']}", "/workflows/ticket/{ticket_id}")


def fits(document: dict[str, Any], answer: Any, described: dict[str, Any]) -> None:
    """Assert that an answer is as its schema says, formats too."""
    schema = {**described["content"]["application/json"]["schema"], "components": document["components"]}
    jsonschema.validate(answer, schema, cls=Draft202012Validator, format_checker=Draft202012Validator.FORMAT_CHECKER)
