"""Contractors who come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.story import File, Fills, Person, Says, Sets, Signals, Story, Votes, request


def stories(days: Days) -> Iterator[Story]:
    """Five: one has come, one waits for a badge, one for security, one gets a visitor's badge, one cannot come."""
    yield Story(
        key="contractor-came",
        at=days.on(15, "09:30"),
        by="claire",
        fields=request("contractor", "Test engineer for the sensor line", "From an agency, for three months."),
        then=(
            Fills(
                days.on(15, "09:42"),
                "claire",
                "contractor",
                _form(
                    "Rosa Albanese",
                    "claire",
                    days.on(12, "12:00").date().isoformat(),
                    days,
                    ["building", "source code"],
                ),
            ),
            Votes(days.on(15, "10:00"), "claire", "sponsored", "approve"),
            Votes(days.on(15, "13:35"), "oskar", "security", "approve"),
            Votes(days.on(14, "08:20"), "nadia", "security", "approve", "Read access only."),
            Signals(days.on(13, "11:00"), "sam", "badge_issued", {"number": "V-2291"}),
            Says(days.on(12, "09:15"), "lukas", "She has her badge and has seen the fire exits."),
            Sets(days.on(12, "10:00"), "bo", {"status": "resolved"}),
        ),
    )
    yield Story(
        key="contractor-badge",
        at=days.on(2, "09:00"),
        by="claire",
        fields=request("contractor", "Electrician for the laboratory", "Comes twice a week until the summer."),
        then=(
            Fills(
                days.on(2, "09:11"),
                "claire",
                "contractor",
                _form("Milo Hartmann", "tomas", days.ahead(6).isoformat(), days, ["building"]),
            ),
            Votes(days.on(2, "13:25"), "tomas", "sponsored", "approve", "I show him around."),
        ),
    )
    yield Story(
        key="contractor-security",
        at=days.on(1, "10:10"),
        by="henrik",
        fields=request("contractor", "Developer for the web shop", "Works from home, needs the shop's source code."),
        then=(
            Fills(
                days.on(1, "10:19"),
                "henrik",
                "contractor",
                _form("Tessa Lang", "yusuf", days.ahead(10).isoformat(), days, ["vpn", "source code"]),
            ),
            Votes(days.on(1, "11:05"), "yusuf", "sponsored", "approve"),
            Votes(days.on(1, "14:30"), "mei", "security", "approve", "If the laptop is one of ours."),
        ),
    )
    yield Story(
        key="contractor-visitor",
        at=days.on(10, "09:20"),
        by="priya",
        fields=request("contractor", "Interpreter for the works council", "Four afternoons."),
        then=(
            Fills(
                days.on(10, "09:29"),
                "priya",
                "contractor",
                _form("Jun Sato", "irene", days.ahead(2).isoformat(), days, ["building"]),
            ),
            Votes(days.on(9, "08:40"), "irene", "sponsored", "approve"),
            Says(days.on(2, "09:50"), "nora", "The badge printer waits for a part. He gets a visitor's badge."),
        ),
    )
    yield Story(
        key="contractor-rejected",
        at=days.on(7, "10:30"),
        by="grace",
        fields=request("contractor", "Photographer for the catalogue", "One day, and needs to see everything."),
        then=(
            Fills(
                days.on(7, "10:38"),
                "grace",
                "contractor",
                _form("Ben Arden", "henrik", days.ahead(4).isoformat(), days, ["building"]),
            ),
            Votes(days.on(7, "13:50"), "henrik", "sponsored", "reject", "Not before the trade fair."),
            Sets(days.on(7, "14:05"), "cy", {"status": "cancelled"}),
        ),
    )


def _form(name: str, sponsor: str, from_day: str, days: Days, access: list[str]) -> dict[str, Any]:
    mailbox = name.lower().replace(" ", ".")
    return {
        "full_name": name,
        "contact": f"{mailbox}@agency.example",
        "sponsor": Person(sponsor),
        "from_day": from_day,
        "until_day": days.ahead(90).isoformat(),
        "access": access,
        "contract": File(f"contract-{mailbox}.txt", f"Contract with {name}. Both sides have signed.\n"),
    }
