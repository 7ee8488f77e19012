"""Laptops that are asked for, and devices that come back."""

from __future__ import annotations

from collections.abc import Iterator

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.story import (
    ASKED,
    ASSIGNEE,
    Answered,
    Attaches,
    Broke,
    Cancels,
    Chooses,
    File,
    Fills,
    Says,
    Sets,
    Signals,
    Story,
    Takes,
    Votes,
    request,
)


def stories(days: Days) -> Iterator[Story]:
    """Ten of them: delivered, waiting, overdue, rejected, cancelled; returned, lost, to be written off."""
    yield from _laptops_that_came(days)
    yield from _laptops_that_are_waited_for(days)
    yield from _laptops_that_never_came(days)
    yield from _returns(days)


def _laptops_that_came(days: Days) -> Iterator[Story]:
    yield Story(
        key="laptop-for-leo",
        at=days.on(14, "09:05"),
        by="ana",
        fields=request(
            "laptop",
            "Laptop for Leo, who joins the imaging team",
            "Leo starts in two weeks and will compile all day, so please nothing small.",
            tags=["new-hire"],
        ),
        then=(
            Fills(
                days.on(14, "09:09"),
                "ana",
                "details",
                {
                    "new_hire": "leo.marsh@marlow.example",
                    "first_day": days.ahead(-4).isoformat(),
                    "model": "Developer 16",
                    "price": 2140,
                    "extras": ["dock", "monitor"],
                },
            ),
            Votes(days.on(14, "14:20"), "claire", "manager", "approve", "It is in this year's budget."),
            Says(days.on(12, "10:30"), ASSIGNEE, "It has arrived. I set it up this afternoon."),
            Says(
                days.on(12, "15:45"),
                ASSIGNEE,
                "Imaged and labelled as NB-20417, lies in the store room.",
                internal=True,
            ),
            Sets(days.on(11, "11:10"), ASSIGNEE, {"status": "resolved", "resolution_category": "delivered"}),
            Says(days.on(11, "11:40"), "ana", "Thank you, all works!"),
            Sets(days.on(6, "08:30"), "bo", {"status": "closed"}),
        ),
        systems={"order": Answered({"id": "SO-20417", "delivery_days": 2}, status=201)},
    )
    yield Story(
        key="laptop-for-reception",
        at=days.on(10, "10:40"),
        by="priya",
        fields=request(
            "laptop", "Laptop for the new receptionist", "A small one will do, it never leaves the front desk."
        ),
        then=(
            Fills(
                days.on(10, "10:44"),
                "priya",
                "details",
                {
                    "new_hire": "reception@marlow.example",
                    "first_day": days.ahead(3).isoformat(),
                    "model": "Standard 14",
                    "price": 1190,
                },
            ),
            Sets(days.on(8, "09:20"), ASSIGNEE, {"status": "in_progress"}),
            Says(days.on(8, "09:21"), ASSIGNEE, "Is there a network socket at the front desk, or wireless only?"),
            Says(days.on(8, "10:02"), "priya", "There are two sockets, one of them is free."),
        ),
        systems={"order": Answered({"id": "SO-20431", "delivery_days": 1}, status=201)},
    )
    yield Story(
        key="laptop-by-hand",
        at=days.on(4, "15:10"),
        by="priya",
        fields=request("laptop", "Spare laptop for the sales office", "Theirs has to go in for repair for two weeks."),
        then=(
            Fills(
                days.on(4, "15:13"),
                "priya",
                "details",
                {
                    "new_hire": "sales.office@marlow.example",
                    "first_day": days.ahead(1).isoformat(),
                    "model": "Standard 14",
                    "price": 1190,
                    "extras": ["headset"],
                },
            ),
            Says(days.on(3, "08:50"), "bo", "The shop was down all afternoon; ordered by telephone.", internal=True),
            Sets(days.on(3, "08:51"), "bo", {"status": "in_progress"}),
        ),
        systems={"order": Broke("answered 503 Service Unavailable", permanent=False, after_s=1.5)},
    )


def _laptops_that_are_waited_for(days: Days) -> Iterator[Story]:
    yield Story(
        key="laptop-its-pick",
        at=days.lately(70),
        by="grace",
        fields=request(
            "laptop",
            "Laptop for our trainee",
            "I do not know what she needs. You choose, please.",
            tags=["new-hire", "vip"],
        ),
        then=(
            Fills(
                days.lately(64),
                "grace",
                "details",
                {
                    "new_hire": "trainee.sales@marlow.example",
                    "first_day": days.ahead(12).isoformat(),
                    "model": "IT's pick",
                },
            ),
        ),
    )
    yield Story(
        key="laptop-pick-overdue",
        at=days.on(3, "10:10"),
        by="finn",
        fields=request("laptop", "Replacement for a laptop with a swollen battery", "I have switched it off for now."),
        then=(
            Fills(
                days.on(3, "10:16"),
                "finn",
                "details",
                {"new_hire": "finn@marlow.example", "first_day": days.ahead(1).isoformat(), "model": "IT's pick"},
            ),
            Says(days.on(1, "09:30"), "finn", "Any news? I share a machine with Ana until then."),
        ),
    )
    yield Story(
        key="laptop-manager-away",
        at=days.lately(200),
        by="ana",
        fields=request(
            "laptop",
            "Laptop for image processing",
            "The measurements of the new sensor do not fit into memory any more.",
        ),
        then=(
            Fills(
                days.lately(190),
                "ana",
                "details",
                {
                    "new_hire": "ana@marlow.example",
                    "first_day": days.ahead(14).isoformat(),
                    "model": "Developer 16",
                    "price": 2890,
                    "extras": ["dock"],
                },
            ),
        ),
    )
    yield Story(
        key="laptop-escalated",
        at=days.on(5, "11:00"),
        by="grace",
        fields=request(
            "laptop",
            "Light laptop for trade fairs",
            "Mine weighs three kilograms, and there are six fairs this spring.",
            tags=["vip"],
            priority="P2",
        ),
        then=(
            Fills(
                days.on(5, "11:04"),
                "grace",
                "details",
                {
                    "new_hire": "grace@marlow.example",
                    "first_day": days.ahead(8).isoformat(),
                    "model": "Developer 16",
                    "price": 1980,
                },
            ),
            Says(
                days.on(2, "15:30"),
                "henrik",
                "I am at a customer's this week. Somebody at the desk may decide.",
            ),
        ),
    )


def _laptops_that_never_came(days: Days) -> Iterator[Story]:
    yield Story(
        key="laptop-rejected",
        at=days.on(9, "13:20"),
        by="finn",
        fields=request("laptop", "Second laptop for the laboratory", "To leave it running over night."),
        then=(
            Fills(
                days.on(9, "13:25"),
                "finn",
                "details",
                {
                    "new_hire": "finn@marlow.example",
                    "first_day": days.ahead(0).isoformat(),
                    "model": "Developer 16",
                    "price": 3600,
                    "extras": ["dock", "monitor", "headset"],
                },
            ),
            Votes(
                days.on(8, "09:00"), "claire", "manager", "reject", "Use the measuring computer, it is idle at night."
            ),
            Sets(days.on(8, "11:30"), "cy", {"status": "cancelled"}),
        ),
    )
    yield Story(
        key="laptop-cancelled",
        at=days.on(7, "09:40"),
        by="priya",
        fields=request("laptop", "Laptop for a colleague in Graz", "She starts there next month."),
        then=(
            Fills(
                days.on(7, "09:43"),
                "priya",
                "details",
                {
                    "new_hire": "graz.office@marlow.example",
                    "first_day": days.ahead(20).isoformat(),
                    "model": "Standard 14",
                    "price": 1250,
                },
            ),
            Cancels(days.on(7, "09:44"), "priya", "The office in Graz buys its own."),
            Sets(days.on(7, "09:50"), "bo", {"status": "cancelled"}),
        ),
        # The order is under way when the run is cancelled, and is taken back once it has been confirmed.
        systems={"order": Answered({"id": "SO-20466", "delivery_days": 3}, status=201, after_s=180)},
    )


def _returns(days: Days) -> Iterator[Story]:
    yield Story(
        key="return-in-person",
        at=days.on(12, "11:15"),
        by="karl",
        fields=request("hardware-return", "Returning my old docking station", "I have the new one since Monday."),
        then=(
            Fills(
                days.on(12, "11:20"),
                "karl",
                "device",
                {"asset": "DS-0093", "way": "in person", "pickup": days.on(11, "10:00").isoformat()},
            ),
            Fills(days.on(11, "10:25"), ASKED, "inspect", {"condition": "as new"}),
            Chooses(days.on(11, "13:30"), "tomas", "use", "Back to stock"),
        ),
    )
    yield Story(
        key="return-to-write-off",
        at=days.on(8, "14:05"),
        by="nora",
        fields=request("hardware-return", "A tablet that fell down the stairs", "It still lights up, in one corner."),
        then=(
            Fills(days.on(8, "14:11"), "nora", "device", {"asset": "TB-00417", "way": "parcel"}),
            Signals(days.on(6, "09:35"), "sam", "parcel_received", {"asset": "TB-00417", "carrier": "in-house mail"}),
            Fills(
                days.on(6, "13:40"),
                ASKED,
                "inspect",
                {
                    "condition": "broken",
                    "damage": "Display cracked, frame bent.",
                    "photos": [File("tablet.txt", "Two photographs of a bent frame.\n")],
                },
            ),
            Chooses(days.on(5, "08:55"), "tomas", "use", "Dispose of"),
        ),
    )
    yield Story(
        key="return-on-its-way",
        at=days.on(2, "13:50"),
        by="henrik",
        fields=request("hardware-return", "Two-year-old phone", "Sent it from the airport, so it may take a while."),
        then=(
            Fills(days.on(2, "13:58"), "henrik", "device", {"asset": "PH-3310", "way": "parcel"}),
            Attaches(days.on(2, "14:02"), "henrik", file=File("receipt.txt", "Parcel 00340434 of one phone, 410 g.\n")),
        ),
    )
    yield Story(
        key="return-of-another-device",
        at=days.on(14, "13:10"),
        by="jonas",
        fields=request("hardware-return", "Headset and laptop before I leave", "My last day is next week."),
        then=(
            Fills(days.on(14, "13:16"), "jonas", "device", {"asset": "NB-10233", "way": "parcel"}),
            Signals(days.on(7, "10:05"), "sam", "parcel_received", {"asset": "HS-0118", "carrier": "parcel service"}),
            Takes(days.on(7, "10:28"), "piotr", "chase"),
            Says(days.on(7, "10:30"), "piotr", "Only the headset was in it, not the laptop.", internal=True),
        ),
    )
