"""Changes: ordinary ones, and those that could not wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wayline.cli.demonstration.calendars import Days
from wayline.cli.demonstration.story import ASKED, File, Fills, Number, Sets, Story, Votes, change


def stories(days: Days) -> Iterator[Story]:
    """Eight: done, before the board, forgotten by the board, before peers, sent back, waiting for the night; urgent."""
    yield from _done_and_to_be_done(days)
    yield from _to_be_decided(days)
    yield from _urgent(days)


def _done_and_to_be_done(days: Days) -> Iterator[Story]:
    yield Story(
        key="change-done",
        at=days.on(10, "10:00"),
        by="dana",
        fields=change("New certificate on the mail gateway", "The old one ends this month.", priority="P3"),
        then=(
            Fills(days.on(10, "10:20"), "dana", "plan", _plan(1, 2, days.on(9, "19:00").isoformat())),
            Fills(days.on(9, "19:40"), ASKED, "implement", {"result": "done", "notes": "No connection was lost."}),
        ),
    )
    yield Story(
        key="change-at-night",
        at=days.on(4, "11:10"),
        by="yusuf",
        fields=change("Firmware of the switches in hall 2", "Each of them is away for four minutes."),
        then=(
            Fills(
                days.on(4, "11:30"),
                "yusuf",
                "plan",
                _plan(6, 1, f"{days.ahead(2).isoformat()}T20:00:00+00:00"),
            ),
            Votes(days.on(4, "13:40"), "dana", "peers", "approve"),
            Votes(days.on(3, "09:45"), "oskar", "peers", "approve", "Please keep the cameras on the old switch."),
        ),
    )


def _to_be_decided(days: Days) -> Iterator[Story]:
    tomorrow = f"{days.ahead(5).isoformat()}T19:00:00+00:00"
    yield Story(
        key="change-board",
        at=days.on(1, "09:40"),
        by="yusuf",
        fields=change(
            "Replace the core switch", "The old one gets no more updates. All floors are affected.", priority="P2"
        ),
        then=(
            Fills(days.on(1, "10:05"), "yusuf", "plan", _plan(12, 3, tomorrow)),
            Votes(days.on(1, "13:30"), "nadia", "board", "approve"),
            Votes(days.on(1, "14:45"), "tomas", "board", "reject", "Not in the week of the trade fair."),
            Votes(days.on(1, "15:20"), "viktor", "board", "approve", "It cannot wait for much longer."),
        ),
    )
    yield Story(
        key="change-board-overdue",
        at=days.on(8, "09:10"),
        by="sam",
        fields=change("Move the intranet to the new servers", "All of it, over a weekend.", tags=["intranet"]),
        then=(
            Fills(days.on(8, "09:50"), "sam", "plan", _plan(5, 4, tomorrow)),
            Votes(days.on(6, "15:10"), "marta", "board", "approve"),
        ),
    )
    yield Story(
        key="change-peers",
        at=days.on(1, "08:50"),
        by="dana",
        fields=change("Open the firewall for the new scanner", "Two addresses, one port."),
        then=(
            Fills(days.on(1, "09:05"), "dana", "plan", _plan(2, 3, tomorrow)),
            Votes(days.on(1, "10:40"), "mei", "peers", "approve"),
        ),
    )
    yield Story(
        key="change-sent-back",
        at=days.on(6, "13:15"),
        by="dana",
        fields=change("Switch off the old time server", "Nobody should be using it any more."),
        then=(
            Fills(days.on(6, "13:25"), "dana", "plan", _plan(9, 2, tomorrow)),
            Votes(days.on(5, "08:35"), "ruth", "board", "reject", "The door system does. Please ask facilities first."),
            Votes(days.on(5, "09:55"), "nadia", "board", "reject", "So does the camera archive."),
            Votes(days.on(5, "10:30"), "marta", "board", "reject", "As Ruth says."),
        ),
    )


def _urgent(days: Days) -> Iterator[Story]:
    yield Story(
        key="emergency-done",
        at=days.on(8, "10:20"),
        by="dana",
        fields=change(
            "Enlarge the mail volume now", "It is full, and mail is down.", subtype="emergency", priority="P1"
        ),
        then=(
            Sets(days.on(8, "10:21"), "dana", {"assignee": "dana", "group": "network"}),
            Fills(
                days.on(8, "10:23"),
                "dana",
                "why",
                {"reason": "The mail volume is full; no mail is taken any more.", "incident": Number("mail-down")},
            ),
            Votes(days.on(8, "10:27"), "viktor", "one_voice", "approve", "Go."),
            Fills(
                days.on(8, "10:46"),
                "dana",
                "do_it",
                {
                    "finished_at": days.on(8, "10:44").isoformat(),
                    "record": File("volume.txt", "mail01: 2.0 TB to 3.0 TB, online, no restart.\n"),
                },
            ),
            Votes(days.on(8, "13:20"), "ruth", "justified", "approve"),
            Votes(days.on(8, "13:35"), "nadia", "justified", "approve"),
            Votes(days.on(8, "14:05"), "tomas", "justified", "approve", "Clear enough."),
        ),
    )
    yield Story(
        key="emergency-unheard",
        at=days.on(3, "20:30"),
        by="yusuf",
        fields=change("Restart the telephone system", "Two numbers ring at the wrong desk.", subtype="emergency"),
        then=(
            Fills(
                days.on(3, "20:34"),
                "yusuf",
                "why",
                {"reason": "Calls for sales ring in the laboratory.", "incident": Number("wrong-desks")},
            ),
        ),
    )


def _plan(systems: int, likelihood: int, window_start: str) -> dict[str, Any]:
    return {
        "systems": systems,
        "likelihood": likelihood,
        "window_start": window_start,
        "backout": "Put the saved configuration back and restart; that takes ten minutes.",
    }
