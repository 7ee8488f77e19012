"""Entries over HTTP: looking at one, choosing, locking by hand, many at once; how other surfaces show their runs."""

from __future__ import annotations

from typing import Any

import pytest
from asgi_calls import Listening
from messages_at_a_desk import OUTAGE, choose, inbox, published, sent
from test_instances import get, post

from served_desk import Desk, Person
from workflows import LAPTOP, publish

DESK = "given groups [service-desk]"
MISSING = "00000000-0000-4000-8000-000000000000"


def item_of(desk: Desk, person: Person) -> dict[str, Any]:
    (item,) = inbox(desk, person, "kind=entry")
    return item


def act(desk: Desk, person: Person, item: dict[str, Any], what: str) -> Any:
    return post(desk, person, f"/inbox/{item['id']}/{what}")


def reason(answer: Any) -> str:
    return answer.json()["error"]["details"]["reason"]


def test_one_item_has_its_paths_and_what_choosing_them_hands_over(desk: Desk) -> None:
    template_id = published(desk)
    sent(desk, desk.dee, to=DESK, attributes={"impact": "high"})
    item = item_of(desk, desk.bo)
    shown = get(desk, desk.bo, f"/inbox/{item['id']}").json()["data"]
    assert (shown["attributes"], shown["data"]) == ({"impact": "high"}, {"site": "Rome"})
    wanted = {
        "name": "forward",
        "handle": "pass-on",
        "behavior": "dispatch",
        "fields": ["reason"],
        "body": {
            "template": template_id,
            "to": "given groups [service-desk]",
            "data": {"from": "Bo", "raw": "{{ source.name }}", "site": "Rome"},
        },
    }
    assert shown["behaviors"] == [wanted]

    passed = choose(desk, desk.bo, item, "Pass", data={"reason": "busy"}).json()["data"]
    assert (passed["behaviors"], passed["status"]) == ([wanted], "retired")
    body = passed["behaviors"][0]["body"]
    body["data"]["reason"] = "busy"
    assert post(desk, desk.bo, "/dispatches", body).status_code == 201
    assert len(inbox(desk, desk.cy)) == 2


def test_a_requester_sees_what_a_message_says_and_not_what_it_carries(desk: Desk) -> None:
    published(desk)
    sent(desk, desk.dee, to=[desk.ana.id], attributes={"impact": "high"})
    (item,) = get(desk, desk.dee, "/dispatches").json()["data"]
    (recipient,) = get(desk, desk.dee, f"/dispatches/{item['id']}").json()["data"]["recipients"]
    shown = get(desk, desk.ana, f"/inbox/{recipient['id']}").json()["data"]
    assert (shown["title"], shown["attributes"], shown["data"]) == ("Outage at Rome", {}, {})


def test_an_entry_that_has_left_the_inbox_can_still_be_looked_at(desk: Desk) -> None:
    published(desk)
    sent(desk, desk.dee, to=DESK)
    item = item_of(desk, desk.bo)
    choose(desk, desk.bo, item, "Pass")
    shown = get(desk, desk.bo, f"/inbox/{item['id']}").json()["data"]
    assert (shown["status"], shown["label"], shown["paths"]) == ("retired", "Passed on", [])
    again = choose(desk, desk.bo, item, "Accept")
    assert (again.status_code, reason(again)) == (409, "entry_retired")
    assert [i["id"] for i in inbox(desk, desk.bo, "status=done&kind=entry")] == [item["id"]]


def test_only_who_may_know_of_an_entry_finds_it(desk: Desk) -> None:
    published(desk)
    sent(desk, desk.cy, to=[desk.bo.id])
    item = item_of(desk, desk.bo)
    for person, status in ((desk.bo, 200), (desk.cy, 200), (desk.dee, 200), (desk.root, 200)):
        assert get(desk, person, f"/inbox/{item['id']}").status_code == status, person.name
    for person in (desk.ana, desk.zoe, desk.zack):
        assert get(desk, person, f"/inbox/{item['id']}").status_code == 404
        for what in ("lock", "unlock"):
            assert act(desk, person, item, what).status_code == 404
        assert choose(desk, person, item, "Accept").status_code == 404
    for person in (desk.cy, desk.dee, desk.root):
        answer = choose(desk, person, item, "Accept")
        assert (answer.status_code, reason(answer)) == (403, "not_yours")
    for bad in (MISSING, "nonsense"):
        assert post(desk, desk.bo, f"/inbox/{bad}/choose", {"path": "x"}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [{}, {"path": ""}, {"path": 1}, {"path": "Accept", "data": []}, {"path": "Accept", "who": "x"}, {"path": "Dance"}],
)
def test_a_bad_choice_is_refused_at_its_place(sqlite_desk: Desk, body: dict[str, Any]) -> None:
    published(sqlite_desk)
    sent(sqlite_desk, sqlite_desk.dee, to=DESK)
    item = item_of(sqlite_desk, sqlite_desk.bo)
    answer = post(sqlite_desk, sqlite_desk.bo, f"/inbox/{item['id']}/choose", body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["details"]["issues"]
    assert item_of(sqlite_desk, sqlite_desk.bo)["label"] == "New"


def test_a_choice_needs_the_ability_and_its_key_makes_one_of_several(desk: Desk) -> None:
    published(desk)
    sent(desk, desk.dee, to=DESK)
    item = item_of(desk, desk.bo)
    weak = desk.using(desk.new_token(desk.bo, "run:read"))
    assert weak.post(f"/api/v1/inbox/{item['id']}/choose", json={"path": "Accept"}).status_code == 403
    client = desk.client(desk.bo)
    answers = [
        client.post(
            f"/api/v1/inbox/{item['id']}/choose", json={"path": "Accept"}, headers={"Idempotency-Key": "choice"}
        )
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


def test_who_chooses_on_what_they_have_not_seen_is_told(desk: Desk) -> None:
    published(desk)
    sent(desk, desk.dee, to=DESK)
    item = item_of(desk, desk.bo)
    choose(desk, desk.bo, item, "Accept", step="start")
    stale = choose(desk, desk.bo, item, "Done", step="start")
    assert (stale.status_code, reason(stale)) == (409, "entry_moved")
    assert stale.json()["error"]["details"]["step"] == "accepted"


def test_locking_by_hand(desk: Desk) -> None:
    published(desk)
    sent(desk, desk.cy, to=[desk.bo.id])
    item = item_of(desk, desk.bo)
    locked = act(desk, desk.bo, item, "lock").json()["data"]
    assert (locked["locked_by"], locked["paths"][0]["disabled"]) == ({"id": desk.bo.id, "name": "Bo"}, True)
    assert item_of(desk, desk.bo)["locked_by"]["id"] == desk.bo.id
    assert choose(desk, desk.bo, item, "Accept").status_code == 423
    assert act(desk, desk.cy, item, "lock").status_code == 423
    assert act(desk, desk.bo, item, "unlock").json()["data"]["locked_by"] is None
    assert (act(desk, desk.bo, item, "unlock").status_code, reason(act(desk, desk.bo, item, "unlock"))) == (
        409,
        "not_locked",
    )
    assert act(desk, desk.dee, item, "lock").status_code == 200
    assert act(desk, desk.bo, item, "unlock").status_code == 423
    assert act(desk, desk.cy, item, "unlock").status_code == 200
    assert choose(desk, desk.bo, item, "Accept").status_code == 200


def test_an_entry_is_neither_claimed_nor_completed(desk: Desk) -> None:
    published(desk)
    sent(desk, desk.dee, to=DESK)
    item = item_of(desk, desk.bo)
    for what, code in (("claim", "not_claimable"), ("release", "not_claimable"), ("complete", "not_completable")):
        answer = post(desk, desk.bo, f"/inbox/{item['id']}/{what}", {} if what == "complete" else None)
        assert (answer.status_code, reason(answer)) == (409, code)


def test_many_are_chosen_on_locked_and_unlocked_at_once(desk: Desk) -> None:
    published(desk)
    for _ in range(3):
        sent(desk, desk.dee, to=[desk.bo.id])
    ids = [item["id"] for item in inbox(desk, desk.bo)]

    def bulk(**do: Any) -> Any:
        return post(desk, desk.bo, "/inbox/bulk", {"ids": [*ids, MISSING], "do": do})

    assert [r["ok"] for r in bulk(action="lock").json()["data"]] == [True, True, True, False]
    assert {r["code"] for r in bulk(action="choose", path="Accept").json()["data"]} == {"entry_locked", "not_found"}
    assert [r["ok"] for r in bulk(action="unlock").json()["data"]] == [True, True, True, False]
    assert [r["ok"] for r in bulk(action="choose", path="Pass").json()["data"]] == [True, True, True, False]
    assert inbox(desk, desk.bo) == []
    assert bulk(action="choose").status_code == 400


def test_entries_stand_beside_other_work_with_counts_and_filters(desk: Desk) -> None:
    published(desk)
    template_id = publish(desk, LAPTOP)
    post(desk, desk.ana, "/workflows/instantiate", {"template_id": template_id, "variables": {}})
    sent(desk, desk.dee, to=DESK)
    sent(desk, desk.dee, to=[desk.bo.id], title="Only you")
    answer = get(desk, desk.bo, "/inbox").json()
    assert answer["meta"]["counts"] == {"form": 1, "entry": 2}
    assert [i["kind"] for i in answer["data"]] == ["entry", "entry", "form"]
    assert len(inbox(desk, desk.bo, "kind=entry&status=active")) == 2
    assert [i["title"] for i in inbox(desk, desk.bo, "q=only")] == ["Only you"]
    assert len(inbox(desk, desk.bo, "scope=mine")) == 2
    assert [i["kind"] for i in inbox(desk, desk.bo, "scope=group")] == ["form"]


def test_what_is_done_comes_in_pages_with_retired_entries_among_it(desk: Desk) -> None:
    published(desk)
    for n in range(3):
        sent(desk, desk.dee, to=[desk.bo.id], title=f"Message {n}")
        (item,) = inbox(desk, desk.bo)
        choose(desk, desk.bo, item, "Pass")
    pages = [get(desk, desk.bo, f"/inbox?status=done&limit=2&page={n}").json() for n in (1, 2)]
    assert [[i["title"] for i in page["data"]] for page in pages] == [["Message 2", "Message 1"], ["Message 0"]]
    assert pages[0]["meta"] == {"total": 3, "page": 1, "limit": 2, "total_pages": 2}
    assert inbox(desk, desk.bo, "status=done&kind=form") == []


def test_a_substitute_finds_it_and_chooses_in_their_place(desk: Desk) -> None:
    published(desk)
    away = {"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z", "substitute_id": desk.ana.id}
    answer = desk.client(desk.bo).post(f"/api/v1/users/{desk.bo.id}/absence", json=away)
    assert answer.status_code == 201, answer.text
    sent(desk, desk.dee, to=DESK)
    item = item_of(desk, desk.ana)
    taken = choose(desk, desk.ana, item, "Accept").json()["data"]
    assert (taken["subtitle"], taken["assigned_to"]) == ("Bo has it", desk.bo.id)
    assert item_of(desk, desk.cy)["locked_by"]["name"] == "Bo"


def test_who_leaves_takes_their_messages_along(desk: Desk) -> None:
    published(desk)
    alone = sent(desk, desk.dee, to=[desk.bo.id])["run"]["id"]
    shared = sent(desk, desk.dee, to=DESK)["run"]["id"]
    left = post(desk, desk.root, f"/users/{desk.bo.id}/deactivate", {})
    assert left.status_code == 200, left.text
    assert '"work_items":2' in left.text
    assert get(desk, desk.dee, f"/dispatches/{alone}").json()["data"]["run"]["status"] == "completed"
    whole = get(desk, desk.dee, f"/dispatches/{shared}").json()["data"]
    assert whole["counts"]["tasks"] == {"open": 2, "cancelled": 1}


# -- the run, on the other surfaces ----------------------------------------------------------------


def test_a_paused_run_disables_the_paths_and_a_cancelled_one_empties_the_inboxes(desk: Desk) -> None:
    published(desk)
    run_id = sent(desk, desk.dee, to=DESK)["run"]["id"]
    item = item_of(desk, desk.bo)
    root = desk.client(desk.root)
    assert root.post(f"/api/v1/workflows/{run_id}/pause", json={}).status_code == 200
    paused = item_of(desk, desk.bo)
    assert [p["disabled"] for p in paused["paths"]] == [True, True]
    refused = choose(desk, desk.bo, item, "Accept")
    assert (refused.status_code, reason(refused)) == (409, "run_paused")
    assert root.post(f"/api/v1/workflows/{run_id}/resume", json={}).status_code == 200
    assert choose(desk, desk.bo, item, "Accept").status_code == 200
    assert root.post(f"/api/v1/workflows/{run_id}/cancel", json={}).status_code == 200
    assert inbox(desk, desk.bo) == inbox(desk, desk.cy) == []
    shown = get(desk, desk.dee, f"/dispatches/{run_id}").json()["data"]
    assert (shown["status"], shown["run"]["status"]) == ("retired", "cancelled")
    for word in ("retry", "rollback"):
        body = {"snapshot": 0} if word == "rollback" else {}
        assert root.post(f"/api/v1/workflows/{run_id}/{word}", json=body).status_code in (409, 422)


def test_other_surfaces_show_its_run(desk: Desk) -> None:
    published(desk)
    run_id = sent(desk, desk.dee, to=DESK)["run"]["id"]
    choose(desk, desk.bo, item_of(desk, desk.bo), "Accept")
    root = desk.client(desk.root)
    shown = get(desk, desk.root, f"/workflows/instances/{run_id}").json()["data"]
    assert (shown["status"], shown["current_steps"]) == ("running", ["accepted"])
    steps = {s["step_id"]: (s["status"], s.get("label"), s.get("entries")) for s in shown["step_instances"]}
    assert steps["accepted"] == ("active", "Taken", 3)
    assert steps["start"][0] == "completed"
    run = root.get(f"/api/v1/workflows/{run_id}").json()
    assert run["status"] == "running"
    assert {"entry_chosen", "entry_moved", "entry_locked"} <= {event["event"] for event in run["events"]}
    (workflow,) = root.get("/v1/workflows").json()["data"]
    assert (workflow["status"], workflow["current_step"]) == ("active", "accepted")
    assert root.get(f"/v1/workflows/{workflow['id']}").status_code == 200
    snapshots = root.get(f"/api/v1/workflows/{run_id}/snapshots")
    assert snapshots.status_code in (200, 404), snapshots.text
    assert get(desk, desk.root, "/workflows/instances").json()["meta"]["total"] == 1


def test_a_template_of_it_is_kept_in_versions_like_any_other(desk: Desk) -> None:
    template_id = published(desk)
    address = f"/api/v1/workflows/templates/{template_id}"
    root = desk.client(desk.root)
    shown = root.get(address).json()["data"]
    assert (shown["kind"], shown["step_count"], shown["problems"]) == ("inbox", 4, [])
    assert list(shown["definition"]["steps"]) == ["start", "passed", "accepted", "done"]
    graph = shown["definition"]["steps"]
    graph["start"]["step"]["name"] = "Newer"
    assert root.put(address, json={"definition": graph}).json()["data"]["version"] == 2
    assert (
        root.put(
            address, json={"steps": {**graph, "start": {"step": {"paths": [{"label": "x", "step": "y"}]}}}}
        ).status_code
        == 400
    )
    assert len(get(desk, desk.root, "/workflows/templates?kind=inbox").json()["data"]) == 1
    draft = root.put(f"{address}/draft", json={**OUTAGE, "description": "Soon"})
    assert draft.status_code == 200, draft.text
    assert root.post(f"{address}/publish", json={}).json()["data"]["version"] == 3
    sent(desk, desk.dee, to=[desk.bo.id])
    assert item_of(desk, desk.bo)["label"] == "New"
    posted = root.post(
        "/api/v1/workflows/templates", json={"name": "By definition", "kind": "inbox", "definition": graph}
    )
    assert (posted.status_code, posted.json()["data"]["step_count"]) == (201, 4)
    checked = root.post("/api/v1/workflows/templates/check", json={"name": "x", "kind": "inbox", "definition": graph})
    assert checked.json()["data"]["problems"] == []


def test_a_run_moves_to_a_version_that_has_the_same_choice(desk: Desk) -> None:
    template_id = published(desk)
    run_id = sent(desk, desk.dee, to=[desk.bo.id])["run"]["id"]
    address = f"/api/v1/workflows/templates/{template_id}"
    root = desk.client(desk.root)
    graph = root.get(address).json()["data"]["definition"]["steps"]
    start = graph["start"]
    fewer = {**start, "step": {**start["step"], "paths": start["step"]["paths"][:1]}}
    assert root.put(address, json={"steps": {**graph, "start": fewer}}).status_code == 200
    elsewhere = {**graph, "accepted": {"step": {"name": "Later", "scope": "$all", "status": "retired"}}}
    assert root.put(address, json={"steps": elsewhere}).status_code == 200
    for version, obstacles in ((2, ["other_wait"]), (3, [])):
        moved = root.post(f"{address}/migrate-runs", json={"to_version": version, "all": True}).json()["data"]
        assert [o["code"] for run in moved["runs"] for o in run["obstacles"]] == obstacles
    assert get(desk, desk.root, f"/workflows/instances/{run_id}").json()["data"]["template_version"] == 3
    chosen = choose(desk, desk.bo, item_of(desk, desk.bo), "Accept").json()["data"]
    assert (chosen["label"], chosen["run"]["status"]) == ("Later", "completed")


def test_whom_a_choice_concerns_hear_of_it(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    published(desk)
    sent(desk, desk.dee, to=DESK)
    item = item_of(desk, desk.bo)
    with Listening(desk, desk.cy.token) as concerned, Listening(desk, desk.root.token) as other:
        choose(desk, desk.bo, item, "Accept")
        heard = [event.kind for event in concerned.until("run.changed")]
        assert "inbox.changed" in heard
        assert "inbox.changed" not in [event.kind for event in other.until("run.changed")]


def test_a_ticket_starts_one_for_its_requester(desk: Desk) -> None:
    start = {**OUTAGE["start"], "step": {**OUTAGE["start"]["step"], "scope": "$source", "name": "{{ ticket.number }}"}}
    trigger = {"type": "ticket_type", "ticket_type": "incident"}
    published(desk, {**OUTAGE, "trigger": trigger, "start": start})
    ticket = post(desk, desk.bo, "/tickets", {"type": "incident", "title": "Down", "requester": desk.ana.id}).json()[
        "data"
    ]
    item = item_of(desk, desk.ana)
    assert (item["label"], item["ticket"]["number"]) == (ticket["number"], ticket["number"])


def test_a_requester_has_no_say_in_what_their_ticket_sends_to_staff(desk: Desk) -> None:
    start = {**OUTAGE["start"], "step": {**OUTAGE["start"]["step"], "scope": DESK}}
    published(desk, {**OUTAGE, "trigger": {"type": "ticket_type", "ticket_type": "incident"}, "start": start})
    post(desk, desk.ana, "/tickets", {"type": "incident", "title": "Down"})
    item = item_of(desk, desk.bo)
    assert get(desk, desk.ana, f"/inbox/{item['id']}").status_code == 404
    assert act(desk, desk.ana, item, "lock").status_code == 404
