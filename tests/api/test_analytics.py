"""Analytics count what happened: numbers that can be worked out by hand, for those who lead the desk alone.

Five changes are asked for. Hours are moved by hand, so times are right to within the seconds a test takes.

    A  Bo assesses after 2 h, Dee approves after 1 h more, Cy carries out after 3 h more    completed in 6 h
    B  Bo assesses after 6 h (late: 4 h were given), Dee rejects after 2 h more             completed in 8 h
    C  Cy assesses after 1 h as small, and carries out after 1 h more                       completed in 2 h
    D  is cancelled after 1 h
    E  waits for 5 h, and still does
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from templates_at_a_desk import created, issues, started

from served_desk import Desk, Person, add_queues
from wayline.core.commands import FireTimer
from wayline.store import analytics
from wayline.store.analytics import Window
from wayline.store.tables import timers

REPORTS = ("overview", "templates", "people")
HOUR_S = 3600.0
CHANGE: dict[str, Any] = {
    "name": "=Change",
    "steps": [
        {
            "id": "assess",
            "type": "form",
            "name": "Assess it",
            "assignee": {"group": "service-desk"},
            "fields": [{"name": "size", "type": "number", "required": True}],
            "timeout_hours": 4,
            "next": "worth",
        },
        {
            "id": "worth",
            "type": "condition",
            "branches": [{"label": "big", "when": {"size": {"gt": 10}}, "next": "agree"}],
            "otherwise": "carry-out",
        },
        {
            "id": "agree",
            "type": "approval",
            "approvers": [{"user": "dee@acme.example"}],
            "next": {"approved": "carry-out", "rejected": "tell"},
        },
        {
            "id": "carry-out",
            "type": "form",
            "assignee": {"group": "service-desk"},
            "fields": [{"name": "note", "type": "text"}],
        },
        {"id": "tell", "type": "automatic", "action": {"type": "set_variable", "name": "told", "value": "yes"}},
    ],
}


def report(desk: Desk, path: str, person: Person | None = None, **query: Any) -> dict[str, Any]:
    answer = desk.client(person or desk.dee).get(f"/api/v1/analytics/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def table(desk: Desk, path: str, **query: Any) -> list[list[str]]:
    answer = desk.client(desk.dee).get(f"/api/v1/analytics/{path}", params={"format": "csv", **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["x-as-of"]
    return list(csv.reader(io.StringIO(answer.text)))


def about(hours: float) -> Any:
    return pytest.approx(hours * HOUR_S, abs=120)


def after(desk: Desk, hours: float) -> None:
    desk.wayline.clock.advance(hours * HOUR_S)


def complete(desk: Desk, person: Person, run: dict[str, Any], step: str, **answer: Any) -> None:
    done = desk.client(person).post(f"/api/v1/workflows/instances/{run['id']}/steps/{step}/complete", json=answer)
    assert done.status_code == 200, done.text


@pytest.fixture
def template_id(desk: Desk) -> str:
    """The template of a desk on which the five changes have happened."""
    template_id = created(desk, CHANGE)["id"]
    a = started(desk, template_id)
    after(desk, 2)
    complete(desk, desk.bo, a, "assess", form_data={"size": 20})
    after(desk, 1)
    complete(desk, desk.dee, a, "agree", decision="approve")
    after(desk, 3)
    complete(desk, desk.cy, a, "carry-out", form_data={})
    b = started(desk, template_id)
    after(desk, 6)
    complete(desk, desk.bo, b, "assess", form_data={"size": 20})
    after(desk, 2)
    complete(desk, desk.dee, b, "agree", decision="reject")
    c = started(desk, template_id)
    after(desk, 1)
    complete(desk, desk.cy, c, "assess", form_data={"size": 5})
    after(desk, 1)
    complete(desk, desk.cy, c, "carry-out", form_data={})
    d = started(desk, template_id)
    after(desk, 1)
    assert desk.client(desk.root).post(f"/api/v1/workflows/instances/{d['id']}/cancel", json={}).status_code == 200
    started(desk, template_id)
    after(desk, 5)
    return str(template_id)


def test_an_overview_of_runs_and_work(desk: Desk, template_id: str) -> None:
    totals = report(desk, "overview")["totals"]
    assert {name: totals[name] for name in totals if name.startswith(("runs_", "work_"))} == {
        "runs_started": 5,
        "runs_running": 1,
        "runs_paused": 0,
        "runs_completed": 3,
        "runs_failed": 0,
        "runs_cancelled": 1,
        "work_open": 1,
        "work_overdue": 1,
    }
    assert (totals["cycle_time_p50_s"], totals["cycle_time_p90_s"]) == (about(6), about(8))


def test_tickets_are_counted_on_the_day_they_were_opened_and_resolved(desk: Desk) -> None:
    add_queues(desk.wayline, desk.tenant_id, "Print")
    bo = desk.client(desk.bo)
    opened = [
        bo.post("/api/v1/tickets", json={"type": "incident", "title": title, "priority": priority, "queue": queue})
        for title, priority, queue in (("Printer", "P1", "Print"), ("Laptop", "P3", "Inbox"), ("Screen", "P3", "Inbox"))
    ]
    first, second, _ = (answer.json()["data"] for answer in opened)
    after(desk, 24)
    bo.patch(f"/api/v1/tickets/{first['id']}/status", json={"status": "resolved"})
    bo.patch(f"/api/v1/tickets/{second['id']}/status", json={"status": "resolved"})
    bo.patch(f"/api/v1/tickets/{second['id']}/status", json={"status": "open"})
    after(desk, 24)
    # Closing what is resolved, or talking about it, does not move when it was resolved.
    bo.patch(f"/api/v1/tickets/{first['id']}/status", json={"status": "closed"})
    found = report(desk, "overview")
    totals = found["totals"]
    assert (totals["tickets_opened"], totals["tickets_resolved"], totals["tickets_open"]) == (3, 1, 2)
    assert totals["resolution_time_p50_s"] == about(24)
    assert found["open_tickets"] == {"by_status": {"open": 2}, "by_priority": {"P3": 2}, "by_queue": {"Inbox": 2}}
    days = {day["day"]: (day["tickets_opened"], day["tickets_resolved"]) for day in found["days"]}
    assert [count for count in days.values() if count != (0, 0)] == [(3, 0), (0, 1)]
    assert days[first["created_at"][:10]] == (3, 0)
    assert len(days) == 31
    assert table(desk, "overview", table="open") == [
        ["status", "priority", "queue", "tickets"],
        ["open", "P3", "Inbox", "2"],
    ]


def test_a_template_shows_what_became_of_its_runs(desk: Desk, template_id: str) -> None:
    found = report(desk, "templates")
    assert found["complete"] is True
    assert found["templates"] == [
        {
            "template_id": template_id,
            "name": "=Change",
            "started": 5,
            "running": 1,
            "paused": 0,
            "completed": 3,
            "failed": 0,
            "cancelled": 1,
            "cycle_time_p50_s": about(6),
            "cycle_time_p90_s": about(8),
            "approvals": 2,
            "rejected": 1,
            "rejection_rate": 0.5,
            "deadlines": 3,
            "met": 2,
            "sla": 0.6667,
            "open": 1,
            "overdue": 1,
        }
    ]


def test_every_step_shows_how_long_it_holds_runs_up(desk: Desk, template_id: str) -> None:
    found = report(desk, f"templates/{template_id}/steps")
    assert (found["name"], found["runs"], found["complete"]) == ("=Change", 5, True)
    assess, worth, agree, carry_out, tell = found["steps"]
    since = assess.pop("open_since")
    assert found["from"] < since < found["as_of"]
    assert assess == {
        "step_id": "assess",
        "name": "Assess it",
        "in_template": True,
        "type": "form",
        "visits": 4,
        "waiting_time_p50_s": about(2),
        "waiting_time_p90_s": about(6),
        "timed_out": 1,
        "timed_out_share": 0.25,
        "open": 1,
        "overdue": 1,
        "outcomes": {"submitted": 3},
    }
    assert (worth["visits"], worth["waiting_time_p90_s"], worth["outcomes"]) == (3, 0, {"big": 2, "otherwise": 1})
    assert (agree["waiting_time_p50_s"], agree["waiting_time_p90_s"]) == (about(1), about(2))
    assert agree["outcomes"] == {"approved": 1, "rejected": 1}
    assert (carry_out["waiting_time_p50_s"], carry_out["waiting_time_p90_s"]) == (about(1), about(3))
    assert (tell["visits"], tell["outcomes"]) == (1, {"succeeded": 1})


def test_steps_of_runs_and_of_the_template_now_are_both_shown(desk: Desk, template_id: str) -> None:
    steps = [*CHANGE["steps"][:2], {**CHANGE["steps"][2], "next": {"approved": "carry-out"}}, CHANGE["steps"][3]]
    answer = desk.client(desk.root).put(f"/api/v1/workflows/templates/{template_id}", json={"steps": steps})
    assert answer.status_code == 200, answer.text
    shown = report(desk, f"templates/{template_id}/steps")["steps"]
    assert [(s["step_id"], s["in_template"], s["visits"]) for s in shown][-2:] == [
        ("carry-out", True, 2),
        ("tell", False, 1),
    ]


def test_a_flow_shows_pairs_ways_and_hand_offs(desk: Desk, template_id: str) -> None:
    found = report(desk, f"templates/{template_id}/flow")
    assert [(p["from_step"], p["to_step"], p["count"], p["mean_s"]) for p in found["pairs"]] == [
        ("assess", "worth", 3, 0),
        ("worth", "agree", 2, about(1.5)),
        ("agree", "carry-out", 1, about(3)),
        ("agree", "tell", 1, 0),
        ("worth", "carry-out", 1, about(1)),
    ]
    ways = found["variants"]
    assert (ways["runs"], ways["distinct"], ways["others"]) == (3, 3, 0)
    assert [(" ".join(w["steps"]), w["length"], w["runs"], w["share"]) for w in ways["top"]] == [
        ("assess worth agree carry-out", 4, 1, 0.3333),
        ("assess worth agree tell", 4, 1, 0.3333),
        ("assess worth carry-out", 3, 1, 0.3333),
    ]
    # The condition between Bo and Dee hides no hand-off.
    assert found["hand_offs"]["total"] == 3
    assert [(h["from_name"], h["to_name"], h["count"]) for h in found["hand_offs"]["top"]] == [
        ("Bo", "Dee", 2),
        ("Dee", "Cy", 1),
    ]


def test_people_and_groups_show_the_work_they_did(desk: Desk, template_id: str) -> None:
    found = report(desk, "people")
    columns = ("name", "done", "approvals", "late", "handed_over", "taken_over")
    assert [tuple(p[c] for c in columns) for p in found["people"]] == [
        ("Cy", 3, 0, 0, 0, 1),
        ("Bo", 2, 0, 1, 2, 0),
        ("Dee", 2, 2, 0, 1, 2),
    ]
    assert [(g["name"], g["members"], g["done"], g["approvals"], g["late"]) for g in found["groups"]] == [
        ("Service desk", 3, 7, 2, 1)
    ]
    assert found["hand_offs"]["total"] == 3


def test_a_step_left_at_its_deadline_is_timed_out_and_not_within_the_sla(desk: Desk) -> None:
    ask = {
        "id": "ask",
        "type": "form",
        "assignee": {"group": "service-desk"},
        "fields": [{"name": "answer", "type": "text"}],
        "timeout_hours": 1,
        "on_timeout": {"then": "proceed"},
    }
    template_id = created(desk, {"name": "Ask", "steps": [ask]})["id"]
    run = started(desk, template_id)
    after(desk, 2)
    with desk.wayline.database.reader.connect() as connection:
        timer = connection.execute(sa.select(timers).where(timers.c.run_id == run["id"])).one()
    fire = FireTimer(
        tenant_id=desk.tenant_id,
        run_id=run["id"],
        timer_id=timer.id,
        kind=timer.kind,
        activation_id=timer.activation_id,
    )
    desk.http.portal.call(desk.wayline.door.submit, fire)  # type: ignore[union-attr]
    (step,) = report(desk, f"templates/{template_id}/steps")["steps"]
    assert (step["timed_out"], step["timed_out_share"], step["outcomes"]) == (1, 1.0, {"timed_out": 1})
    (template,) = report(desk, "templates")["templates"]
    assert (template["deadlines"], template["met"], template["sla"]) == (1, 0, 0.0)


def test_a_window_leaves_out_what_is_not_in_it(desk: Desk, template_id: str) -> None:
    long_ago = {"from": "2001-01-01", "to": "2001-01-31T00:00:00+00:00"}
    found = report(desk, "overview", **long_ago)
    assert (found["from"], found["to"]) == ("2001-01-01T00:00:00Z", "2001-01-31T00:00:00Z")
    assert found["totals"]["runs_started"] == 0
    assert [day["day"] for day in found["days"]][::29] == ["2001-01-01", "2001-01-30"]
    assert report(desk, "templates", **long_ago)["templates"] == []
    assert report(desk, "people", **long_ago)["people"] == []
    # What waits now waits whatever the window.
    assert report(desk, f"templates/{template_id}/steps", **long_ago)["steps"][0]["open"] == 1
    assert report(desk, f"templates/{template_id}/flow", **long_ago)["pairs"] == []
    # A window ends before its end: of the runs, the last one is 5 h old.
    now = desk.wayline.clock.now()
    before = report(desk, "overview", to=(now - timedelta(hours=5, minutes=10)).isoformat().replace("+00:00", "Z"))
    assert before["totals"]["runs_started"] == 4


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, [("from", "empty_window")]),
        ({"from": "2026-01-01", "to": "2026-01-01"}, [("from", "empty_window")]),
        ({"from": "2024-01-01", "to": "2026-01-01"}, [("from", "window_too_long")]),
        ({"from": "9000-01-01"}, [("from", "empty_window")]),
        ({"from": "soon", "to": "0001-01-01"}, [("from", "datetime_from_date_parsing"), ("to", "value_error")]),
        ({"format": "xml", "table": "chairs"}, [("format", "literal_error"), ("table", "literal_error")]),
    ],
)
def test_a_bad_window_is_refused_with_every_issue(
    sqlite_desk: Desk, query: dict[str, str], refused: list[tuple[str, str]]
) -> None:
    for path in REPORTS:
        answer = sqlite_desk.client(sqlite_desk.dee).get(f"/api/v1/analytics/{path}", params=query)
        assert sorted(issues(answer)) == refused


def test_a_desk_on_which_nothing_happened(desk: Desk) -> None:
    found = report(desk, "overview", desk.root)
    numbers = {name: value for name, value in found["totals"].items() if not name.endswith("_s")}
    assert set(numbers.values()) == {0}
    assert [found["totals"][f"{what}_p50_s"] for what in ("cycle_time", "resolution_time")] == [None, None]
    assert report(desk, "templates")["templates"] == []
    assert report(desk, "people")["hand_offs"] == {"total": 0, "top": []}
    template_id = created(desk, CHANGE)["id"]
    steps = report(desk, f"templates/{template_id}/steps")["steps"]
    assert [(s["step_id"], s["visits"], s["timed_out_share"]) for s in steps] == [
        (step["id"], 0, None) for step in CHANGE["steps"]
    ]
    draft = created(desk, {**CHANGE, "name": "Draft"}, is_active=False)["id"]
    assert report(desk, f"templates/{draft}/steps")["steps"] == []
    assert table(desk, f"templates/{draft}/flow") == [["from_step", "to_step", "count", "mean_s"]]


def test_csv_has_a_header_and_runs_nothing_in_a_spreadsheet(desk: Desk, template_id: str) -> None:
    header, row = table(desk, "templates")
    named = dict(zip(header, row, strict=True))
    assert (named["name"], named["started"], named["sla"]) == ("'=Change", "5", "0.6667")
    steps = f"templates/{template_id}/steps"
    header, *rows = table(desk, steps)
    assert header[:5] == ["step_id", "name", "in_template", "type", "visits"]
    assert rows[0][:5] == ["assess", "Assess it", "true", "form", "4"]
    assert table(desk, steps, table="outcomes")[:2] == [["step_id", "outcome", "count"], ["assess", "submitted", "3"]]
    flow = f"templates/{template_id}/flow"
    assert table(desk, flow)[1] == ["assess", "worth", "3", "0.0"]
    assert table(desk, flow, table="variants")[1] == ["assess > worth > agree > carry-out", "4", "1", "0.3333"]
    hand_offs = table(desk, flow, table="hand_offs")
    assert [row[1::2] for row in hand_offs][:2] == [["from_name", "to_name"], ["Bo", "Dee"]]
    assert table(desk, "people", table="hand_offs") == hand_offs
    assert [row[1] for row in table(desk, "people")] == ["name", "Cy", "Bo", "Dee"]
    assert [row[1:3] for row in table(desk, "people", table="groups")] == [["name", "members"], ["Service desk", "3"]]
    assert ["runs_started", "5"] in table(desk, "overview", table="totals")
    assert len(table(desk, "overview")) == 1 + len(report(desk, "overview")["days"])


def test_another_tenant_sees_none_of_it(desk: Desk, template_id: str) -> None:
    assert report(desk, "overview", desk.zoe)["totals"]["runs_started"] == 0
    assert report(desk, "templates", desk.zoe)["templates"] == []
    people = report(desk, "people", desk.zoe)
    assert people["people"] == []
    assert [g["group_id"] for g in people["groups"]] == [desk.zed_group_id]
    for part in ("steps", "flow"):
        answer = desk.client(desk.zoe).get(f"/api/v1/analytics/templates/{template_id}/{part}")
        assert answer.status_code == 404
        assert desk.client(desk.dee).get(f"/api/v1/analytics/templates/nothing/{part}").status_code == 404


def test_only_those_who_lead_may_look(sqlite_desk: Desk) -> None:
    desk = sqlite_desk
    for path in REPORTS:
        address = f"/api/v1/analytics/{path}"
        assert desk.http.get(address).status_code == 401
        for person, status in ((desk.ana, 403), (desk.bo, 403), (desk.dee, 200), (desk.root, 200)):
            assert desk.client(person).get(address).status_code == status
        assert desk.using(desk.new_token(desk.root, "run:read")).get(address).status_code == 403
        assert desk.using(desk.new_token(desk.dee, "workflow:read")).get(address).status_code == 200


def test_only_the_newest_runs_are_read_where_there_are_too_many(desk: Desk, template_id: str) -> None:
    now = desk.wayline.clock.now()
    window = Window(now - timedelta(days=1, hours=12), now)
    with desk.wayline.database.reader.connect() as connection:
        # The newest three: E, which waits, D, cancelled, and C.
        found = analytics.flow(connection, tenant_id=desk.tenant_id, template_id=template_id, window=window, max_runs=3)
    assert [(p.from_step, p.to_step) for p in found.pairs] == [("assess", "worth"), ("worth", "carry-out")]
