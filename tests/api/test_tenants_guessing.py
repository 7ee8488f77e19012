"""Tenants apart, everywhere: each endpoint with an id in its path, called by Zed's admin with the ids of what Acme
has. Endpoints are those of `/openapi.json`, so that a new one is walked without anybody thinking of it."""

from __future__ import annotations

from typing import Any

from tenants_things import things_of, with_ids

from served_desk import Desk

API = "/api/v1"
# Where the schema alone does not say what belongs together: a request that would do something at home.
SENSIBLE: dict[str, dict[str, Any]] = {
    "migrate-runs": {"json": {"to_version": 1, "all": True}},
    "links": {"json": {"kind": "relates_to", "number": "INC-000001"}},
    "intervals": {"params": {"from": "2031-01-01T00:00:00Z", "to": "2031-01-02T00:00:00Z"}},
}


def test_nobody_reaches_what_another_tenant_has_by_guessing_ids(desk: Desk) -> None:
    acmes = things_of(desk)
    zoe = desk.client(desk.zoe)
    document = zoe.get("/openapi.json").json()
    before = everything(desk)
    walked = 0
    for path, item in document["paths"].items():
        if "{" not in path:
            continue
        named = with_ids(path, acmes)
        for method, operation in item.items():
            asked = SENSIBLE.get(path.rpartition("/")[2]) or body_for(document, operation)
            answer = zoe.request(method, named, **asked)
            assert answer.status_code == 404, f"{method} {named}: {answer.text}"
            walked += 1
    assert walked > 50
    assert everything(desk) == before


def body_for(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    """A body an endpoint would take as far as names and kinds of fields go."""
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return {"files": {"file": ("a.txt", b"x", "text/plain")}}
    if "application/json" not in content:
        return {}
    schema = resolved(document, content["application/json"]["schema"])
    required = schema.get("required", [])
    return {"json": {name: sample(document, schema["properties"][name]) for name in required}}


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def sample(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    schema = resolved(document, schema)
    if "anyOf" in schema:
        return sample(document, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2031-01-01T00:00:00Z"
    kinds: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
    return kinds.get(schema.get("type", "string"), "x")


def everything(desk: Desk) -> list[Any]:
    """What Acme's people see of all they have, but for when credentials were last used."""
    root = desk.client(desk.root)
    lists = ("/workflows/templates", "/workflows/instances", "/tickets", "/users", "/groups", "/views", "/calendars")
    seen = [root.get(f"{API}{path}").json()["data"] for path in lists]
    seen += [root.get(path).json()["data"] for path in ("/v1/automation/rules", "/v1/workflows")]
    return [*seen, [t["id"] for t in root.get(f"{API}/tokens").json()["data"]]]
