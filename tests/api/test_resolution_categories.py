"""Resolution categories: coloured, ordered, named by tickets, and kept while they are."""

from __future__ import annotations

from typing import Any

import pytest
from administration_at_a_desk import asked, fields, refused

from served_desk import Desk

PATH = "resolution-categories"
TICKETS = "/api/v1/tickets"


def made(desk: Desk, name: str, colour: str = "#00FF00") -> dict[str, Any]:
    return dict(asked(desk, f"{PATH}/create", {"name": name, "colour": colour})["category"])


def resolved(desk: Desk, category: str) -> Any:
    return desk.client(desk.bo).post(
        TICKETS, json={"title": "Done", "status": "resolved", "resolution_category": category}
    )


def test_categories_are_listed_bare_in_their_order(desk: Desk) -> None:
    assert asked(desk, PATH) == []
    assert made(desk, " Fixed ") == {"id": 1, "name": "Fixed", "colour": "#00ff00", "position": 1, "in_use": False}
    made(desk, "Explained", "#102030")
    assert [(c["id"], c["name"], c["position"]) for c in asked(desk, PATH)] == [(1, "Fixed", 1), (2, "Explained", 2)]


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({}, {"name", "colour"}),
        ({"name": "", "colour": "#00ff00"}, {"name"}),
        ({"name": "x", "colour": "green"}, {"colour"}),
        ({"name": "x", "colour": "#00ff0"}, {"colour"}),
        ({"name": "x", "colour": "#00ff00aa"}, {"colour"}),
        ({"name": "fixed", "colour": "#00ff00"}, {"name"}),
        ({"name": "x", "colour": "#00ff00", "position": 1}, {"position"}),
    ],
)
def test_a_bad_category_is_refused_field_by_field(desk: Desk, body: dict[str, Any], bad: set[str]) -> None:
    made(desk, "Fixed")
    assert fields(refused(desk, f"{PATH}/create", body)) == bad


def test_tickets_are_resolved_as_one_of_them(desk: Desk) -> None:
    made(desk, "Fixed")
    assert resolved(desk, "fixed").json()["data"]["resolution_category"] == "Fixed"
    assert resolved(desk, "Withdrawn").json()["data"]["resolution_category"] == "Withdrawn"
    assert [(c["name"], c["in_use"]) for c in asked(desk, PATH)] == [("Fixed", True), ("Withdrawn", True)]


def test_a_renamed_category_stays_with_its_tickets(desk: Desk) -> None:
    made(desk, "Fixed")
    ticket = resolved(desk, "Fixed").json()["data"]
    changed = asked(desk, f"{PATH}/update", {"id": 1, "name": "Mended", "colour": "#ABCDEF"})["category"]
    assert changed == {"id": 1, "name": "Mended", "colour": "#abcdef", "position": 1, "in_use": True}
    shown = desk.client(desk.bo).get(f"{TICKETS}/{ticket['id']}").json()["data"]
    assert shown["resolution_category"] == "Mended"
    cleared = desk.client(desk.bo).patch(f"{TICKETS}/{ticket['id']}", json={"resolution_category": None})
    assert cleared.json()["data"]["resolution_category"] is None


def test_a_category_in_use_is_not_deleted(desk: Desk) -> None:
    made(desk, "Fixed")
    made(desk, "Explained")
    ticket = resolved(desk, "Fixed").json()["data"]
    assert "1 ticket." in refused(desk, f"{PATH}/delete", {"id": 1}, 409)["message"]
    desk.client(desk.bo).patch(f"{TICKETS}/{ticket['id']}", json={"resolution_category": "Explained"})
    assert asked(desk, f"{PATH}/delete", {"id": 1}) == {"deleted": True}
    assert [(c["name"], c["position"]) for c in asked(desk, PATH)] == [("Explained", 1)]
    assert made(desk, "Fixed")["id"] == 3


def test_a_category_that_a_rule_names_keeps_its_name_and_stays(desk: Desk) -> None:
    made(desk, "Fixed")
    rule = {"name": "Sorts", "trigger": "on_ticket_updated", "conditions": {"resolution_category": "fixed"}}
    action = {"type": "set_priority", "priority": "P4"}
    assert desk.client(desk.root).post("/v1/automation/rules", json={**rule, "action": action}).is_success
    assert "“Sorts”" in refused(desk, f"{PATH}/delete", {"id": 1}, 409)["message"]
    assert "“Sorts”" in refused(desk, f"{PATH}/update", {"id": 1, "name": "Mended"}, 409)["message"]
    assert asked(desk, f"{PATH}/update", {"id": 1, "colour": "#000000"})["category"]["colour"] == "#000000"


def test_the_order_names_every_category_once(desk: Desk) -> None:
    for name in ("Fixed", "Explained", "Rejected"):
        made(desk, name)
    assert [c["id"] for c in asked(desk, f"{PATH}/reorder", {"ids": [3, 1, 2]})] == [3, 1, 2]
    assert [(c["name"], c["position"]) for c in asked(desk, PATH)] == [("Rejected", 1), ("Fixed", 2), ("Explained", 3)]
    for ids in ([3, 1], [3, 1, 1], [3, 1, 2, 2], [3, 1, 9], [], ["3", 1, 2]):
        found = refused(desk, f"{PATH}/reorder", {"ids": ids})
        assert {name.partition("[")[0] for name in fields(found)} == {"ids"}
    assert [c["id"] for c in asked(desk, PATH)] == [3, 1, 2]


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    refused(desk, f"{PATH}/update", {"id": 9, "name": "x"}, 404)
    refused(desk, f"{PATH}/delete", {"id": 9}, 404)
