"""Causes that are looked for."""

from __future__ import annotations

from collections.abc import Iterator

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.story import ASKED, Chooses, Fills, Links, Says, Story, Votes, problem


def stories(days: Days) -> Iterator[Story]:
    """Three: one found and gone, one to be agreed on, one nobody has begun with."""
    yield Story(
        key="login-storm",
        at=days.on(15, "10:30"),
        by="paula",
        fields=problem(
            "Logging in takes two minutes on Mondays", "Between eight and nine, everywhere.", tags=["login"]
        ),
        then=(
            Fills(
                days.on(14, "15:00"),
                ASKED,
                "cause",
                {
                    "root_cause": "All machines fetch their updates at the first login of the week.",
                    "kind": "technical",
                    "known_error": False,
                },
            ),
            Votes(days.on(13, "09:20"), ASKED, "agreed", "approve"),
            Votes(days.on(13, "10:10"), ASKED, "agreed", "approve", "Seen it in the logs, too."),
            Chooses(days.on(9, "09:30"), "paula", "back_again", "It is gone"),
        ),
    )
    yield Story(
        key="wireless-problem",
        at=days.on(9, "14:00"),
        by="oskar",
        fields=problem("Access points restart by themselves", "Three floors, never two at once.", tags=["wireless"]),
        then=(
            Fills(
                days.on(6, "14:30"),
                ASKED,
                "cause",
                {
                    "root_cause": "Their firmware loses memory with every client that roams.",
                    "kind": "supplier",
                    "supplier": "Northern Radio",
                    "known_error": True,
                },
            ),
            Says(days.on(6, "14:35"), "yusuf", "The supplier has confirmed it and has no date for us yet."),
            Votes(days.on(5, "10:15"), ASKED, "agreed", "approve"),
        ),
    )
    yield Story(
        key="badge-problem",
        at=days.on(2, "13:10"),
        by="paula",
        fields=problem("Badge readers fail after thunderstorms", "The third one this year."),
        then=(Links(days.on(2, "13:15"), "paula", "relates_to", "badge-reader"),),
    )
