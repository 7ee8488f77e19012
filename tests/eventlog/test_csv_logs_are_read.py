"""CSV logs of any dialect and order come out as cases; broken ones end in one coded error that names the line."""

from __future__ import annotations

import gzip
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from wayline.eventlog import delimited
from wayline.eventlog.counts import count_cases
from wayline.eventlog.event import EventLogError
from wayline.eventlog.reading import log_name, measure, parse_mapping, read_cases

Log = Callable[[str, str | bytes], Path]
Refusal = Callable[..., EventLogError]

SCATTERED = """\
Case ID,Activity,Timestamp,Resource,Site,Priority
INC-2,Open,2024-03-01T09:00:00Z,Bo,Rome,low
INC-1,Close,2024-03-01T12:00:00Z,Cy,Turin,high
INC-2,Close,2024-03-01T10:00:00Z,,Rome,low
INC-1,Open,2024-03-01T08:00:00Z,Ana,Turin,low
INC-1,Work,2024-03-01T08:00:00Z,Bo,Turin,
"""
MAPPING = "case=nr,activity=what,at=when,who=by"


def test_scattered_events_are_gathered_by_case_and_ordered_by_time_then_by_line(log: Log) -> None:
    second, first = read_cases(log("desk.csv", SCATTERED))

    assert [(case.id, case.position) for case in (second, first)] == [("INC-2", 1), ("INC-1", 2)]
    assert [(event.activity, event.who) for event in first.events] == [("Open", "Ana"), ("Work", "Bo"), ("Close", "Cy")]
    assert [(event.activity, event.who) for event in second.events] == [("Open", "Bo"), ("Close", None)]
    assert first.events[0].at == datetime(2024, 3, 1, 8, 0, tzinfo=UTC)


def test_a_column_that_never_changes_in_a_case_is_the_cases_and_any_other_the_events(log: Log) -> None:
    second, first = read_cases(log("desk.csv", SCATTERED))
    assert second.attributes == {"Site": "Rome", "Priority": "low"}
    assert first.attributes == {"Site": "Turin"}
    assert [dict(event.attributes) for event in first.events] == [{"Priority": "low"}, {}, {"Priority": "high"}]
    assert all(not event.attributes for event in second.events)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_rows(log: Log, delimiter: str) -> None:
    rows = ["case", "activity", "time", "note"], ["1", "Open", "2024-03-01", '"a, b; c\nd"']
    (case,) = read_cases(log("desk.csv", "\n".join(delimiter.join(row) for row in rows)))
    assert case.attributes == {"note": "a, b; c\nd"}


def test_commas_in_the_cells_do_not_outvote_the_semicolons(log: Log) -> None:
    text = "case;activity;time;amount\n1;Open, again;2024-03-01;1,5\n1;Close, at last;2024-03-02;2,5\n"
    (case,) = read_cases(log("desk.csv", text))
    assert [event.activity for event in case.events] == ["Open, again", "Close, at last"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_line_end_and_blank_lines(log: Log, newline: str) -> None:
    text = newline.join(["case,activity,time", "1,Open,2024-03-01", "", ",,", "1,Close,2024-03-02"])
    (case,) = read_cases(log("desk.csv", text))
    assert [event.activity for event in case.events] == ["Open", "Close"]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", None), ("utf-8-sig", None), ("utf-16", None), ("latin-1", "latin-1"), ("utf-16-le", "utf-16-le")],
)
def test_encodings_by_mark_or_by_name(log: Log, encoding: str, named: str | None) -> None:
    text = "case,activity,time,who\n1,Öffnen,2024-03-01,Zoë\n"
    (case,) = read_cases(log("desk.csv", text.encode(encoding)), encoding=named)
    assert (case.events[0].activity, case.events[0].who) == ("Öffnen", "Zoë")


def test_a_character_across_two_pieces_of_the_file_is_one(log: Log) -> None:
    head = "case,activity,time,note\n1,Open,2024-03-01,"
    for filling in range(65_536 - len(head) - 3, 65_536 - len(head) + 1):
        (case,) = read_cases(log("desk.csv", f"{head}{'x' * filling}€\n"))
        assert case.attributes["note"] == "x" * filling + "€"


def test_packed_csv_and_progress(log: Log) -> None:
    path = log("desk.csv.gz", gzip.compress(SCATTERED.encode()))
    read: list[int] = []
    cases = list(read_cases(path, on_read=read.append))
    assert read == [measure(path)]
    assert [case.bytes_read for case in cases] == [measure(path) * 2 // 5, measure(path)]
    assert log_name(path) == "Desk"


@pytest.mark.parametrize(
    "header",
    [
        "case:concept:name,concept:name,time:timestamp,org:resource",
        "Case ID,Activity,Complete Timestamp,Resource",
        "CASE_ID,Event,Date,User",
        "ticket;action;datetime;assigned_to",
    ],
)
def test_well_known_column_names_need_no_mapping(log: Log, header: str) -> None:
    row = "7,Open,2024-03-01,Ana".replace(",", ";" if ";" in header else ",")
    (case,) = read_cases(log("desk.csv", f"{header}\n{row}\n"))
    assert (case.id, case.events[0].activity, case.events[0].who) == ("7", "Open", "Ana")


def test_a_mapping_names_the_columns_and_frees_the_rest(log: Log) -> None:
    text = "Activity,nr,what,when,by\nprose,7,Open,29/2/2024 01:16,Ana\n"
    (case,) = read_cases(log("desk.csv", text), mapping=parse_mapping(MAPPING))
    assert (case.id, case.events[0].activity, case.events[0].who) == ("7", "Open", "Ana")
    assert case.events[0].at == datetime(2024, 2, 29, 1, 16, tzinfo=UTC)
    assert case.attributes == {"Activity": "prose"}


def test_a_mapping_is_written_with_commas_even_inside_names() -> None:
    assert parse_mapping("case=Nr, internal, at = When,activity=a=b") == {
        "case": "Nr, internal",
        "at": "When",
        "activity": "a=b",
    }
    for unclear in ("case", "case=", ""):
        with pytest.raises(EventLogError, match="role=column"):
            parse_mapping(unclear)


def test_a_log_without_a_column_for_people_names_nobody(log: Log) -> None:
    (case,) = read_cases(log("desk.csv", "case,activity,time\n1,Open,2024-03-01\n"))
    assert case.events[0].who is None


def test_columns_of_one_name_are_kept_apart(log: Log) -> None:
    (case,) = read_cases(log("desk.csv", "case,activity,time,x,x,\n1,Open,2024-03-01,a,b,c\n"))
    assert case.attributes == {"x": "a", "x (2)": "b", "column 6": "c"}


def test_140_000_rows_in_any_order_take_seconds(log: Log) -> None:
    chance = random.Random(7)
    start = datetime(2016, 2, 29)
    rows = [
        f"INC{number % 25_000},{chance.choice(('New', 'Active', 'Closed'))},"
        f"{start + timedelta(minutes=number):%d/%m/%Y %H:%M},agent {number % 200},note {number % 9}"
        for number in range(140_000)
    ]
    chance.shuffle(rows)
    path = log("desk.csv", "nr,what,when,by,note\n" + "\n".join(rows))

    began = time.perf_counter()
    counts = count_cases(read_cases(path, mapping=parse_mapping(MAPPING)))
    took_s = time.perf_counter() - began

    assert (counts.cases, counts.events, len(counts.people)) == (25_000, 140_000, 200)
    assert took_s < 40


def test_more_cases_than_are_remembered_keep_their_numbers(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "CASES_REMEMBERED", 3)
    monkeypatch.setattr(delimited, "SPOOL_BATCH_ROWS", 2)
    rows = [f"{case},{activity},2024-03-0{day}" for day, activity in ((2, "Close"), (1, "Open")) for case in range(10)]
    cases = list(read_cases(log("desk.csv", "case,activity,time\n" + "\n".join(rows))))
    assert [case.id for case in cases] == [str(number) for number in range(10)]
    assert all([event.activity for event in case.events] == ["Open", "Close"] for case in cases)


# -- broken ones

HEAD = "case,activity,time,who\n1,Open,2024-03-01,Ana\n"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1,Close,,Bo", "missing_time"),
        ("1,Close,yesterday,Bo", "bad_time"),
        ("1,,2024-03-01,Bo", "missing_activity"),
        (" ,Close,2024-03-01,Bo", "missing_case"),
        ("1,Close,2024-03-01", "ragged_row"),
        ("1,Close,2024-03-01,Bo,more", "ragged_row"),
        ('1,"Close"d,2024-03-01,Bo', "malformed_csv"),
        ('1,"Close,2024-03-01,Bo', "malformed_csv"),
        (f"1,{'x' * 1001},2024-03-01,Bo", "too_long"),
    ],
)
def test_a_faulty_row_is_named_by_its_line(log: Log, refusal: Refusal, row: str, code: str) -> None:
    refused = refusal(log("desk.csv", HEAD + '1,"No\nte",2024-03-01,Bo\n' + row + "\n"))
    assert refused.code == code
    assert refused.place == "desk.csv, line 5"


def test_cells_left_over_are_no_fault_when_they_are_empty(log: Log) -> None:
    (case,) = read_cases(log("desk.csv", HEAD + "1,Close,2024-03-02,Bo,,\n"))
    assert len(case.events) == 2


def test_missing_columns_list_those_there_are(log: Log, refusal: Refusal) -> None:
    refused = refusal(log("desk.csv", "alpha,beta,time\n1,2,3\n"))
    assert refused.code == "unknown_column"
    assert "case or activity" in refused.message
    assert "'alpha', 'beta', 'time'" in refused.message

    refused = refusal(log("desk.csv", HEAD), mapping={"who": "agent"})
    assert refused.code == "unknown_column"
    assert "no column 'agent'" in refused.message
    assert refusal(log("desk.csv", "a,b,b\n"), mapping={"case": "b"}).code == "ambiguous_column"


@pytest.mark.parametrize("name", ["desk.csv", "desk.csv.gz"])
def test_bytes_of_another_encoding_are_named_by_line_and_byte(log: Log, refusal: Refusal, name: str) -> None:
    content = HEAD.encode() + "1,Schließen,2024-03-01,Bo\n".encode("latin-1")
    refused = refusal(log(name, gzip.compress(content) if name.endswith("gz") else content))
    where = f"byte {content.index(0xDF)}" + (" unpacked" if name.endswith("gz") else "")
    assert (refused.code, refused.place) == ("wrong_encoding", f"{name}, line 3 ({where})")
    assert "0xdf" in refused.message


def test_bytes_far_into_a_long_log_are_named_exactly(log: Log, refusal: Refusal) -> None:
    content = (HEAD + "1,Zoë,2024-03-01,Bo\n" * 20_000).encode() + b"1,\xe9,2024-03-01,Bo\n"
    refused = refusal(log("desk.csv", b"\xef\xbb\xbf" + content))
    mark_bytes, before_bytes = 3, content.rindex(b"\xe9,")
    assert refused.place == f"desk.csv, line 20003 (byte {before_bytes + mark_bytes})"


def test_encodings_that_cannot_be(log: Log, refusal: Refusal) -> None:
    assert refusal(log("desk.csv", HEAD), encoding="klingon").code == "unknown_encoding"
    assert refusal(log("desk.csv", HEAD.encode("utf-16-le"))).code == "wrong_encoding"
    assert refusal(log("desk.csv", HEAD.encode("utf-16")[:-1])).code == "wrong_encoding"


def test_a_packed_log_that_was_cut(log: Log, refusal: Refusal) -> None:
    packed = gzip.compress(SCATTERED.encode())
    refused = refusal(log("desk.csv.gz", packed[:-12]))
    assert refused.code == "cut_short"
    assert refused.place.startswith("desk.csv.gz, byte ")


def test_limits_and_calls_are_refusals(log: Log, refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(log("desk.csv", HEAD), delimiter=";;").code == "unknown_delimiter"
    assert refusal(log("desk.csv", ",".join("abc" for _ in range(3000)))).code == "too_many_attributes"
    monkeypatch.setattr(delimited, "MAX_LINE_CHARS", 1_000)
    assert refusal(log("desk.csv", HEAD + "x" * 200_000)).place == "desk.csv, line 3"
    monkeypatch.setattr(delimited, "MAX_EVENTS_PER_CASE", 1)
    assert refusal(log("desk.csv", HEAD + "1,Close,2024-03-01,Bo\n")).code == "case_too_long"
