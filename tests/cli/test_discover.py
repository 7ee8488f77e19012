"""`wayline discover` drafts a template that passes the check, from any log with at most a column mapping."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from typer.testing import Result

from wayline.core.check import check
from wayline.eventlog.discovery import FIRST_ACTIVITY

Wayline = Callable[..., Result]
Write = Callable[[str, str], Path]

DESK = """case,activity,at,who
1,Open,2024-03-01 09:00,Ana
1,Close,2024-03-01 10:00,Bo
2,Open,2024-03-01 09:30,Ana
2,Work,2024-03-01 09:40,Cy
2,Close,2024-03-01 11:00,Bo
"""


def test_the_draft_goes_to_standard_output_alone_and_the_notes_beside_it(wayline: Wayline, write: Write) -> None:
    told = wayline("discover", write("desk.csv", DESK))
    assert told.exit_code == 0
    draft = yaml.safe_load(told.stdout)
    assert [step["id"] for step in draft["steps"]] == ["begin", "open", "work", "close"]
    assert draft["name"] == "Desk"
    assert "“Desk”: 4 steps from 2 cases and 5 events." in told.stderr


def test_the_draft_is_written_to_a_file_when_one_is_named(wayline: Wayline, write: Write, tmp_path: Path) -> None:
    told = wayline("discover", write("desk.csv", DESK), "-o", tmp_path / "desk.yaml")
    assert (told.exit_code, told.stdout) == (0, "")
    assert len(yaml.safe_load((tmp_path / "desk.yaml").read_text())["steps"]) == 4


def test_a_file_that_cannot_be_written_is_told_of(wayline: Wayline, write: Write, tmp_path: Path) -> None:
    told = wayline("discover", write("desk.csv", DESK), "-o", tmp_path / "nowhere" / "desk.yaml")
    assert told.exit_code == 1
    assert "cannot be written" in told.stderr


def test_the_real_log_gives_a_template_without_errors(wayline: Wayline, helpdesk: Path, tmp_path: Path) -> None:
    told = wayline("discover", helpdesk, "-o", tmp_path / "helpdesk.yaml")
    assert told.exit_code == 0
    checked = check(yaml.safe_load((tmp_path / "helpdesk.yaml").read_text()))
    assert checked.errors == ()
    assert checked.sound
    assert "15 steps from 4,580 cases and 21,348 events" in told.stderr
    assert "warning at steps[2].options[1].next" in told.stderr
    assert wayline("check", tmp_path / "helpdesk.yaml").exit_code == 0


def test_a_mapping_and_the_form_of_its_times_are_all_an_unknown_log_needs(wayline: Wayline, write: Write) -> None:
    log = write("export.csv", "Nr;Was;Wann;Wer\n7;Öffnen;03/02/2015 08h15;Ana\n7;Schließen;03/02/2015 09h00;Bo\n")
    told = wayline(
        "discover", log, "--map", "case=Nr,activity=Was,at=Wann,who=Wer", "--at-format", "%d/%m/%Y %Hh%M",
        "--timezone", "Europe/Rome",
    )  # fmt: skip
    assert told.exit_code == 0
    assert [step["name"] for step in yaml.safe_load(told.stdout)["steps"][1:]] == ["Öffnen", "Schließen"]


def test_an_encoding_and_the_order_of_day_and_month_may_be_said(wayline: Wayline, tmp_path: Path) -> None:
    log = tmp_path / "old.csv"
    log.write_bytes("case,activity,at\n1,Prüfen,1/13/2015 08:15\n1,Ende,1/2/2015 08:15\n".encode("latin-1"))
    told = wayline("discover", log, "--encoding", "latin-1", "--month-first")
    assert told.exit_code == 0
    draft = yaml.safe_load(told.stdout)
    # 2 January comes before 13 January.
    assert draft["steps"][0]["branches"][0]["when"] == {FIRST_ACTIVITY: "Ende"}


def test_a_log_that_cannot_be_used_is_told_of_in_one_line_with_its_place_and_code(
    wayline: Wayline, write: Write, tmp_path: Path
) -> None:
    for log, options, said in (
        (tmp_path / "none.xes", (), "none.xes: it cannot be opened: No such file or directory (unreadable)"),
        (write("cut.xes", "<log><trace>"), (), "(cut_short)"),
        (write("empty.csv", "case,activity,at\n"), (), "(empty_log)"),
        (write("what.csv", "a,b,c\n1,2,3\n"), (), "(unknown_column)"),
        (write("desk.csv", DESK), ("--map", "when=at"), "(unknown_role)"),
        (write("desk.csv", DESK), ("--format", "pdf"), "(unknown_format)"),
        (write("desk.csv", DESK), ("--timezone", "Rome"), "(unknown_timezone)"),
        (write("time.csv", "case,activity,at\n1,Open,soon\n"), (), "(bad_time)"),
    ):
        told = wayline("discover", log, *options)
        assert told.exit_code == 2, said
        assert told.stdout == ""
        assert said in told.stderr
        assert told.stderr.count("\n") == 1
