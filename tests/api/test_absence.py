"""Absences: who may say so, who stands in, and no circles."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from served_desk import Desk, Person

START = datetime.fromisoformat("2031-03-01T00:00:00+00:00")


def path(person: Person) -> str:
    return f"/api/v1/users/{person.id}/absence"


def days(first: int, last: int, substitute: Person | None = None) -> dict[str, Any]:
    """Away from the first day of 2031's March until the last, somebody standing in."""
    begin, end = (START + timedelta(days=d) for d in (first, last))
    return {"from": begin.isoformat(), "to": end.isoformat(), "substitute_id": substitute.id if substitute else None}


def codes(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    return {i["path"]: i["code"] for i in answer.json()["error"]["details"]["issues"]}


def test_bo_is_away_and_cy_stands_in(desk: Desk) -> None:
    made = desk.client(desk.bo).post(path(desk.bo), json=days(0, 5, desk.cy))
    assert made.status_code == 201
    absence = made.json()["data"]
    assert (absence["user_id"], absence["substitute_id"]) == (desk.bo.id, desk.cy.id)
    assert datetime.fromisoformat(absence["from"]) == START
    listed = desk.client(desk.dee).get(path(desk.bo)).json()
    assert listed["data"] == [absence]
    assert desk.client(desk.bo).delete(f"{path(desk.bo)}/{absence['id']}").status_code == 204
    assert desk.client(desk.bo).get(path(desk.bo)).json()["data"] == []
    assert desk.client(desk.bo).delete(f"{path(desk.bo)}/{absence['id']}").status_code == 404


def test_others_do_not_send_bo_away_but_an_admin_does(desk: Desk) -> None:
    assert desk.client(desk.cy).post(path(desk.bo), json=days(0, 5)).status_code == 403
    assert desk.client(desk.dee).post(path(desk.bo), json=days(0, 5)).status_code == 403
    made = desk.client(desk.root).post(path(desk.bo), json=days(0, 5))
    assert made.status_code == 201
    absence = f"{path(desk.bo)}/{made.json()['data']['id']}"
    assert desk.client(desk.cy).delete(absence).status_code == 403
    assert desk.client(desk.ana).get(path(desk.bo)).status_code == 403
    assert desk.client(desk.ana).get(path(desk.ana)).status_code == 200


def test_a_token_for_signals_alone_hands_no_work_to_anybody(sqlite_desk: Desk) -> None:
    narrow = sqlite_desk.using(sqlite_desk.new_token(sqlite_desk.bo, "signal"))
    assert narrow.post(path(sqlite_desk.bo), json=days(0, 5)).status_code == 403


@pytest.mark.parametrize("chain", [["bo", "cy"], ["bo", "cy", "dee"]])
def test_a_circle_of_substitutes_is_refused(desk: Desk, chain: list[str]) -> None:
    people = [getattr(desk, name) for name in chain]
    root = desk.client(desk.root)
    for person, substitute in pairwise(people):
        assert root.post(path(person), json=days(0, 10, substitute)).status_code == 201
    circle = root.post(path(people[-1]), json=days(9, 12, people[0]))
    assert circle.status_code == 409
    assert circle.json()["error"]["details"]["reason"] == "substitute_cycle"
    assert root.post(path(people[-1]), json=days(10, 12, people[0])).status_code == 201


def test_periods_that_never_meet_are_no_circle(desk: Desk) -> None:
    root = desk.client(desk.root)
    assert root.post(path(desk.bo), json=days(0, 2, desk.cy)).status_code == 201
    assert root.post(path(desk.cy), json=days(3, 5, desk.dee)).status_code == 201
    assert root.post(path(desk.dee), json=days(0, 5, desk.bo)).status_code == 201


def test_what_makes_no_sense_is_refused(desk: Desk) -> None:
    bo = desk.client(desk.bo)
    assert codes(bo.post(path(desk.bo), json=days(5, 5))) == {"to": "not_after"}
    assert codes(bo.post(path(desk.bo), json=days(5, 1, desk.bo))) == {
        "to": "not_after",
        "substitute_id": "own_substitute",
    }
    assert codes(bo.post(path(desk.bo), json=days(0, 1, desk.zack))) == {"substitute_id": "unknown_user"}
    assert codes(bo.post(path(desk.bo), json={**days(0, 1), "from": "0001-01-01T00:00:00+23:00"})) == {
        "from": "out_of_range"
    }
    assert set(codes(bo.post(path(desk.bo), json={}))) == {"from", "to"}


def test_the_substitute_sees_the_work(desk: Desk) -> None:
    step = {
        "id": "do",
        "type": "form",
        "assignee": {"user": desk.bo.id},
        "fields": [{"name": "x", "label": "X", "type": "text"}],
    }
    definition = {"name": "Work", "trigger": {"type": "manual"}, "steps": [step]}
    template = desk.client(desk.root).post("/api/v1/workflows/templates", json=definition).json()["data"]
    run = desk.client(desk.ana).post("/api/v1/workflows/instantiate", json={"template_id": template["id"]})
    now = desk.wayline.clock.now()
    away = {
        "from": (now - timedelta(hours=1)).isoformat(),
        "to": (now + timedelta(hours=1)).isoformat(),
        "substitute_id": desk.cy.id,
    }
    assert desk.client(desk.cy).get("/api/v1/inbox").json()["data"] == []
    assert desk.client(desk.bo).post(path(desk.bo), json=away).status_code == 201
    assert len(desk.client(desk.cy).get("/api/v1/inbox").json()["data"]) == 1
    complete = f"/api/v1/workflows/instances/{run.json()['data']['id']}/steps/do/complete"
    assert desk.client(desk.cy).post(complete, json={"form_data": {"x": "1"}}).is_success


def test_absences_that_are_over_are_shown_when_asked_for(desk: Desk) -> None:
    long_ago = {"from": "2020-01-01T00:00:00Z", "to": "2020-01-02T00:00:00Z"}
    assert desk.client(desk.bo).post(path(desk.bo), json=long_ago).status_code == 201
    assert desk.client(desk.bo).get(path(desk.bo)).json()["meta"]["total"] == 0
    assert desk.client(desk.bo).get(path(desk.bo), params={"past": "true"}).json()["meta"]["total"] == 1
