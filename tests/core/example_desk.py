"""The desk the examples are written for: its groups with their people, its calendars, and tickets to try them with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from wayline.core.business_time import ALWAYS, Calendar, calendar_from
from wayline.core.calendar_definition import CalendarDefinition
from wayline.core.facts import Directory, Facts, Group, Person

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.yaml"))
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
GROUPS = (
    "service-desk",
    "service-desk-leads",
    "deskside",
    "network",
    "security",
    "change-advisory-board",
    "major-incident",
    "problem-managers",
    "facilities",
    "finance",
)
CALENDARS: dict[str, Calendar] = {
    "office-hours": calendar_from(CalendarDefinition(name="office-hours", timezone="Europe/Berlin")),
    "follow-the-sun": ALWAYS,
}


def _people() -> list[Person]:
    staff = [
        Person(
            id=f"{slug}-{nth}",
            email=f"{slug}.{nth}@desk.example",
            name=f"{slug.title()} {nth}",
            role="agent",
            manager_id="mona",
            labels=("on-call",) if nth == 2 else (),
        )
        for slug in GROUPS
        for nth in (1, 2, 3)
    ]
    return [
        Person(id="ana", email="ana@desk.example", name="Ana", role="requester", manager_id="mona"),
        Person(id="bo", email="bo@desk.example", name="Bo", role="agent", manager_id="mona"),
        Person(id="mona", email="mona@desk.example", name="Mona", role="manager"),
        Person(id="root", email="root@desk.example", name="Root", role="admin"),
        *staff,
    ]


DIRECTORY = Directory(
    people=_people(),
    groups=[
        Group(
            id=f"id-{slug}",
            slug=slug,
            name=slug.replace("-", " ").title(),
            members=tuple(f"{slug}-{nth}" for nth in (1, 2, 3)),
            leads=(f"{slug}-1",),
        )
        for slug in GROUPS
    ],
)


def ticket(**fields: Any) -> dict[str, Any]:
    """Ana's open ticket as the API shows it."""
    return {
        "id": "b2a7c5de-0000-4000-8000-000000000001",
        "number": "INC-000042",
        "type": "incident",
        "subtype": None,
        "title": "It does not work",
        "description": None,
        "status": "open",
        "priority": "P3",
        "category": "incident",
        "queue": "Inbox",
        "group": None,
        "assignee": None,
        "requester": "ana",
        "tags": [],
        "custom": {},
        "links": [],
        "resolution_category": None,
        "created_at": AT.isoformat(),
        "updated_at": AT.isoformat(),
        **fields,
    }


def facts(**fields: Any) -> Facts:
    """The desk's facts about such a ticket."""
    return Facts(directory=DIRECTORY, ticket=ticket(**fields), calendars=CALENDARS)


def example(name: str) -> dict[str, Any]:
    """The example of that file name, as written."""
    path = next(p for p in EXAMPLES if p.stem == name)
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found
