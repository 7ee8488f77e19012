"""The inbox over HTTP: who finds what in it, who takes it, and what stands there for nobody else."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from test_instances import FORM, complete, get, post, started

from served_desk import Desk, Person
from wayline.store.tables import work_offers
from workflows import LAPTOP, publish


def items(desk: Desk, person: Person, query: str = "") -> list[dict[str, Any]]:
    answer = get(desk, person, f"/inbox?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_work_for_a_group_is_in_every_members_inbox_and_no_one_elses(desk: Desk) -> None:
    instance = started(desk, desk.ana, publish(desk, LAPTOP))

    (item,) = items(desk, desk.bo)

    assert (item["kind"], item["title"], item["subtitle"]) == ("form", "Confirm the model", "Laptop request")
    assert item["run"]["id"] == instance["id"]
    assert [i["id"] for i in items(desk, desk.cy)] == [item["id"]]
    assert items(desk, desk.ana) == items(desk, desk.root) == items(desk, desk.zoe) == []


def test_claiming_hides_it_from_the_group_and_releasing_gives_it_back(desk: Desk) -> None:
    started(desk, desk.ana, publish(desk, LAPTOP))
    (item,) = items(desk, desk.bo)

    assert post(desk, desk.bo, f"/inbox/{item['id']}/claim").json()["data"]["claimed_by"] == desk.bo.id
    assert items(desk, desk.cy) == []
    assert items(desk, desk.bo)[0]["locked_by"] == {"id": desk.bo.id, "name": "Bo"}
    assert post(desk, desk.cy, f"/inbox/{item['id']}/claim").status_code == 409
    assert post(desk, desk.cy, f"/inbox/{item['id']}/release").status_code == 403
    assert post(desk, desk.cy, f"/inbox/{item['id']}/complete", {"form_data": FORM}).status_code in (403, 404)
    assert post(desk, desk.bo, f"/inbox/{item['id']}/release").json()["data"]["claimed_by"] is None
    assert len(items(desk, desk.cy)) == 1


def test_done_work_leaves_the_inbox_and_is_found_under_done(desk: Desk) -> None:
    instance = started(desk, desk.ana, publish(desk, LAPTOP))
    (item,) = items(desk, desk.bo)

    assert post(desk, desk.bo, f"/inbox/{item['id']}/complete", {"form_data": FORM}).status_code == 200

    assert items(desk, desk.bo) == []
    (done,) = items(desk, desk.bo, "status=done")
    assert (done["id"], done["outcome"], done["run"]["id"]) == (item["id"], "submitted", instance["id"])
    assert items(desk, desk.cy, "status=done") == []
    assert [i["kind"] for i in items(desk, desk.dee, "scope=mine")] == ["approval"]


def test_what_the_definition_of_a_run_alone_asks_stands_in_inboxes_too(desk: Desk) -> None:
    step = {"id": "look", "type": "form", "assignee": {"user": desk.bo.id}, "fields": [{"name": "x"}]}
    body = {"name": "Once", "task_queue": "itsm-workflows", "definition": {"steps": [step]}}
    assert desk.client(desk.root).post("/v1/workflows", json=body).status_code == 201
    (item,) = items(desk, desk.bo)
    assert (item["kind"], item["title"]) == ("form", "look")
    assert post(desk, desk.bo, f"/inbox/{item['id']}/complete", {"form_data": {}}).status_code == 200
    assert [done["id"] for done in items(desk, desk.bo, "status=done")] == [item["id"]]


def test_one_item_shows_its_form_and_a_stranger_none(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    started(desk, desk.ana, publish(desk, LAPTOP))
    (item,) = items(desk, desk.bo)

    shown = get(desk, desk.bo, f"/inbox/{item['id']}").json()["data"]

    assert [f["name"] for f in shown["step"]["fields"]] == ["model", "price"]
    assert get(desk, desk.ana, f"/inbox/{item['id']}").status_code == 404
    assert get(desk, desk.zoe, f"/inbox/{item['id']}").status_code == 404
    assert get(desk, desk.root, f"/inbox/{item['id']}").status_code == 200


def test_filters_counts_and_pages(desk: Desk) -> None:
    template_id = publish(desk, LAPTOP)
    instances = [started(desk, desk.ana, template_id) for _ in range(5)]
    for instance in instances[:2]:
        complete(desk, desk.bo, instance, "details", form_data=FORM | {"price": 10})

    answer = get(desk, desk.bo, "/inbox?limit=2&page=2").json()

    assert answer["meta"] == {
        "total": 5,
        "page": 2,
        "limit": 2,
        "total_pages": 3,
        "counts": {"form": 3, "routing": 2},
    }
    assert len(answer["data"]) == 2
    assert len(items(desk, desk.bo, "kind=routing")) == 2
    found = get(desk, desk.bo, "/inbox?q=CONFIRM&limit=2").json()
    assert (len(found["data"]), found["meta"]["total"], found["meta"]["total_pages"]) == (2, 3, 2)
    assert found["meta"]["counts"] == {"form": 3, "routing": 2}
    assert get(desk, desk.bo, "/inbox?q=CONFIRM&kind=routing").json()["meta"]["total"] == 0
    assert items(desk, desk.bo, "scope=mine") == []
    assert len(items(desk, desk.bo, "scope=group")) == 5
    opened = [i["opened_at"] for i in items(desk, desk.bo)]
    assert opened == sorted(opened, reverse=True)


def test_many_items_are_done_at_once_with_a_result_each(desk: Desk) -> None:
    template_id = publish(desk, LAPTOP)
    for _ in range(2):
        started(desk, desk.ana, template_id)
    ids = [i["id"] for i in items(desk, desk.bo)]
    missing = "00000000-0000-4000-8000-000000000000"

    body = {"ids": [*(i.upper() for i in ids), missing, "", "not-a-uuid"], "do": {"action": "claim"}}
    results = post(desk, desk.bo, "/inbox/bulk", body).json()["data"]

    assert [r["ok"] for r in results] == [True, True, False, False, False]
    assert {r["code"] for r in results[2:]} == {"not_found"}
    assert items(desk, desk.cy) == []


def test_what_comes_to_somebody_twice_over_counts_once(desk: Desk) -> None:
    both = {"id": "agree", "type": "approval", "approvers": [{"user": desk.bo.email}, {"user": desk.cy.email}]}
    away = {"from": "2000-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z", "substitute_id": desk.cy.id}
    assert desk.client(desk.root).post(f"/api/v1/users/{desk.bo.id}/absence", json=away).status_code == 201
    started(desk, desk.ana, publish(desk, [both]))
    started(desk, desk.ana, publish(desk, LAPTOP, name="Another"))

    for person, counts in ((desk.bo, {"approval": 1, "form": 1}), (desk.cy, {"approval": 1, "form": 1})):
        answer = get(desk, person, "/inbox").json()
        assert (answer["meta"]["counts"], answer["meta"]["total"], len(answer["data"])) == (counts, 2, 2)
        assert get(desk, person, "/inbox?scope=mine").json()["meta"]["counts"] == {"approval": 1}
    offers = sa.select(work_offers.c.kind, work_offers.c.alone).order_by(work_offers.c.kind)
    with desk.wayline.database.reader.connect() as connection:
        found = [tuple(row) for row in connection.execute(offers)]
    assert found == [("approval", None), ("approval", None), ("form", True)]
