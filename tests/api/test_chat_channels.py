"""Administrators keep the desk's chat channels; their addresses are never shown again."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from served_desk import Desk, Person
from wayline.engine.chat_channels import CHANNELS_MAX
from wayline.store.tables import audit, chat_channels, jobs

PATH = "/api/v1/chat-channels"
SECRET = "TIiajkdnlazkcOXrIdevi7FQ"
SLACK = f"slack://T1JJ3T3L2/A1BRTD4JD/{SECRET}/#general"


def asked(
    desk: Desk, method: str, path: str = "", body: Any = None, *, by: Person | None = None, status: int = 200
) -> Any:
    answer = desk.client(by or desk.root).request(method, PATH + path, json=body)
    assert answer.status_code == status, answer.text
    assert SECRET not in answer.text
    if status == 204:
        return None
    return answer.json()["data"] if status < 300 else answer.json()["error"]


def made(desk: Desk, name: str = "Desk", url: str = SLACK, **fields: Any) -> dict[str, Any]:
    found: dict[str, Any] = asked(desk, "POST", body={"name": name, "url": url, **fields}, status=201)
    return found


def rule(desk: Desk, **action: Any) -> dict[str, Any]:
    body = {"name": "Tell", "trigger": "on_ticket_created", "action": {"type": "send_chat", "text": "New!", **action}}
    answer = desk.client(desk.root).post("/v1/automation/rules", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_channel_is_kept_shown_masked_changed_and_removed(desk: Desk) -> None:
    channel = made(desk)
    assert channel["service"] == "Slack"
    assert channel["url"] == "slack://…"
    assert (channel["is_default"], channel["tried_at"], channel["error"]) == (True, None, None)
    assert channel["created_by"] == desk.root.id
    assert asked(desk, "GET", f"/{channel['id']}", by=desk.dee) == channel
    changed = asked(desk, "PUT", f"/{channel['id']}", {"url": "jsons://chat.example:8443/secret"})
    assert (changed["name"], changed["service"], changed["url"]) == ("Desk", "JSON", "jsons://chat.example:8443/…")
    renamed = asked(desk, "PUT", f"/{channel['id']}", {"name": " Help desk "})
    assert renamed["name"] == "Help desk"
    assert asked(desk, "GET") == [renamed]
    asked(desk, "DELETE", f"/{channel['id']}", status=204)
    assert asked(desk, "GET") == []


def test_the_address_stands_open_nowhere(desk: Desk) -> None:
    channel = made(desk)
    asked(desk, "POST", f"/{channel['id']}/test", status=202)
    with desk.wayline.database.reader.connect() as connection:
        for table in (chat_channels, audit, jobs):
            for row in connection.execute(sa.select(table)):
                assert SECRET.encode() not in b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row)


def test_names_are_listed_looked_for_and_unique_case_aside(desk: Desk) -> None:
    for name in ("Network", "desk", "Äpfel"):
        made(desk, name)
    assert [channel["name"] for channel in asked(desk, "GET")] == ["desk", "Network", "Äpfel"]
    assert [channel["name"] for channel in asked(desk, "GET", "?order=desc&limit=1")] == ["Äpfel"]
    assert [channel["name"] for channel in asked(desk, "GET", "?q=NET")] == ["Network"]
    assert asked(desk, "POST", body={"name": "DESK ", "url": SLACK}, status=409)["details"]["reason"] == "name_taken"
    network = asked(desk, "GET", "?q=net")[0]["id"]
    assert asked(desk, "PUT", f"/{network}", {"name": "äPFEL"}, status=409)["details"]["reason"] == "name_taken"
    assert asked(desk, "PUT", f"/{network}", {"name": "NETWORK"})["name"] == "NETWORK"


def test_one_channel_is_the_default_one(desk: Desk) -> None:
    first, second = made(desk, "First"), made(desk, "Second")
    assert (first["is_default"], second["is_default"]) == (True, False)
    assert asked(desk, "PUT", f"/{second['id']}", {"is_default": True})["is_default"]
    assert not asked(desk, "GET", f"/{first['id']}")["is_default"]
    third = made(desk, "Third", is_default=True)
    assert [c["name"] for c in asked(desk, "GET") if c["is_default"]] == ["Third"]
    error = asked(desk, "DELETE", f"/{third['id']}", status=409)
    assert error["details"]["reason"] == "is_default"
    asked(desk, "PUT", f"/{third['id']}", {"is_default": False}, status=400)
    for channel in (first, second, third):
        asked(desk, "DELETE", f"/{channel['id']}", status=204)


def test_a_channel_in_use_stays_and_keeps_its_name(desk: Desk) -> None:
    other, channel = made(desk, "Other"), made(desk, "Desk")
    told = rule(desk, channel="DESK")
    assert "warnings" not in told or told["warnings"] == []
    step = {"id": "say", "type": "automatic", "action": {"type": "send_chat", "channel": "Desk", "text": "Hello"}}
    template = {"name": "Say", "steps": [step]}
    assert desk.client(desk.root).post("/api/v1/workflows/templates", json=template).status_code == 201
    error = asked(desk, "DELETE", f"/{channel['id']}", status=409)
    assert error["details"] == {"reason": "in_use", "uses": {"templates": ["Say"], "rules": ["Tell"]}}
    assert "“Tell”" in error["message"]
    assert asked(desk, "PUT", f"/{channel['id']}", {"name": "Else"}, status=409)["details"]["reason"] == "in_use"
    assert asked(desk, "PUT", f"/{channel['id']}", {"name": "DESK", "url": SLACK})["name"] == "DESK"
    rule(desk)
    asked(desk, "PUT", f"/{channel['id']}", {"is_default": True})
    asked(desk, "DELETE", f"/{other['id']}", status=204)


def test_what_names_no_channel_uses_the_default_one(desk: Desk) -> None:
    channel = made(desk)
    rule(desk)
    assert asked(desk, "DELETE", f"/{channel['id']}", status=409)["details"]["uses"] == {"rules": ["Tell"]}
    assert asked(desk, "PUT", f"/{channel['id']}", {"name": "Else"})["name"] == "Else"


def test_rules_and_templates_warn_of_channels_there_are_none_of(desk: Desk) -> None:
    assert [w["code"] for w in rule(desk)["warnings"]] == ["unknown_chat_channel"]
    made(desk)
    assert not rule(desk).get("warnings")
    (warning,) = rule(desk, channel="Dsk")["warnings"]
    assert (warning["path"], warning["code"]) == ("actions[0].channel", "unknown_chat_channel")
    assert "Did you mean Desk?" in warning["message"]
    assert not rule(desk, channel="{{ ticket.queue }}").get("warnings")
    step = {"id": "say", "type": "automatic", "action": {"type": "send_chat", "channel": "Dsk", "text": "Hello"}}
    checked = desk.client(desk.root).post("/api/v1/workflows/templates/check", json={"name": "Say", "steps": [step]})
    problems = checked.json()["data"]["problems"]
    assert [(p["severity"], p["code"], p["path"]) for p in problems] == [
        ("warning", "unknown_chat_channel", "steps[0].action.channel")
    ]


def test_a_dry_run_says_what_would_be_said_and_says_nothing(desk: Desk) -> None:
    made(desk)
    action = {"type": "send_chat", "channel": "Desk", "title": "New", "text": "{{ title }} is new"}
    body = {
        "rule": {"name": "Tell", "trigger": "on_ticket_created", "action": action},
        "event": {"ticket": {"title": "Printer"}},
    }
    answer = desk.client(desk.root).post("/v1/automation/rules/dry-run", json=body).json()
    assert answer["data"][0]["would"] == [
        {"action": "send_chat", "channel": "Desk", "title": "New", "text": "Printer is new"}
    ]
    with desk.wayline.database.reader.connect() as connection:
        assert connection.execute(sa.select(jobs)).all() == []


def test_a_test_is_said_by_a_worker(desk: Desk) -> None:
    channel = made(desk)
    assert asked(desk, "POST", f"/{channel['id']}/test", status=202) == channel
    with desk.wayline.database.reader.connect() as connection:
        (row,) = connection.execute(sa.select(jobs)).all()
    assert (row.queue, row.tenant_id, row.run_id) == ("chat", desk.tenant_id, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Desk"}, "url"),
        ({"url": SLACK}, "name"),
        ({"name": "", "url": SLACK}, "name"),
        ({"name": "x" * 201, "url": SLACK}, "name"),
        ({"name": "Desk", "url": ""}, "url"),
        ({"name": "Desk", "url": "syslog://"}, "url"),
        ({"name": "Desk", "url": f"slack://{SECRET}"}, "url"),
        ({"name": "Desk", "url": f"{SLACK}?template=/etc/passwd"}, "url"),
        ({"name": "Desk", "url": "jsons://127.0.0.1/"}, "url"),
        ({"name": "Desk", "url": "json://chat.example/"}, "url"),
        ({"name": "Desk", "url": "mmosts://[fd00::1]/3ccdd113474722377935511fc85d3dd4"}, "url"),
        ({"name": "Desk", "url": "jsons://chat.example/" + "x" * 2000}, "url"),
        ({"name": "Desk", "url": SLACK, "is_default": "maybe"}, "is_default"),
        ({"name": "Desk", "url": SLACK, "secret": 1}, "secret"),
    ],
)
def test_a_bad_channel_is_refused_by_field(sqlite_desk: Desk, body: dict[str, Any], field: str) -> None:
    error = asked(sqlite_desk, "POST", body=body, status=400)
    assert field in [issue["path"] for issue in error["details"]["issues"]]


def test_a_desk_has_so_many_channels(sqlite_desk: Desk) -> None:
    first = made(sqlite_desk)
    with sqlite_desk.wayline.database.writer.begin() as connection:
        row = dict(connection.execute(sa.select(chat_channels)).one()._mapping)
        for number in range(CHANNELS_MAX - 1):
            named = {"id": f"{number:08}{first['id'][8:]}", "name": f"{number}", "folded_name": f"{number}"}
            connection.execute(sa.insert(chat_channels).values(row | named | {"is_default": False}))
    error = asked(sqlite_desk, "POST", body={"name": "More", "url": SLACK}, status=409)
    assert error["details"] == {"limit": CHANNELS_MAX, "reason": "too_many"}


def test_a_key_makes_one_channel_of_two_requests(desk: Desk) -> None:
    root, headers = desk.client(desk.root), {"Idempotency-Key": "once"}
    answers = [root.post(PATH, json={"name": "Desk", "url": SLACK}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(asked(desk, "GET")) == 1


CALLS = [
    ("GET", "", None),
    ("POST", "", {"name": "Desk 2", "url": SLACK}),
    ("GET", "/{id}", None),
    ("PUT", "/{id}", {"name": "Desk 3"}),
    ("POST", "/{id}/test", None),
    ("DELETE", "/{id}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_who_may_not_is_refused_and_the_other_tenant_finds_nothing(
    sqlite_desk: Desk, method: str, path: str, body: Any
) -> None:
    desk = sqlite_desk
    at = PATH + path.replace("{id}", made(desk)["id"])
    assert desk.http.request(method, at, json=body).status_code == 401
    for person in (desk.ana, desk.bo):
        assert desk.client(person).request(method, at, json=body).status_code == 403
    by_manager = desk.client(desk.dee).request(method, at, json=body).status_code
    assert by_manager == (200 if method == "GET" else 403)
    for ability in ("ticket:write", "workflow:read") if method != "GET" else ("ticket:write",):
        assert desk.using(desk.new_token(desk.root, ability)).request(method, at, json=body).status_code == 403
    if path:
        assert desk.client(desk.zoe).request(method, at, json=body).status_code == 404
    elif method == "GET":
        assert desk.client(desk.zoe).get(at).json()["data"] == []
    assert len(asked(desk, "GET")) == 1


def test_another_tenants_channel_is_nobodys_here(desk: Desk) -> None:
    made(desk)
    assert desk.client(desk.zoe).post(PATH, json={"name": "Desk", "url": SLACK}).status_code == 201
    assert len(asked(desk, "GET")) == 1
    assert len(asked(desk, "GET", by=desk.zoe)) == 1


def test_inbox_templates_use_channels_too(desk: Desk) -> None:
    channel = made(desk)

    def outage(named: str) -> dict[str, Any]:
        step = {"template": "Outage", "name": "New", "scope": "$sink", "status": "retired"}
        actions = [{"action": "chat", "args": {"text": "An outage", "channel": named}}]
        return {"name": "Outage", "kind": "inbox", "start": {"step": step, "actions": actions}}

    root = desk.client(desk.root)
    checked = root.post("/api/v1/workflows/templates/check", json=outage("Dsk")).json()["data"]
    codes = {(p["severity"], p["code"], p["path"]) for p in checked["problems"]}
    assert ("warning", "unknown_chat_channel", "steps.start.actions[0].args.channel") in codes
    assert root.post("/api/v1/workflows/templates", json=outage("DESK")).status_code == 201
    error = asked(desk, "DELETE", f"/{channel['id']}", status=409)
    assert error["details"]["uses"] == {"templates": ["Outage"]}
