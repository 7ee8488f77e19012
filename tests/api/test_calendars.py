"""Calendars: kept, one of them the default, previewed, and not taken away from who counts by them."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from templates_at_a_desk import TEMPLATES, created, issues, one_form, started

from served_desk import Desk
from wayline.store.tables import calendars, incidents

CALENDARS = "/api/v1/calendars"
OFFICE: dict[str, Any] = {
    "name": "office-hours",
    "timezone": "Europe/Berlin",
    "mode": "simple",
    "simple_start": 540,
    "simple_end": 1020,
    "holidays": {"country": "DE", "region": "BE", "dates": ["2026-12-24"]},
}
HOLIDAY = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260305\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def kept(desk: Desk, **fields: Any) -> dict[str, Any]:
    answer = desk.client(desk.root).post(CALENDARS, json={**OFFICE, **fields})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["data"])


def waiting_on(name: str, **changes: Any) -> dict[str, Any]:
    """A template whose form is late by that calendar."""
    definition = one_form(**changes)
    definition["steps"][0] |= {"timeout_hours": 8, "calendar": name}
    return definition


def test_a_calendar_is_kept_and_comes_back(desk: Desk) -> None:
    made = kept(desk)
    assert {name: made[name] for name in ("name", "timezone", "mode", "simple_start", "simple_end")} == {
        "name": "office-hours",
        "timezone": "Europe/Berlin",
        "mode": "simple",
        "simple_start": 540,
        "simple_end": 1020,
    }
    assert made["holidays"]["country"] == "DE"
    assert (made["is_default"], made["version"], made["mon_enabled"], made["sat_enabled"]) == (False, 1, True, False)
    client = desk.client(desk.dee)
    assert client.get(f"{CALENDARS}/{made['id']}").json()["data"] == made
    listed = client.get(CALENDARS).json()
    assert (listed["data"], listed["meta"]["total"]) == ([made], 1)


def test_every_bad_field_is_told_at_once(desk: Desk) -> None:
    answer = desk.client(desk.root).post(
        CALENDARS,
        json={
            "name": "",
            "timezone": "Berlin",
            "mode": "per_day",
            "days": {"mon": [[600, 540]]},
            "holidays": {"country": "XX", "ical_text": "nonsense"},
            "colour": "red",
        },
    )
    found = dict(issues(answer))
    assert found["timezone"] == "timezone_unknown"
    assert found["holidays.country"] == "country_unknown"
    assert found["holidays.ical_text"] == "icalendar_unreadable"
    assert {"name", "colour"} <= set(found)


def test_hours_that_never_come_are_refused(desk: Desk) -> None:
    every_day = HOLIDAY.replace("END:VEVENT", "RRULE:FREQ=DAILY\r\nEND:VEVENT").replace("20260305", "20200101")
    answer = desk.client(desk.root).post(CALENDARS, json={**OFFICE, "holidays": {"ical_text": every_day}})
    assert issues(answer) == [("holidays", "calendar_never_opens")]


def test_a_name_is_taken_once_in_a_tenant(desk: Desk) -> None:
    kept(desk)
    refused = desk.client(desk.root).post(CALENDARS, json=OFFICE)
    assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (409, "name_taken")
    assert desk.client(desk.zoe).post(CALENDARS, json=OFFICE).status_code == 201


def test_one_calendar_is_the_default(desk: Desk) -> None:
    first = kept(desk, is_default=True)
    second = kept(desk, name="night-shift", is_default=True)
    client = desk.client(desk.root)
    assert [(c["name"], c["is_default"]) for c in client.get(CALENDARS).json()["data"]] == [
        ("night-shift", True),
        ("office-hours", False),
    ]
    client.put(f"{CALENDARS}/{first['id']}", json={"is_default": True})
    assert client.get(f"{CALENDARS}/{second['id']}").json()["data"]["is_default"] is False


def test_a_change_is_laid_over_what_there_is(desk: Desk) -> None:
    made = kept(desk)
    client = desk.client(desk.root)
    url = f"{CALENDARS}/{made['id']}"
    after = client.put(url, json={"simple_end": 1080}).json()["data"]
    assert (after["simple_end"], after["simple_start"], after["version"]) == (1080, 540, 2)
    assert client.put(url, json=after).json()["data"]["version"] == 2
    assert issues(client.put(url, json={"simple_end": 60})) == [("simple_end", "interval_backwards")]
    stale = client.put(url, json={"simple_end": 1140}, headers={"If-Match": "1"})
    assert (stale.status_code, stale.json()["error"]["details"]["version"]) == (409, 2)


def test_new_hours_count_for_what_begins_after(desk: Desk) -> None:
    made = kept(desk, timezone="UTC", mode="always", holidays={})
    template = created(desk, waiting_on("office-hours"))
    assert template["problems"] == []
    before = started(desk, template["id"])["step_instances"][0]
    desk.client(desk.root).put(f"{CALENDARS}/{made['id']}", json={"mode": "simple", "simple_end": 600})
    after = started(desk, template["id"])["step_instances"][0]
    assert before["due_at"] < after["due_at"]


@pytest.mark.parametrize(
    ("start", "minutes", "due_at"),
    [
        ("2026-03-02T09:00:00+01:00", 60, "2026-03-02T09:00:00Z"),
        ("2026-03-02T16:30:00+01:00", 60, "2026-03-03T08:30:00Z"),
        ("2026-03-06T16:30:00+01:00", 60, "2026-03-09T08:30:00Z"),
        ("2026-12-23T16:30:00+01:00", 60, "2026-12-28T08:30:00Z"),
        ("2026-03-27T16:00:00+01:00", 120, "2026-03-30T08:00:00Z"),
        ("2026-03-02T10:00:00+01:00", -60, "2026-03-02T08:00:00Z"),
    ],
)
def test_a_preview_tells_when_so_much_business_time_is_over(
    sqlite_desk: Desk, start: str, minutes: int, due_at: str
) -> None:
    desk = sqlite_desk
    url = f"{CALENDARS}/{kept(desk)['id']}/preview"
    answer = desk.client(desk.dee).post(url, json={"from": start, "business_minutes": minutes})
    assert answer.json()["data"]["due_at"] == due_at, answer.text


def test_a_preview_that_cannot_be_is_refused(desk: Desk) -> None:
    url = f"{CALENDARS}/{kept(desk)['id']}/preview"
    client = desk.client(desk.root)
    assert {path for path, _ in issues(client.post(url, json={"from": "2026-03-02T09:00:00"}))} == {
        "from",
        "business_minutes",
    }
    assert client.post(url, json={"from": "1850-01-01T00:00:00Z", "business_minutes": 1}).status_code == 400


def test_open_intervals_are_told(desk: Desk) -> None:
    made = kept(desk, holidays={"ical_text": HOLIDAY})
    url = f"{CALENDARS}/{made['id']}/intervals"
    client = desk.client(desk.dee)
    query = {"from": "2026-03-04T00:00:00+01:00", "to": "2026-03-06T12:00:00+01:00"}
    expected = [
        {"start": "2026-03-04T08:00:00Z", "end": "2026-03-04T16:00:00Z"},
        {"start": "2026-03-06T08:00:00Z", "end": "2026-03-06T11:00:00Z"},
    ]
    assert client.get(url, params=query).json()["data"] == expected
    unescaped = f"{url}?from={query['from']}&to={query['to']}"
    assert client.get(unescaped).json()["data"] == expected
    assert client.get(url, params={**query, "to": "2026-01-01T00:00:00Z"}).json()["data"] == []
    assert issues(client.get(url, params={**query, "to": "2030-01-01T00:00:00Z"})) == [("to", "too_long")]
    assert {path for path, _ in issues(client.get(url))} == {"from", "to"}


def test_an_address_of_holidays_is_kept_and_not_asked(desk: Desk) -> None:
    made = kept(desk, holidays={"ical_url": "webcal://holidays.invalid/de.ics"})
    assert made["holidays"]["ical_url"] == "https://holidays.invalid/de.ics"


def test_a_calendar_that_a_published_template_counts_by_stays(desk: Desk) -> None:
    made = kept(desk)
    template = created(desk, waiting_on("office-hours"))
    client = desk.client(desk.root)
    url = f"{CALENDARS}/{made['id']}"
    for refused in (client.delete(url), client.put(url, json={"name": "other-hours"})):
        assert refused.status_code == 409
        assert refused.json()["error"]["details"]["templates"] == [
            {"template_id": template["id"], "name": "Ask", "steps": ["ask"]}
        ]
    client.delete(f"{TEMPLATES}/{template['id']}")
    assert client.put(url, json={"name": "other-hours"}).json()["data"]["name"] == "other-hours"
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404


def test_the_default_calendar_stays_while_a_template_counts_by_it(desk: Desk) -> None:
    made = kept(desk, is_default=True)
    rest = {"name": "Rest", "steps": [{"id": "rest", "type": "wait", "for": {"business_hours": 2}}]}
    created(desk, rest)
    client = desk.client(desk.root)
    url = f"{CALENDARS}/{made['id']}"
    assert client.delete(url).status_code == 409
    assert client.put(url, json={"is_default": False}).status_code == 409
    kept(desk, name="other-hours", is_default=True)
    assert client.delete(url).status_code == 204


def test_drafts_and_earlier_versions_keep_no_calendar(desk: Desk) -> None:
    made = kept(desk)
    template = created(desk, waiting_on("office-hours"))
    client = desk.client(desk.root)
    client.put(f"{TEMPLATES}/{template['id']}", json=one_form())
    client.put(f"{TEMPLATES}/{template['id']}/draft", json=waiting_on("office-hours"))
    assert client.delete(f"{CALENDARS}/{made['id']}").status_code == 204


def test_who_may_what(desk: Desk) -> None:
    made = kept(desk)
    url = f"{CALENDARS}/{made['id']}"
    assert desk.http.get(CALENDARS).status_code == 401
    for person in (desk.ana, desk.bo):
        assert desk.client(person).get(CALENDARS).status_code == 403
    dee = desk.client(desk.dee)
    assert dee.get(url).status_code == 200
    for answer in (dee.post(CALENDARS, json=OFFICE), dee.put(url, json={}), dee.delete(url)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FORBIDDEN")
    zoe = desk.client(desk.zoe)
    preview = {"from": "2026-03-02T09:00:00Z", "business_minutes": 1}
    for answer in (
        zoe.get(url),
        zoe.put(url, json={}),
        zoe.delete(url),
        zoe.post(f"{url}/preview", json=preview),
        desk.client(desk.root).get(f"{CALENDARS}/nothing"),
    ):
        assert answer.status_code == 404


def test_a_calendar_that_cannot_be_read_stops_nobody_and_is_flagged_once(desk: Desk) -> None:
    good, bad = kept(desk), kept(desk, name="bad-hours")
    template = created(desk, waiting_on("bad-hours"))
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.update(calendars).where(calendars.c.id == bad["id"]).values(definition={"name": 7}))
    desk.client(desk.root).put(f"{CALENDARS}/{good['id']}", json={"simple_end": 1080})
    for _ in range(3):
        run = started(desk, template["id"])
        assert run["step_instances"][0]["due_at"] is not None
    with desk.wayline.database.reader.connect() as connection:
        found = connection.execute(sa.select(incidents).where(incidents.c.tenant_id == desk.tenant_id)).all()
    assert [(i.subject, i.subject_id, i.code, i.times) for i in found] == [
        ("calendar", bad["id"], "calendar_unreadable", 1)
    ]
    assert "bad-hours" in found[0].message
    client, preview = desk.client(desk.root), {"from": "2026-03-02T09:00:00Z", "business_minutes": 1}
    assert client.post(f"{CALENDARS}/{bad['id']}/preview", json=preview).status_code == 409
    assert client.put(f"{CALENDARS}/{bad['id']}", json={**OFFICE, "name": "bad-hours"}).status_code == 200
    assert client.post(f"{CALENDARS}/{bad['id']}/preview", json=preview).status_code == 200
