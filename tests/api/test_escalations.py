"""Escalations and business hours over surface 004."""

from __future__ import annotations

from typing import Any

import pytest
from administration_at_a_desk import asked, fields, refused

from served_desk import Desk

NEW: dict[str, Any] = {"minutes": 30, "action": "notify", "recipient": "assignee"}
EMPTY = {"email": None, "repeat_minutes": None, "queue_id": None, "priority": None, "group": None}
CALENDARS = "/api/v1/calendars"
WORKDAYS = [f"{day}_enabled" for day in ("mon", "tue", "wed", "thu", "fri")]


def made(desk: Desk, **more: Any) -> dict[str, Any]:
    return dict(asked(desk, "escalations/create", {**NEW, **more})["escalation"])


def hours(desk: Desk, **more: Any) -> dict[str, Any]:
    return dict(asked(desk, "business-hours/update", more)["business_hours"])


def test_escalations_are_kept_and_listed_soonest_first(desk: Desk) -> None:
    assert made(desk) == {"id": 1, **NEW, **EMPTY}
    full = {
        "minutes": 5,
        "action": "email",
        "recipient": "address",
        "email": "Duty@Elsewhere.example",
        "repeat_minutes": 10,
        "queue_id": 1,
        "priority": "critical",
        "group": "service-desk",
    }
    kept = {**full, "email": "duty@elsewhere.example", "priority": "P1", "group": desk.service_desk_id}
    assert made(desk, **full) == {"id": 2, **kept}
    listed = asked(desk, "escalations")
    assert [e["id"] for e in listed["escalations"]] == [2, 1]
    assert set(listed) == {"escalations", "business_hours"}


@pytest.mark.parametrize(
    ("more", "bad"),
    [
        ({"minutes": 0}, {"minutes"}),
        ({"minutes": "30"}, {"minutes"}),
        ({"minutes": 10_000_000}, {"minutes"}),
        ({"minutes": None, "action": "shout", "recipient": "all"}, {"minutes", "action", "recipient"}),
        ({"recipient": "address"}, {"email"}),
        ({"recipient": "address", "action": "email", "email": "nobody"}, {"email"}),
        ({"recipient": "address", "email": "stranger@elsewhere.example"}, {"email"}),
        ({"email": "bo@acme.example"}, {"email"}),
        ({"repeat_minutes": 0}, {"repeat_minutes"}),
        ({"queue_id": 99, "group": "nobody"}, {"queue_id", "group"}),
        ({"priority": "P9"}, {"priority"}),
        ({"colour": "red"}, {"colour"}),
    ],
)
def test_a_bad_escalation_is_refused_field_by_field(desk: Desk, more: dict[str, Any], bad: set[str]) -> None:
    assert fields(refused(desk, "escalations/create", {**NEW, **more})) == bad
    assert asked(desk, "escalations")["escalations"] == []


def test_some_fields_are_changed_and_the_others_stay(desk: Desk) -> None:
    made(desk, repeat_minutes=15, queue_id=1)
    changed = asked(desk, "escalations/update", {"id": 1, "minutes": 45, "queue_id": None})["escalation"]
    assert changed == {"id": 1, **NEW, **EMPTY, "minutes": 45, "repeat_minutes": 15}
    assert fields(refused(desk, "escalations/update", {"id": 1, "recipient": "address"})) == {"email"}
    told = {"id": 1, "recipient": "address", "email": desk.bo.email}
    assert asked(desk, "escalations/update", told)["escalation"]["email"] == desk.bo.email
    assert asked(desk, "escalations/update", {"id": 1, "recipient": "assignee"})["escalation"]["email"] is None
    assert fields(refused(desk, "escalations/update", {"id": 1, "email": desk.bo.email})) == {"email"}
    assert fields(refused(desk, "escalations/update", {"id": 1, "minutes": None})) == {"minutes"}


def test_a_deleted_escalation_is_gone_and_its_number_is_not_given_again(desk: Desk) -> None:
    made(desk)
    assert asked(desk, "escalations/delete", {"id": 1}) == {"deleted": True}
    refused(desk, "escalations/delete", {"id": 1}, 404)
    refused(desk, "escalations/update", {"id": 1, "minutes": 5}, 404)
    assert made(desk)["id"] == 2


def test_a_group_that_escalations_are_for_is_not_deleted(desk: Desk) -> None:
    root = desk.client(desk.root)
    group = root.post("/api/v1/groups", json={"name": "Network"}).json()["data"]
    made(desk, group="network")
    answer = root.delete(f"/api/v1/groups/{group['id']}")
    assert (answer.status_code, answer.json()["error"]["details"]["escalations"]) == (409, [1])
    asked(desk, "escalations/delete", {"id": 1})
    assert root.delete(f"/api/v1/groups/{group['id']}").status_code == 204


# -- business hours --------------------------------------------------------------------------------


def test_a_desk_that_has_said_no_hours_is_always_open(desk: Desk) -> None:
    shown = asked(desk, "escalations")["business_hours"]
    assert (shown["calendar_id"], shown["mode"], shown["timezone"], shown["ical"]) == (None, "always", "UTC", None)


def test_hours_are_the_default_calendar_and_what_is_left_out_stays(desk: Desk) -> None:
    first = hours(desk, mode="simple", timezone="Europe/Berlin", simple_start=480, simple_end=960, sat_enabled=True)
    root = desk.client(desk.root)
    (calendar,) = root.get(CALENDARS).json()["data"]
    assert (calendar["id"], calendar["is_default"], calendar["name"]) == (first["calendar_id"], True, "Business hours")
    days = {"mon": [[540, 720], [780, 1020]], "fri": [[540, 720]]}
    second = hours(desk, mode="per_day", days=days, holidays={"country": "DE", "region": "BE", "dates": ["2026-12-24"]})
    assert (second["calendar_id"], second["timezone"]) == (first["calendar_id"], "Europe/Berlin")
    assert second["days"] == days
    assert (second["sat_enabled"], second["simple_start"]) == (True, 480)
    assert second["holidays"]["dates"] == ["2026-12-24"]
    assert asked(desk, "escalations")["business_hours"] == second


def test_hours_and_a_calendar_that_is_the_default_are_one_thing(desk: Desk) -> None:
    root = desk.client(desk.root)
    office = {"name": "office", "timezone": "Europe/Paris", "is_default": True}
    calendar = root.post(CALENDARS, json=office).json()["data"]
    assert asked(desk, "escalations")["business_hours"]["calendar_id"] == calendar["id"]
    assert hours(desk, timezone="Europe/Rome")["calendar_id"] == calendar["id"]
    shown = root.get(f"{CALENDARS}/{calendar['id']}").json()["data"]
    assert (shown["name"], shown["timezone"]) == ("office", "Europe/Rome")


def test_hours_count_as_the_preview_says_and_back(desk: Desk) -> None:
    kept = hours(
        desk,
        mode="per_day",
        timezone="Europe/Berlin",
        days={"mon": [[540, 720], [780, 1020]], "tue": [[540, 1020]]},
        holidays={"country": "DE", "dates": []},
    )
    url = f"{CALENDARS}/{kept['calendar_id']}/preview"
    # Monday before Easter Monday's week: 16:30, an hour of which half is left today.
    start = "2026-03-30T16:30:00+02:00"
    there = desk.client(desk.root).post(url, json={"from": start, "business_minutes": 60}).json()["data"]["due_at"]
    assert there.startswith("2026-03-31T07:30:00")
    back = desk.client(desk.root).post(url, json={"from": there, "business_minutes": -60}).json()["data"]["due_at"]
    assert back.startswith("2026-03-30T14:30:00")


@pytest.mark.parametrize(
    ("body", "bad"),
    [
        ({"mode": "sometimes"}, {"mode"}),
        ({"mode": "always", "name": "Ours"}, {"name"}),
        ({"timezone": "Berlin"}, {"timezone"}),
        ({"mon_enabled": "yes", "tue_enabled": 1, "wed_enabled": None}, {"mon_enabled", "tue_enabled", "wed_enabled"}),
        ({"mode": "simple", **dict.fromkeys(WORKDAYS, False)}, {"mode"}),
        ({"simple_start": 540.5, "simple_end": "1020"}, {"simple_start", "simple_end"}),
        ({"mode": "simple", "simple_start": 900, "simple_end": 600}, {"simple_end"}),
        ({"simple_start": -1, "simple_end": 1441}, {"simple_start", "simple_end"}),
        ({"mode": "per_day", "days": {"mon": [[540, 720], [700, 800]]}}, {"days.mon"}),
        ({"mode": "per_day", "days": {}}, {"days"}),
        ({"days": {"monday": [[540, 720]]}}, {"days.monday"}),
        ({"days": {"mon": [[540]], "tue": [["9:00", 1020]]}}, {"days.mon[0][1]", "days.tue[0][0]"}),
        ({"days": {"mon": [[minute, minute + 1] for minute in range(0, 50, 2)]}}, {"days.mon"}),
        ({"holidays": {"region": "BY"}}, {"holidays.region"}),
        ({"holidays": {"country": "DE", "region": "XX"}}, {"holidays.region"}),
        ({"holidays": {"dates": ["2026-02-30", "24.12.2026", 20261224]}}, {f"holidays.dates[{n}]" for n in range(3)}),
        ({"holidays": {"country": "XX", "dates": ["tomorrow"]}}, {"holidays.country", "holidays.dates[0]"}),
        ({"holidays": {"ical_url": "ftp://x"}}, {"holidays.ical_url"}),
        ({"colour": "red"}, {"colour"}),
    ],
)
def test_bad_hours_are_refused_field_by_field(desk: Desk, body: dict[str, Any], bad: set[str]) -> None:
    assert fields(refused(desk, "business-hours/update", body)) == bad
    assert asked(desk, "escalations")["business_hours"]["calendar_id"] is None


def test_what_is_not_known_is_told_by_its_name(sqlite_desk: Desk) -> None:
    told = refused(sqlite_desk, "business-hours/update", {"timezone": "europe/berlin"})["errors"]["timezone"]
    assert told == ["“europe/berlin” is not an IANA time zone; did you mean Europe/Berlin?"]
    for holidays, name in (({"country": "XX"}, "country"), ({"country": "DE", "region": "XX"}, "region")):
        found = refused(sqlite_desk, "business-hours/update", {"holidays": holidays})["errors"]
        assert "“XX”" in found[f"holidays.{name}"][0]


def test_hours_until_midnight_and_intervals_that_touch_are_hours_too(desk: Desk) -> None:
    days = {"mon": [[0, 720], [720, 1440]], "sun": [[1380, 1440]]}
    assert hours(desk, mode="per_day", timezone="UTC", days=days)["days"] == days


def test_other_peoples_calendars_are_not_taken_for_ones_own(desk: Desk) -> None:
    hours(desk, mode="simple", timezone="Europe/Berlin")
    shown = asked(desk, "escalations", by=desk.zoe)["business_hours"]
    assert (shown["calendar_id"], shown["timezone"]) == (None, "UTC")
