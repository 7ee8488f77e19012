"""What does not work, and how it was made to work again."""

from __future__ import annotations

from collections.abc import Iterator

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.story import (
    ASSIGNEE,
    Attaches,
    Chooses,
    File,
    Fills,
    Links,
    Says,
    Sets,
    Story,
    Votes,
    incident,
    task,
)

REVIEW = "Problem Review"


def stories(days: Days) -> Iterator[Story]:
    """Sixteen: everyday ones without a process, two major ones, three with a target to miss, and some tasks."""
    yield from _everyday(days)
    yield from _everyday_open(days)
    yield from _major(days)
    yield from _with_a_target(days)
    yield from _tasks(days)


def _everyday(days: Days) -> Iterator[Story]:
    yield Story(
        key="printer",
        at=days.on(13, "08:35"),
        by="karl",
        fields=incident(
            "Printer on the third floor prints stripes",
            "Thin black ones, on every page, since this morning.",
            priority="P4",
            tags=["printing"],
        ),
        then=(
            Sets(days.on(13, "08:50"), "bo", {"assignee": "aisha", "group": "deskside", "status": "in_progress"}),
            Says(days.on(13, "10:15"), "aisha", "It needs a new drum. One is in the store room."),
            Sets(days.on(13, "11:05"), "aisha", {"status": "resolved", "resolution_category": "part replaced"}),
            Sets(days.on(8, "08:30"), "aisha", {"status": "closed"}),
        ),
    )
    yield Story(
        key="mail-asks-again",
        at=days.on(8, "10:12"),
        by="ines",
        fields=incident("The mail program keeps asking for my password", "Again and again, and then it gives up."),
        then=(
            Says(days.on(8, "10:25"), "cy", "Mail is down for everybody just now; no need to type it again."),
            Links(days.on(8, "10:26"), "cy", "duplicate_of", "mail-down"),
            Sets(days.on(8, "11:40"), "cy", {"status": "closed", "assignee": "cy", "resolution_category": "duplicate"}),
        ),
    )
    yield Story(
        key="two-factor",
        at=days.on(5, "13:15"),
        by="ana",
        fields=incident("Codes from the app are not accepted", "I have a new phone since yesterday.", tags=["login"]),
        then=(
            Sets(days.on(5, "13:20"), "cy", {"assignee": "cy", "group": "service-desk", "status": "in_progress"}),
            Says(days.on(5, "13:32"), "cy", "Its clock is nine minutes ahead. Please have the phone set it by itself."),
            Says(days.on(5, "13:40"), "ana", "That was it!"),
            Sets(days.on(5, "13:41"), "cy", {"status": "resolved", "resolution_category": "explained"}),
        ),
    )


def _everyday_open(days: Days) -> Iterator[Story]:
    yield Story(
        key="video-calls",
        at=days.on(4, "09:25"),
        by="henrik",
        fields=incident(
            "Video calls drop in meeting room Elbe",
            "After five to ten minutes, in every call. Next door it works.",
            tags=["meeting-rooms", "wireless"],
        ),
        then=(
            Sets(days.on(4, "09:40"), "lea", {"assignee": "yusuf", "group": "network", "status": "in_progress"}),
            Says(days.on(4, "14:10"), "yusuf", "The access point there restarts by itself.", internal=True),
            Attaches(
                days.on(4, "14:12"),
                "yusuf",
                file=File("access-point.log", "09:58 restart\n10:07 restart\n10:19 restart (watchdog)\n"),
            ),
            Links(days.on(3, "09:00"), "yusuf", "caused_by", "wireless-problem"),
        ),
    )
    yield Story(
        key="shared-calendar",
        at=days.on(3, "14:20"),
        by="grace",
        fields=incident(
            "Team calendar is empty since the update", "Only mine; the others see everything.", tags=["vip", "calendar"]
        ),
        then=(
            Sets(days.on(3, "14:30"), "bo", {"assignee": "bo", "group": "service-desk", "status": "pending"}),
            Says(days.on(3, "14:31"), "bo", "Could you send me a picture of the list of calendars on the left?"),
            Says(days.on(2, "08:55"), "grace", "There is none, the left side is hidden. Oh. There it is, too."),
            Says(days.on(2, "09:10"), "bo", "Glad it is there. I leave this open until tomorrow."),
        ),
    )
    yield Story(
        key="wrong-desks",
        at=days.on(3, "14:50"),
        by="henrik",
        fields=incident(
            "Calls for sales ring in the laboratory", "Two of our numbers, since noon.", tags=["telephony"]
        ),
        then=(
            Sets(days.on(3, "15:05"), "cy", {"assignee": "yusuf", "group": "network"}),
            Says(days.on(2, "09:40"), "yusuf", "Put right by hand. Does it still happen with the second number?"),
            Sets(days.on(2, "09:41"), "yusuf", {"status": "pending"}),
        ),
    )
    yield Story(
        key="badge-reader",
        at=days.on(6, "08:10"),
        by="lukas",
        fields=incident("Badge reader at the back door is dead", "No light at all.", priority="P2"),
        then=(
            Sets(days.on(6, "08:30"), "lea", {"assignee": "piotr", "group": "deskside", "status": "in_progress"}),
            Says(days.on(6, "10:20"), "piotr", "The power supply is gone. A new one comes in eight days."),
            Sets(days.on(6, "10:21"), "piotr", {"status": "on_hold", "custom": {"supplier_order": "PS-8812"}}),
        ),
    )
    yield Story(
        key="projector",
        at=days.lately(150),
        by="irene",
        fields=incident(
            "Projector in the board room flickers",
            "The supervisory board meets tomorrow at nine.",
            priority="P2",
            tags=["vip", "meeting-rooms"],
        ),
        then=(
            Sets(days.lately(140), "lea", {"assignee": "aisha", "group": "deskside", "status": "in_progress"}),
            Says(days.lately(60), "aisha", "I have changed the cable and watch it for an hour."),
        ),
    )
    yield Story(
        key="build-server",
        at=days.ago(34),
        by="finn",
        fields=incident(
            "Disk of the build server is 97 % full",
            "Builds still pass, but not for long.",
            status="new",
            tags=["storage"],
        ),
    )


def _major(days: Days) -> Iterator[Story]:
    yield Story(
        key="mail-down",
        at=days.on(8, "10:02"),
        by="lea",
        fields=incident("Mail is down for everybody", "Nothing goes in or out since ten o'clock.", subtype="p1"),
        then=(
            Fills(
                days.on(8, "10:09"),
                ASSIGNEE,
                "situation",
                {
                    "impact": "everybody",
                    "services": ["mail"],
                    "update": "Mail is down. We are looking at the storage behind it.",
                },
            ),
            Chooses(days.on(8, "10:12"), "paula", "state", "Still down"),
            Fills(
                days.on(8, "10:50"),
                ASSIGNEE,
                "situation",
                {
                    "impact": "everybody",
                    "services": ["mail"],
                    "update": "The storage is back. Mail that was held up is being delivered.",
                },
            ),
            Chooses(days.on(8, "11:05"), "paula", "state", "Restored"),
            Fills(
                days.on(6, "10:00"),
                "paula",
                "cause",
                {
                    "root_cause": "A volume grew beyond its threshold at night and nobody was told.",
                    "kind": "technical",
                    "known_error": True,
                },
                template=REVIEW,
            ),
            Votes(days.on(5, "09:10"), "oskar", "agreed", "approve", template=REVIEW),
            Votes(
                days.on(5, "11:30"),
                "cy",
                "agreed",
                "approve",
                "The alert went to a mailbox nobody reads.",
                template=REVIEW,
            ),
        ),
    )
    yield Story(
        key="vpn-drops",
        at=days.ago(9),
        by="bo",
        fields=incident(
            "Remote access drops at all sites",
            "Eleven calls within five minutes. Those in the office are not affected.",
            subtype="p1",
            tags=["remote-access"],
        ),
        then=(Says(days.ago(6), "dana", "One of the two gateways does not answer. On my way.", internal=True),),
    )


def _with_a_target(days: Days) -> Iterator[Story]:
    yield Story(
        key="target-missed",
        at=days.on(4, "08:40"),
        by="elif",
        fields=incident("Payment run stops at page three", "The bank's file is cut off.", subtype="sla", tags=["erp"]),
        then=(Says(days.on(2, "10:40"), "elif", "It is the end of the month soon. Who looks at this?"),),
    )
    yield Story(
        key="target-promised",
        at=days.on(7, "09:05"),
        by="henrik",
        fields=incident(
            "Price list shows last year's prices", "In the shop only.", subtype="sla", priority="P2", tags=["web-shop"]
        ),
        then=(
            Sets(days.on(7, "09:20"), "bo", {"assignee": "bo", "group": "service-desk", "status": "in_progress"}),
            Fills(days.on(7, "10:15"), "bo", "ask", {"in_time": True, "eta": days.on(7, "14:00").isoformat()}),
            Says(days.on(7, "13:50"), "bo", "The cache of the shop has been emptied. New prices are shown."),
            Sets(days.on(7, "13:51"), "bo", {"status": "resolved", "resolution_category": "fixed"}),
        ),
    )
    yield Story(
        key="target-ahead",
        at=days.lately(35),
        by="priya",
        fields=incident("Holiday requests are not sent on", "Managers get none since yesterday.", subtype="sla"),
    )


def _tasks(days: Days) -> Iterator[Story]:
    yield Story(
        key="patch-cables",
        at=days.on(11, "13:05"),
        by="viktor",
        fields=task("Label the new patch cables in rack 7", "Both ends, please.", assignee="yusuf"),
        then=(Sets(days.on(9, "10:40"), "yusuf", {"status": "closed"}),),
    )
    yield Story(
        key="store-room",
        at=days.on(5, "15:00"),
        by="tomas",
        fields=task(
            "Count the spare monitors", "Before the order at the end of the month.", group="deskside", priority="P4"
        ),
        then=(Sets(days.on(2, "13:30"), "piotr", {"assignee": "piotr", "status": "in_progress"}),),
    )
