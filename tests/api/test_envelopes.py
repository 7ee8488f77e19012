"""Which envelope a path speaks, and what a refusal looks like in it (contract 000, "Which envelope").

Each refusal is one the server really gives: an unknown path, a missing credential, a wrong method. Those of surfaces'
own endpoints are made from the refusal itself, by the one function that makes them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from served_desk import Desk
from wayline.api.problems import answer_to, surface_of
from wayline.core.refusals import Issue, Refusal, invalid
from wayline.engine.door import Overloaded

RUN = "01a1fdd9-7543-75da-ac65-bb6231bba515"
AT = datetime(2031, 5, 1, 12, tzinfo=UTC)
TWO_ISSUES = invalid(Issue("name", "Too long."), Issue("name", "Not printable."), Issue("fields[0].type", "No type."))


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/v1/workflows", "001"),
        ("/v1/no-such-thing", "001"),
        (f"/api/v1/workflows/{RUN}", "002"),
        (f"/api/v1/workflows/{RUN}/pause", "002"),
        ("/api/v1/workflows", "002"),
        ("/api/v1/workflows/not-a-uuid", "002"),
        ("/api/v1/workflows/templates-of-mine", "002"),
        ("/api/v1/workflows/a\nb/pause", "002"),
        ("/api/v1/callbacks/x", "002"),
        ("/api/v1/webhooks", "002"),
        ("/api/v1/webhooks/x/deliveries", "002"),
        ("/api/v1/workflow/queues", "004"),
        ("/api/v1/workflow/no-such-thing", "004"),
        ("/api/create_ticket", "004"),
        ("/api/idempotency_key", "004"),
        ("/api/create_tickets", "000"),
        ("/api/v1/workflows/templates", "000"),
        (f"/api/v1/workflows/templates/{RUN}", "000"),
        ("/api/v1/workflows/templates/not-a-uuid", "000"),
        ("/api/v1/workflows/instances/not-a-uuid", "000"),
        ("/api/v1/workflows/instantiate", "000"),
        ("/api/v1/workflows/ticket/INC-000001", "000"),
        ("/api/v1/workflows/step-types", "000"),
        ("/api/v1/inbox", "000"),
        ("/api/v1/dispatches/x", "000"),
        ("/v1", "000"),
        ("/no-such-thing", "000"),
    ],
)
def test_a_path_speaks_one_surface(path: str, surface: str) -> None:
    assert surface_of(path) == surface


def test_unknown_things_of_the_desk_are_404_in_its_envelope(sqlite_desk: Desk) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    for path in ("/no-such-thing", "/api/v1/no-such-thing", "/api/v1/workflows/templates/not-a-uuid"):
        answer = root.get(path)
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert answer.json().keys() == {"error"}
        assert error.keys() == {"code", "message"}
        assert error["code"] == "NOT_FOUND"


def test_unknown_things_of_executions_are_404_in_theirs(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.client(sqlite_desk.root).get("/v1/no-such-thing")
    assert answer.status_code == 404
    said = answer.json()
    assert said.keys() == {"success", "error"}
    assert said["success"] is False
    assert said["error"].keys() == {"code", "message", "details", "requestId", "timestamp", "path"}
    assert said["error"]["code"] == "NOT_FOUND"
    assert said["error"]["details"] == {}
    assert said["error"]["path"] == "/v1/no-such-thing"
    assert said["error"]["requestId"] == answer.headers["x-request-id"]
    now = sqlite_desk.wayline.clock.now().timestamp()
    assert isinstance(said["error"]["timestamp"], int)
    assert abs(said["error"]["timestamp"] - now) < 60


@pytest.mark.parametrize("path", ["/api/v1/workflows/not-a-uuid", "/api/v1/callbacks/x/y", "/api/v1/webhooks/a/b/c"])
def test_unknown_things_of_runs_are_404_in_theirs(sqlite_desk: Desk, path: str) -> None:
    answer = sqlite_desk.client(sqlite_desk.root).get(path)
    assert answer.status_code == 404
    said = answer.json()
    assert said.keys() == {"data", "errors", "meta"}
    assert said["data"] is None
    assert [e["code"] for e in said["errors"]] == ["NOT_FOUND"]
    assert said["errors"][0].keys() == {"code", "message", "field"}
    assert said["errors"][0]["field"] is None
    assert said["meta"].keys() == {"request_id", "timestamp"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", said["meta"]["timestamp"])


def test_unknown_things_of_administration_are_404_in_theirs(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.client(sqlite_desk.root).post("/api/v1/workflow/no-such-thing", json={})
    assert answer.status_code == 404
    assert answer.json() == {"message": "Path not found."}


def test_the_desk_says_every_issue_with_400(sqlite_desk: Desk) -> None:
    said = sqlite_desk.client(sqlite_desk.bo).post("/api/v1/tickets", json={"type": "x", "priority": "P9"})
    assert said.status_code == 400
    error = said.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert {i["path"] for i in error["details"]["issues"]} == {"type", "priority", "title"}
    assert all(i.keys() == {"path", "message", "code"} for i in error["details"]["issues"])


def test_nobody_is_told_how_to_say_who_they_are(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.http.get("/api/v1/tickets")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "UNAUTHORIZED"


def test_a_wrong_method_is_405_and_says_which_are_right(sqlite_desk: Desk) -> None:
    answer = sqlite_desk.client(sqlite_desk.root).delete("/api/v1/tickets")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


def test_bad_fields_are_422_with_an_error_each_on_runs() -> None:
    status, said = _answered(TWO_ISSUES, "/api/v1/workflows")
    assert status == 422
    assert said["errors"] == [
        {"code": "VALIDATION_ERROR", "message": "Too long.", "field": "name"},
        {"code": "VALIDATION_ERROR", "message": "Not printable.", "field": "name"},
        {"code": "VALIDATION_ERROR", "message": "No type.", "field": "fields[0].type"},
    ]
    assert said["meta"] == {"request_id": "r-1", "timestamp": "2031-05-01T12:00:00Z"}


def test_a_wrong_state_is_invalid_state_on_runs() -> None:
    status, said = _answered(Refusal("conflict", "The run is paused."), f"/api/v1/workflows/{RUN}/pause")
    assert status == 409
    assert said["errors"] == [{"code": "INVALID_STATE", "message": "The run is paused.", "field": None}]


def test_bad_fields_are_422_by_name_in_administration() -> None:
    assert _answered(TWO_ISSUES, "/api/v1/workflow/queues/create") == (
        422,
        {
            "message": "3 fields need attention.",
            "errors": {"name": ["Too long.", "Not printable."], "fields[0].type": ["No type."]},
        },
    )
    assert _answered(Refusal("invalid", "Not JSON.", issues=[Issue("", "Not JSON.")]), "/api/create_ticket") == (
        422,
        {"message": "Not JSON."},
    )


def test_bad_fields_are_400_on_executions() -> None:
    status, said = _answered(TWO_ISSUES, "/v1/workflows")
    assert status == 400
    assert said["error"]["code"] == "VALIDATION_ERROR"
    assert len(said["error"]["details"]["issues"]) == 3
    assert said["error"]["timestamp"] == int(AT.timestamp())


@pytest.mark.parametrize("code", ["template_not_found", "unknown_task_queue"])
def test_names_that_mean_nothing_are_422_on_executions(code: str) -> None:
    status, said = _answered(Refusal("invalid", "There is none.", code=code), "/v1/workflows")
    assert status == 422
    assert said["error"]["code"] == code.upper()
    assert _answered(Refusal("invalid", "There is none.", code=code), "/api/v1/tickets")[0] == 400


def test_too_much_at_once_is_429_and_says_when_to_come_back() -> None:
    answer = answer_to(Overloaded(), "/api/v1/tickets", "r-1", AT)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "2"
    assert msgspec.json.decode(answer.body)["error"]["code"] == "RATE_LIMITED"


def _answered(refusal: Refusal, path: str) -> tuple[int, dict[str, Any]]:
    answer = answer_to(refusal, path, "r-1", AT)
    said: dict[str, Any] = msgspec.json.decode(answer.body)
    return answer.status_code, said
