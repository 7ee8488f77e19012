"""Licences."""

from __future__ import annotations

from collections.abc import Iterator

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.story import ASKED, Fills, Leaves, Says, Sets, Story, Votes, request


def stories(days: Days) -> Iterator[Story]:
    """Six: given, waiting for finance, for security and for details, declined, and failed as the requester had left."""
    yield Story(
        key="software-cheap",
        at=days.on(13, "10:00"),
        by="grace",
        fields=request(
            "software", "Diagram editor for three of us", "The free one cannot print anything larger than A4."
        ),
        then=(
            Fills(days.on(13, "10:06"), "grace", "wish", {"product": "Boxes and Arrows", "seats": 3, "seat_price": 12}),
            Fills(days.on(12, "09:15"), "bo", "key", {"licence_key": "BXAR-7719-0032-11"}),
            Says(days.on(12, "09:17"), "bo", "The key is in your mailbox. It is good for all three of you."),
        ),
    )
    yield Story(
        key="software-finance",
        at=days.on(2, "09:30"),
        by="finn",
        fields=request("software", "Signal analysis toolbox", "Two seats; we share them.", priority="P3"),
        then=(
            Fills(
                days.on(2, "09:36"),
                "finn",
                "wish",
                {
                    "product": "Signal analysis toolbox",
                    "seats": 2,
                    "seat_price": 640,
                    "needed_by": days.ahead(15).isoformat(),
                },
            ),
            Votes(days.on(2, "11:05"), "claire", "money", "approve", "We asked for a quote, this is the cheaper one."),
        ),
    )
    yield Story(
        key="software-privacy",
        at=days.on(1, "13:30"),
        by="ines",
        fields=request("software", "Online forms for suppliers", "They keep the data in another country, I think."),
        then=(
            Fills(
                days.on(1, "13:38"),
                "ines",
                "wish",
                {"product": "Supplier forms", "seats": 40, "seat_price": 9, "data_abroad": True},
            ),
            Votes(days.on(1, "15:00"), "mei", "privacy", "approve", "Only names of companies. No objection."),
        ),
    )
    yield Story(
        key="software-declined",
        at=days.on(8, "09:50"),
        by="karl",
        fields=request("software", "Translator for contracts", "It reads the whole document."),
        then=(
            Fills(
                days.on(8, "09:55"),
                "karl",
                "wish",
                {"product": "Quick Translate", "seats": 5, "seat_price": 30, "data_abroad": True},
            ),
            Votes(
                days.on(8, "13:45"),
                "nadia",
                "privacy",
                "reject",
                "Contracts must not leave the house. Ask me for the offline dictionary.",
            ),
            Sets(days.on(7, "08:40"), "lea", {"status": "cancelled"}),
        ),
    )
    yield Story(
        key="software-begun",
        at=days.lately(25),
        by="ana",
        fields=request("software", "Something to draw circuits with", "Will fill in the details after lunch."),
    )
    # The one run that has failed: there is nobody left to be told the answer.
    yield Story(
        key="software-requester-left",
        at=days.on(12, "14:00"),
        by="jonas",
        fields=request("software", "Statistics workbench", "For the yearly survey."),
        then=(
            Fills(
                days.on(12, "14:07"),
                "jonas",
                "wish",
                {"product": "Statistics workbench", "seats": 2, "seat_price": 400},
            ),
            Votes(days.on(11, "09:15"), "henrik", "money", "approve"),
            Leaves(days.on(11, "15:30"), "jonas"),
            Votes(days.on(10, "10:20"), ASKED, "money", "reject", "He has left; who would use it?"),
        ),
    )
