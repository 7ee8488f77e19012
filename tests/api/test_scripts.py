"""Scripts are kept by administrators, read and tried by those who write templates and rules, and seen by no other
tenant."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from served_desk import Desk
from wayline.core.script import SOURCE_BYTES_MAX
from wayline.drivers.local import LocalDriver
from wayline.engine import script_keeping
from wayline.engine.script_keeping import AT_ONCE, WAITING_MAX
from wayline.store.tables import jobs
from workflows import publish

SCRIPTS = "/api/v1/scripts"
RULES = "/v1/automation/rules"
GREET = {"name": "Greet", "description": "Says hello.", "text": 'core.log("hello")\nresult = param("userId")'}


def made(desk: Desk, **changes: Any) -> dict[str, Any]:
    answer = desk.client(desk.root).post(SCRIPTS, json={**GREET, **changes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def issues(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 400, answer.text
    return sorted((issue["path"], issue["code"]) for issue in answer.json()["error"]["details"]["issues"])


def test_a_script_is_kept_read_changed_and_removed(desk: Desk) -> None:
    root = desk.client(desk.root)
    script = made(desk)
    assert {name: script[name] for name in GREET} == GREET
    assert (script["version"], script["created_by"]) == (1, desk.root.id)
    path = f"{SCRIPTS}/{script['id']}"
    read = root.get(path)
    assert (read.json()["data"], read.headers["etag"]) == (script, '"1"')

    changed = root.put(path, json={"text": "result = 2"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["data"]["description"] == "Says hello."
    stale = root.put(path, json={"text": "result = 3"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["error"]["details"]["version"]) == (409, 2)
    assert root.put(path, json={"text": "result = 2"}).json()["data"]["version"] == 2
    assert root.put(path, json={"description": None}).json()["data"]["description"] is None

    assert root.delete(path).status_code == 204
    assert root.get(path).status_code == 404
    actions = [row["action"] for row in root.get("/api/v1/audit").json()["data"]]
    assert {"script.created", "script.updated", "script.deleted"} <= set(actions)


def test_scripts_are_listed_by_name_without_their_texts(desk: Desk) -> None:
    for name in ("Close", "greet", "Assign"):
        made(desk, name=name)
    dee = desk.client(desk.dee)
    page = dee.get(SCRIPTS, params={"limit": 2}).json()
    assert [script["name"] for script in page["data"]] == ["Assign", "Close"]
    assert (page["meta"]["total"], page["meta"]["total_pages"]) == (3, 2)
    assert "text" not in page["data"][0]
    assert [script["name"] for script in dee.get(SCRIPTS, params={"q": "REE"}).json()["data"]] == ["greet"]
    assert dee.get(SCRIPTS, params={"sort": "text"}).status_code == 400


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": ""}, [("name", "string_too_short")]),
        ({"name": "fail()"}, [("name", "string_pattern_mismatch")]),
        ({"name": "two\nlines"}, [("name", "string_pattern_mismatch")]),
        ({"name": 7}, [("name", "string_type")]),
        ({"text": ""}, [("text", "string_too_short")]),
        ({"text": "x = (\n"}, [("text", "syntax")]),
        ({"text": 'load("a", "b")'}, [("text", "not_allowed")]),
        ({"text": "ä" * (SOURCE_BYTES_MAX // 2 + 1)}, [("text", "value_error")]),
        ({"text": "x = 1\x00"}, [("text", "unstorable")]),
        ({"colour": "red"}, [("colour", "extra_forbidden")]),
        ({"name": "", "text": 3}, [("name", "string_too_short"), ("text", "string_type")]),
    ],
)
def test_what_is_wrong_with_a_script_is_said_with_its_place(
    sqlite_desk: Desk, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    assert issues(root.post(SCRIPTS, json={**GREET, **changes})) == expected


def test_a_text_that_cannot_be_read_is_refused_with_its_line(sqlite_desk: Desk) -> None:
    root = sqlite_desk.client(sqlite_desk.root)
    script = made(sqlite_desk)
    for answer in (
        root.post(SCRIPTS, json={**GREET, "text": "x = 1\ny = = 2"}),
        root.put(f"{SCRIPTS}/{script['id']}", json={"text": "x = 1\ny = = 2"}),
    ):
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert error["message"].startswith("Line 2: ")
        assert error["details"]["line"] == 2


def test_two_scripts_have_two_names(desk: Desk) -> None:
    root = desk.client(desk.root)
    made(desk)
    other = made(desk, name="Other")
    assert root.post(SCRIPTS, json={**GREET, "name": " GREET "}).status_code == 409
    assert root.put(f"{SCRIPTS}/{other['id']}", json={"name": "greet"}).status_code == 409
    assert root.put(f"{SCRIPTS}/{other['id']}", json={"name": "OTHER"}).json()["data"]["name"] == "OTHER"


def test_a_key_makes_one_script(desk: Desk) -> None:
    root, key = desk.client(desk.root), {"Idempotency-Key": "once"}
    first, again = (root.post(SCRIPTS, json=GREET, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json() == again.json()
    assert root.post(SCRIPTS, json={**GREET, "name": "Else"}, headers=key).status_code == 409


# -- who may ---------------------------------------------------------------------------------------


def test_managers_read_and_try_and_administrators_write(desk: Desk) -> None:
    script = made(desk)
    path = f"{SCRIPTS}/{script['id']}"
    dee, bo, ana = (desk.client(person) for person in (desk.dee, desk.bo, desk.ana))
    assert [dee.get(address).status_code for address in (SCRIPTS, path, f"{path}/runs")] == [200] * 3
    assert dee.post(f"{path}/run", json={}).status_code == 200
    assert dee.post(SCRIPTS, json={**GREET, "name": "Dee's"}).status_code == 403
    assert dee.put(path, json={"text": "x = 1"}).status_code == 403
    assert dee.delete(path).status_code == 403
    for nobody in (bo, ana):
        asked = (nobody.get(SCRIPTS), nobody.get(path), nobody.post(f"{path}/run", json={}), nobody.delete(path))
        assert [answer.status_code for answer in asked] == [403] * 4
    assert desk.http.get(SCRIPTS).status_code == 401


def test_a_token_needs_the_ability(sqlite_desk: Desk) -> None:
    script = made(sqlite_desk)
    root = sqlite_desk.client(sqlite_desk.root)

    def with_only(*abilities: str) -> Any:
        made_token = root.post("/api/v1/tokens", json={"name": "T", "abilities": list(abilities)}).json()["data"]
        return sqlite_desk.new_client({"Authorization": f"Bearer {made_token['token']}"})

    reading, working = with_only("workflow:read"), with_only("ticket:write", "run:write")
    path = f"{SCRIPTS}/{script['id']}"
    assert (reading.get(path).status_code, reading.post(f"{path}/run", json={}).status_code) == (200, 200)
    assert reading.put(path, json={"text": "x = 1"}).status_code == 403
    assert working.get(path).status_code == 403


def test_another_tenants_script_does_not_exist(desk: Desk) -> None:
    path = f"{SCRIPTS}/{made(desk)['id']}"
    zoe = desk.client(desk.zoe)
    asked = (
        zoe.get(path),
        zoe.put(path, json={"text": "x = 1"}),
        zoe.delete(path),
        zoe.post(f"{path}/run", json={}),
        zoe.get(f"{path}/runs"),
    )
    assert [answer.status_code for answer in asked] == [404] * 5
    assert zoe.get(SCRIPTS).json()["data"] == []
    assert zoe.post(SCRIPTS, json=GREET).status_code == 201


# -- trying ----------------------------------------------------------------------------------------


def test_a_trial_says_what_would_be_asked_for_and_does_nothing(desk: Desk) -> None:
    text = (
        'ticket = core.create_ticket("Gate " + param("entity")["gate"])\n'
        'core.notify(param("lead"), "Look at it")\n'
        "core.log(ticket)\n"
        'result = {"to": param("to")}'
    )
    script = made(desk, text=text)
    params = {"entity": {"gate": "4"}, "lead": "dee@acme.example"}
    answer = desk.client(desk.dee).post(f"{SCRIPTS}/{script['id']}/run", json={"params": params})
    assert answer.status_code == 200
    trial = answer.json()["data"]
    assert (trial["result"], trial["error"], trial["log"]) == ({"to": None}, None, ["asked:1"])
    assert trial["requests"] == [
        {"do": "create_ticket", "with": {"title": "Gate 4"}},
        {"do": "notify", "with": {"to": "dee@acme.example", "title": "Look at it"}},
    ]
    assert trial["limits"]["steps"] == 10_000_000
    assert desk.client(desk.root).get("/api/v1/tickets").json()["meta"]["total"] == 0
    assert desk.client(desk.dee).get("/api/v1/notifications").json()["data"] == []


def test_a_trial_that_fails_says_where(sqlite_desk: Desk) -> None:
    script = made(sqlite_desk)
    path = f"{SCRIPTS}/{script['id']}/run"
    root = sqlite_desk.client(sqlite_desk.root)
    text = 'core.log("so far")\ncore.create_ticket("x")\nfor i in range(1000000000):\n  pass'
    trial = root.post(path, json={"text": text}).json()["data"]
    assert (trial["error"]["code"], trial["error"]["line"], trial["log"]) == ("too_many_steps", 3, ["so far"])
    trial = root.post(path, json={"text": "x = ("}).json()["data"]
    assert trial["error"]["code"] == "syntax"
    assert root.get(f"{SCRIPTS}/{script['id']}").json()["data"]["text"] == GREET["text"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"params": []}, [("params", "dict_type")]),
        ({"params": {"a b": 1}}, [("params.a b", "string_pattern_mismatch")]),
        ({"params": {"a": "x" * 300_000}}, [("params", "too_long")]),
        ({"parameters": {}}, [("parameters", "extra_forbidden")]),
        ({"text": 1}, [("text", "string_type")]),
    ],
)
def test_bad_trials_are_refused(sqlite_desk: Desk, body: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    path = f"{SCRIPTS}/{made(sqlite_desk)['id']}/run"
    assert issues(sqlite_desk.client(sqlite_desk.root).post(path, json=body)) == expected


# -- what runs them --------------------------------------------------------------------------------


def test_a_script_in_use_stays_and_keeps_its_name(desk: Desk) -> None:
    root = desk.client(desk.root)
    script = made(desk)
    path = f"{SCRIPTS}/{script['id']}"
    action = {"type": "run_script", "script": "greet"}
    rule = root.post(RULES, json={"name": "On new", "trigger": "on_ticket_created", "action": action})
    assert rule.status_code == 201, rule.text
    publish(desk, [{"id": "go", "type": "automatic", "action": action}], name="Greeting")
    for answer in (root.delete(path), root.put(path, json={"name": "Hello"})):
        assert answer.status_code == 409
        assert answer.json()["error"]["details"]["uses"] == {"templates": ["Greeting"], "rules": ["On new"]}
    assert root.put(path, json={"text": "result = 1"}).status_code == 200
    assert root.put(path, json={"name": "GREET"}).status_code == 200


def test_a_rule_that_names_no_script_or_holds_none_cannot_be_saved(desk: Desk) -> None:
    root = desk.client(desk.root)
    made(desk)

    def saving(script: str) -> Any:
        action = {"type": "run_script", "script": script}
        return root.post(RULES, json={"name": "R", "trigger": "on_ticket_created", "action": action})

    for script, code in (("Greeet", "unknown_script"), ("x = (", "syntax")):
        answer = saving(script)
        assert answer.status_code == 400
        (found,) = answer.json()["error"]["details"]["issues"]
        assert (found["path"], found["code"]) == ("actions[0].script", code)
    saved = saving("GREET").json()
    assert (
        root.put(f"{RULES}/{saved['id']}", json={"action": {"type": "run_script", "script": "Gone"}}).status_code == 400
    )
    assert saving("x = 1").status_code == 201


def test_a_template_that_names_no_script_or_holds_none_cannot_be_published(desk: Desk) -> None:
    root = desk.client(desk.root)
    made(desk)

    def checked(script: str) -> list[tuple[str, str, str]]:
        action = {"type": "run_script", "script": script}
        steps = [{"id": "go", "type": "automatic", "action": action}]
        answer = root.post("/api/v1/workflows/templates/check", json={"name": "T", "steps": steps})
        return [(p["severity"], p["code"], p["path"]) for p in answer.json()["data"]["problems"]]

    assert checked("Greeet") == [("error", "unknown_script", "steps[0].action.script")]
    assert checked("x = (") == [("error", "syntax", "steps[0].action.script")]
    assert checked("greet") == []
    assert checked("core.log(1)") == []
    steps = [{"id": "go", "type": "automatic", "action": {"type": "run_script", "script": "Gone"}}]
    assert root.post("/api/v1/workflows/templates", json={"name": "T", "steps": steps}).status_code == 400


def test_a_dry_run_says_which_script_would_be_run_and_runs_nothing(desk: Desk) -> None:
    root = desk.client(desk.root)
    script = made(desk)
    ticket = root.post("/api/v1/tickets", json={"title": "Gate 4"}).json()["data"]
    action = {"type": "run_script", "script": "Greet", "params": {"why": "{{ title }} is open"}}
    rule = {"name": "R", "trigger": "on_ticket_created", "action": action}
    body = {"rule": rule, "ticket_ids": [ticket["id"]]}
    (trial,) = root.post(f"{RULES}/dry-run", json=body).json()["data"]
    assert trial["would"] == [{"action": "run_script", "script": "Greet", "params": {"why": "Gate 4 is open"}}]
    assert root.get(f"{SCRIPTS}/{script['id']}/runs").json()["data"] == []

    root.post(RULES, json=rule)
    root.post("/api/v1/tickets", json={"title": "Gate 4"})
    with desk.wayline.database.reader.connect() as connection:
        (row,) = connection.execute(sa.select(jobs.c.action).where(jobs.c.queue == "script"))
    done = msgspec.msgpack.decode(row.action)
    assert {"action": done["type"], "script": done["script"], "params": done["params"]} == trial["would"][0]


def test_an_evaluation_tells_what_became_of_what_was_asked_for(desk: Desk) -> None:
    """The jobs of this desk are done by the test: see `conformance` for the worker."""
    root = desk.client(desk.root)
    text = 'core.update_ticket(priority="P1")\ncore.notify("nobody", "Hello")'
    script = made(desk, text=text)
    action = {"type": "run_script", "script": "Greet"}
    rule = {"name": "R", "trigger": "on_ticket_created", "action": action}
    rule_id = root.post(RULES, json=rule).json()["id"]
    ticket = root.post("/api/v1/tickets", json={"title": "Gate 4"}).json()["data"]
    address = "/v1/automation/evaluations"
    (told,) = root.get(address, params={"rule_id": rule_id}).json()["data"]
    assert "scripts" not in told
    do_jobs(desk)
    (told,) = root.get(address, params={"rule_id": rule_id}).json()["data"]
    (ended,) = told["scripts"]
    assert (ended["status"], ended["error"]) == ("done", None)
    assert [(one["do"], one["became"]) for one in ended["requests"]] == [
        ("update_ticket", "done"),
        ("notify", "refused"),
    ]
    (run,) = root.get(f"{SCRIPTS}/{script['id']}/runs").json()["data"]
    assert (run["status"], run["by"]["name"], run["ticket_id"]) == ("done", "R", ticket["id"])
    assert [one["became"] for one in run["requests"]] == ["done", "refused"]


def test_a_requester_sees_what_has_become_of_the_ticket_and_not_what_else_a_script_did(desk: Desk) -> None:
    root, ana = desk.client(desk.root), desk.client(desk.ana)
    text = 'core.update_ticket(priority="P1")\ncore.notify("dee@acme.example", "Ana again")'
    action = {"type": "run_script", "script": text}
    root.post(RULES, json={"name": "R", "trigger": "on_ticket_created", "action": action})
    ticket = ana.post("/api/v1/tickets", json={"title": "Gate 4"}).json()["data"]
    do_jobs(desk)

    def told(client: Any) -> list[str]:
        return [one["event"] for one in client.get(f"/api/v1/tickets/{ticket['id']}/history").json()["data"]]

    assert told(root) == ["ticket_created", "rule_fired", "ticket_updated", "script_ran"]
    assert told(ana) == ["ticket_created", "rule_fired", "ticket_updated"]


def test_who_changes_a_rule_that_runs_a_script_lends_it_their_own_rights(desk: Desk) -> None:
    """A manager writes into an administrator's rule what only administrators may do."""
    root, dee = desk.client(desk.root), desk.client(desk.dee)
    action = {"type": "run_script", "script": 'core.log("nothing yet")'}
    rule = root.post(RULES, json={"name": "R", "trigger": "on_ticket_created", "action": action}).json()
    wanted = {"type": "run_script", "script": f'core.add_to_group("{desk.dee.id}", "service-desk", role="lead")'}

    def became() -> list[Any]:
        root.post("/api/v1/tickets", json={"title": "Gate 4"})
        do_jobs(desk)
        newest = root.get("/v1/automation/evaluations", params={"rule_id": rule["id"]}).json()["data"][0]
        return [(one["became"], one.get("code")) for one in newest["scripts"][0]["requests"]]

    assert dee.put(f"{RULES}/{rule['id']}", json={"action": wanted}).status_code == 200
    assert became() == [("refused", "role")]
    assert root.put(f"{RULES}/{rule['id']}", json={"description": "Root's again"}).status_code == 200
    assert became() == [("done", None)]
    assert dee.put(f"{RULES}/{rule['id']}", json={"description": "Root's again"}).status_code == 200
    assert became() == [("done", None)]


def do_jobs(desk: Desk) -> None:
    """A round of a worker's."""
    driver = LocalDriver(desk.wayline.door, desk.wayline.settings, desk.wayline.secret_key)
    asyncio.run(driver.jobs.run_once())
    driver.access.close()


def test_more_trials_than_there_is_room_for_are_sent_away(sqlite_desk: Desk) -> None:
    """All places are taken by the test itself."""
    script = made(sqlite_desk)
    root = sqlite_desk.client(sqlite_desk.root)
    for _ in range(AT_ONCE + WAITING_MAX):
        script_keeping._places.acquire()
    try:
        answer = root.post(f"{SCRIPTS}/{script['id']}/run", json={})
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert root.post(SCRIPTS, json={**GREET, "name": "Other", "text": "never = 'seen'"}).status_code == 429
        assert root.get(f"{SCRIPTS}/{script['id']}").status_code == 200
    finally:
        for _ in range(AT_ONCE + WAITING_MAX):
            script_keeping._places.release()
    assert root.post(f"{SCRIPTS}/{script['id']}/run", json={}).status_code == 200
