"""A plan limits how many templates are created, and takes nothing away."""

from __future__ import annotations

from typing import Any

from templates_at_a_desk import TEMPLATES, broken, created, one_form, set_plan, started

from served_desk import Desk


def refused(answer: Any) -> dict[str, Any]:
    """The details of a refusal by the plan."""
    assert answer.status_code == 403, answer.text
    assert answer.json()["error"]["code"] == "LICENSE_LIMIT"
    return dict(answer.json()["error"]["details"])


def test_the_fourth_template_of_a_community_desk_is_refused(desk: Desk) -> None:
    set_plan(desk, "community")
    created(desk, one_form("One"))
    created(desk, one_form("Two"))
    created(desk, one_form("A draft counts"), is_active=False)
    client = desk.client(desk.dee)
    assert refused(client.post(TEMPLATES, json=one_form("Four"))) == {"limit": 3, "used": 3}
    assert refused(client.post(TEMPLATES, json=one_form("Four", is_active=False))) == {"limit": 3, "used": 3}
    assert refused(client.post(TEMPLATES, json=one_form("4"), headers={"Idempotency-Key": "k"})) == {
        "limit": 3,
        "used": 3,
    }
    assert client.get(TEMPLATES).json()["meta"]["total"] == 3


def test_the_plan_is_asked_before_the_body_and_after_the_role(desk: Desk) -> None:
    set_plan(desk, "community")
    for name in ("One", "Two", "Three"):
        created(desk, one_form(name))
    refused(desk.client(desk.root).post(TEMPLATES, json=broken()))
    refused(desk.client(desk.root).post(TEMPLATES, content="{", headers={"Content-Type": "application/json"}))
    for answer in (
        desk.client(desk.bo).post(TEMPLATES, json=one_form()),
        desk.using(desk.new_token(desk.root, "workflow:read")).post(TEMPLATES, json=one_form()),
    ):
        assert answer.json()["error"]["code"] == "FORBIDDEN"
    assert desk.http.post(TEMPLATES, json=one_form()).status_code == 401


def test_an_archived_template_makes_room(desk: Desk) -> None:
    set_plan(desk, "community")
    made = [created(desk, one_form(name)) for name in ("One", "Two", "Three")]
    client = desk.client(desk.root)
    assert client.delete(f"{TEMPLATES}/{made[0]['id']}").status_code == 204
    created(desk, one_form("Four"))
    refused(client.post(TEMPLATES, json=one_form("Five")))


def test_what_exists_goes_on_over_the_limit(desk: Desk) -> None:
    made = [created(desk, one_form(f"T{n}")) for n in range(5)]
    draft = created(desk, one_form("Draft"), is_active=False)
    client = desk.client(desk.root)
    client.delete(f"{TEMPLATES}/{made[0]['id']}")
    set_plan(desk, "community")
    assert refused(client.post(TEMPLATES, json=one_form())) == {"limit": 3, "used": 5}
    started(desk, made[1]["id"])
    assert client.put(f"{TEMPLATES}/{made[1]['id']}", json={"name": "Renamed"}).json()["data"]["version"] == 2
    assert client.post(f"{TEMPLATES}/{draft['id']}/publish", json={}).status_code == 200
    assert client.put(f"{TEMPLATES}/{made[0]['id']}", json={"is_active": True}).status_code == 200


def test_an_answer_that_was_given_is_given_again_at_the_limit(desk: Desk) -> None:
    set_plan(desk, "community")
    client = desk.client(desk.root)
    created(desk, one_form("One"))
    created(desk, one_form("Two"))
    first = client.post(TEMPLATES, json=one_form("Three"), headers={"Idempotency-Key": "third"})
    again = client.post(TEMPLATES, json=one_form("Three"), headers={"Idempotency-Key": "third"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()


def test_other_plans_have_no_limit(sqlite_desk: Desk) -> None:
    for plan in ("business", "enterprise"):
        set_plan(sqlite_desk, plan)
        for n in range(4):
            created(sqlite_desk, one_form(f"{plan} {n}"))


def test_a_neighbours_templates_take_no_room(desk: Desk) -> None:
    for n in range(4):
        created(
            desk, {"name": f"Zed {n}", "steps": [{"id": "rest", "type": "wait", "for": {"hours": 1}}]}, person=desk.zoe
        )
    set_plan(desk, "community")
    created(desk, one_form())
