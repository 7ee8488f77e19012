"""Passwords, remote access, and who may do what."""

from __future__ import annotations

from collections.abc import Iterator

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.story import (
    ASKED,
    Answered,
    Broke,
    Cancels,
    Chooses,
    File,
    Fills,
    Person,
    Says,
    Sets,
    Story,
    Votes,
    request,
)


def stories(days: Days) -> Iterator[Story]:
    """Ten: password resets, access that ends, and the review of everybody's rights."""
    yield from _passwords(days)
    yield from _remote_access(days)
    yield from _reviews(days)


def _passwords(days: Days) -> Iterator[Story]:
    yield Story(
        key="password-known",
        at=days.on(10, "08:05"),
        by="karl",
        fields=request("password-reset", "Locked out after the holidays", "Five attempts, none of them right."),
        then=(Chooses(days.on(10, "08:20"), "cy", "identity", "Known by voice or in person"),),
        systems={"reset": Answered({"result": "reset"})},
    )
    yield Story(
        key="password-manager",
        at=days.on(3, "08:12"),
        by="ines",
        fields=request("password-reset", "Password forgotten", "Writing from my private phone."),
        then=(
            Chooses(days.on(3, "08:25"), "bo", "identity", "Ask the manager"),
            Votes(days.on(3, "08:50"), "elif", "manager", "approve", "She just called me."),
            Says(days.on(3, "09:05"), "cy", "The directory does not answer; I do it at its console.", internal=True),
            Fills(days.on(3, "09:12"), "cy", "by_hand", {"finished": True}),
        ),
        systems={"reset": Broke("no answer within 10 s", permanent=False, after_s=10)},
    )
    yield Story(
        key="password-suspicious",
        at=days.on(6, "11:20"),
        by="lea",
        fields=request(
            "password-reset",
            "Caller wants the password of the managing director",
            "Says she is in a meeting and needs it within five minutes. The number is withheld.",
            requester="irene",
            tags=["vip", "phishing"],
            priority="P2",
        ),
        then=(
            Chooses(days.on(6, "11:24"), "lea", "identity", "Suspicious"),
            Sets(days.on(6, "11:40"), "mei", {"assignee": "mei", "status": "in_progress"}),
            Says(days.on(6, "15:10"), "mei", "The third call of this kind this month. All agents are warned."),
            Sets(days.on(5, "09:00"), "mei", {"status": "closed", "resolution_category": "rejected"}),
        ),
    )
    yield Story(
        key="password-now",
        at=days.ago(12),
        by="nora",
        fields=request("password-reset", "Cannot log in at the gate computer", "It says the password has expired."),
    )


def _remote_access(days: Days) -> Iterator[Story]:
    yield Story(
        key="vpn-ended",
        at=days.on(12, "08:45"),
        by="priya",
        fields=request("vpn-revocation", "Jonas Wirth leaves us", "Please end his remote access with his last day."),
        then=(
            Fills(
                days.on(12, "09:10"),
                "bo",
                "whose",
                {"person": Person("jonas"), "at_once": False, "last_day": days.on(11, "12:00").date().isoformat()},
            ),
        ),
        systems={"revoke": Answered(status=204)},
    )
    yield Story(
        key="vpn-to-end",
        at=days.on(2, "10:20"),
        by="priya",
        fields=request("vpn-revocation", "Karl Voss goes on parental leave", "His access rests until he is back."),
        then=(
            Fills(
                days.on(2, "10:45"),
                "cy",
                "whose",
                {"person": Person("karl"), "at_once": False, "last_day": days.ahead(9).isoformat()},
            ),
        ),
    )
    yield Story(
        key="vpn-at-once",
        at=days.on(6, "13:05"),
        by="mei",
        fields=request(
            "vpn-revocation",
            "Stolen phone with a remote access profile",
            "Nora's phone was taken on the tram at noon.",
            priority="P2",
            requester="nora",
        ),
        then=(
            Fills(
                days.on(6, "13:10"),
                "lea",
                "whose",
                {"person": Person("nora"), "at_once": True, "reason": "The phone was stolen at noon."},
            ),
            Votes(days.on(6, "13:18"), "oskar", "security", "approve"),
            Fills(
                days.on(6, "13:40"),
                ASKED,
                "by_hand",
                {"evidence": File("profile-removed.txt", "Profile of nora removed on both gateways.\n")},
            ),
        ),
        systems={"revoke": Broke("answered 409 Conflict: two profiles, name one")},
    )
    yield Story(
        key="vpn-kept",
        at=days.on(5, "09:00"),
        by="priya",
        fields=request("vpn-revocation", "Finn's project ends", "So does his remote access."),
        then=(
            Fills(
                days.on(5, "09:25"),
                "bo",
                "whose",
                {"person": Person("finn"), "at_once": False, "last_day": days.ahead(21).isoformat()},
            ),
            Cancels(days.on(4, "10:00"), "priya", "The project goes on for half a year."),
            Sets(days.on(4, "10:05"), "bo", {"status": "cancelled"}),
        ),
    )


def _reviews(days: Days) -> Iterator[Story]:
    yield Story(
        key="access-review-done",
        at=days.on(15, "09:00"),
        by="ruth",
        run_of="Quarterly Access Review",
        fields={"quarter": _before(days.quarter), "reviewers": 2},
        then=(
            Fills(days.on(13, "15:10"), "oskar", "look", {"removed": 4, "remarks": "Four people changed teams."}),
            Votes(days.on(13, "15:40"), "nadia", "signed", "approve"),
            Votes(days.on(12, "09:05"), "elif", "signed", "approve"),
            Votes(days.on(12, "10:50"), "viktor", "signed", "approve", "Three of them are mine, and right."),
        ),
        systems={"collect": Answered({"rows": 412})},
    )
    yield Story(
        key="access-review-running",
        at=days.on(3, "09:00"),
        by="ruth",
        run_of="Quarterly Access Review",
        fields={"quarter": days.quarter},
        then=(
            Fills(
                days.on(3, "13:20"),
                "nadia",
                "upload",
                {"list": File("rights.csv", "person,right\nbo,tickets\ndana,switches\nmei,mailboxes\n")},
            ),
        ),
        systems={"collect": Broke("answered 403 Forbidden")},
    )


def _before(quarter: str) -> str:
    year, _, number = quarter.partition("-Q")
    return f"{int(year) - 1}-Q4" if number == "1" else f"{year}-Q{int(number) - 1}"
