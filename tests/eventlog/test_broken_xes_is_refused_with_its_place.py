"""A malformed or hostile XES log ends in one coded error that names the place; what came before it is handed over."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from wayline.eventlog import xes
from wayline.eventlog.event import EventLogError
from wayline.eventlog.reading import read_cases

Log = Callable[[str, str | bytes], Path]
Refusal = Callable[..., EventLogError]

GOOD = (
    '<event><string key="concept:name" value="Open"/><date key="time:timestamp" value="2024-03-01T10:00:00Z"/></event>'
)
BOMB = """<?xml version="1.0"?>
<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>
<log><trace><string key="concept:name" value="&c;"/></trace></log>"""
READS_A_FILE = (
    """<!DOCTYPE log [<!ENTITY leak SYSTEM "file:///etc/hostname">]><log><string key="x" value="&leak;"/></log>"""
)
FETCHES = """<!DOCTYPE log SYSTEM "http://127.0.0.1:9/log.dtd"><log/>"""


def trace(events: str, name: str = '<string key="concept:name" value="Case 17"/>') -> str:
    return f"<trace>{name}{events}</trace>"


@pytest.mark.parametrize("hostile", [BOMB, READS_A_FILE, FETCHES])
def test_document_types_and_entities_are_refused(log: Log, refusal: Refusal, hostile: str) -> None:
    refused = refusal(log("bomb.xes", hostile))
    assert refused.code == "doctype_refused"
    assert re.fullmatch(r"bomb\.xes \(byte \d+\)", refused.place)


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ('<event><string key="concept:name" value="Close"/></event>', "missing_time"),
        (
            '<event><string key="concept:name" value="Close"/><date key="time:timestamp" value=""/></event>',
            "missing_time",
        ),
        ('<event><string key="concept:name" value="C"/><date key="time:timestamp" value="soon"/></event>', "bad_time"),
        ('<event><date key="time:timestamp" value="2024-03-01T10:00:00Z"/></event>', "missing_activity"),
        (GOOD.replace("Open", " "), "missing_activity"),
        (GOOD.replace("Open", "x" * 1001), "too_long"),
        (GOOD.replace('key="concept:name" ', ""), "not_xes"),
        (f"<event>{GOOD}</event>", "event_outside_case"),
    ],
)
def test_a_faulty_event_is_named_by_its_number_its_case_and_its_byte(
    log: Log, refusal: Refusal, event: str, code: str
) -> None:
    text = "<log>" + trace(GOOD, '<string key="concept:name" value="Case 1"/>') + trace(GOOD + GOOD + event) + "</log>"
    refused = refusal(log("desk.xes", text))
    assert refused.code == code
    assert refused.place == f"desk.xes, event 3 of case 'Case 17' (byte {text.rindex(event)})"
    assert str(refused) == f"{refused.place}: {refused.message}"


def test_bytes_of_a_packed_log_are_counted_unpacked_and_said_so(log: Log, refusal: Refusal) -> None:
    text = f"<log>{trace('<event/>')}</log>"
    refused = refusal(log("desk.xes.gz", gzip.compress(text.encode())))
    assert refused.place == f"desk.xes.gz, event 1 of case 'Case 17' (byte {text.index('<event')} unpacked)"


def test_a_case_without_a_name_is_told_by_its_number(log: Log, refusal: Refusal) -> None:
    refused = refusal(log("desk.xes", f"<log>{trace(GOOD)}{trace(GOOD, name='')}</log>"))
    assert refused.code == "missing_case"
    assert refused.place.startswith("desk.xes, after event 1 of case number 2 (byte ")


def test_an_event_outside_of_any_case(log: Log, refusal: Refusal) -> None:
    refused = refusal(log("desk.xes", f"<log>{trace(GOOD)}{GOOD}</log>"))
    assert refused.code == "event_outside_case"
    assert refused.place.startswith("desk.xes, after case 1 (byte ")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9, 0.999])
def test_a_packed_log_that_was_cut_names_the_last_event_and_yields_what_is_whole(
    log: Log, refusal: Refusal, helpdesk: Path, part: float
) -> None:
    packed = helpdesk.read_bytes()
    path = log("cut.xes.gz", packed[: int(len(packed) * part)])
    refused = refusal(path)
    assert refused.code == "cut_short"
    assert re.search(r"cut\.xes\.gz, (after )?(event \d+ of )?case '?.* \(byte \d+ unpacked\)$", refused.place)

    whole = 0
    with pytest.raises(EventLogError):
        for whole, _ in enumerate(read_cases(path), 1):  # noqa: B007 - the last number is the answer
            pass
    assert whole > 4580 * part * 0.8


def test_a_damaged_packed_log(log: Log, refusal: Refusal) -> None:
    packed = bytearray(gzip.compress(f"<log>{trace(GOOD * 50)}</log>".encode()))
    packed[-6] ^= 0xFF
    assert refusal(log("desk.xes.gz", bytes(packed))).code == "corrupt_gzip"


def test_a_log_that_stops_in_the_middle(log: Log, refusal: Refusal) -> None:
    refused = refusal(log("desk.xes", f"<log>{trace(GOOD)}"))
    assert refused.code == "cut_short"
    assert refused.place.startswith("desk.xes, after case 1 (byte ")


def test_bytes_of_another_encoding_than_declared_are_named(log: Log, refusal: Refusal) -> None:
    text = f'<?xml version="1.0" encoding="UTF-8"?><log>{trace(GOOD.replace("Open", "Schließen"))}</log>'
    content = text.encode("latin-1")
    refused = refusal(log("desk.xes", content))
    assert refused.code == "wrong_encoding"
    assert "0xdf" in refused.message
    assert "event 1 of case 'Case 17'" in refused.place


@pytest.mark.parametrize(("declared", "code"), [("utf-16", "wrong_encoding"), ("klingon", "unknown_encoding")])
def test_a_declaration_that_cannot_be_true(log: Log, refusal: Refusal, declared: str, code: str) -> None:
    assert refusal(log("desk.xes", f'<?xml version="1.0" encoding="{declared}"?><log/>')).code == code


def test_an_encoding_given_that_does_not_exist_or_does_not_fit(log: Log, refusal: Refusal) -> None:
    path = log("desk.xes", f"<log>{trace(GOOD.replace('Open', 'é'))}</log>")
    assert refusal(path, encoding="klingon").code == "unknown_encoding"
    assert refusal(path, encoding="ascii").code == "wrong_encoding"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<log><x:trace/></log>", "undeclared_namespace"),
        ("<log><trace></log>", "malformed_xml"),
        ("<log>&undeclared;</log>", "malformed_xml"),
        ("<html><body/></html>", "not_xes"),
        ("<log><trace><trace/></trace></log>", "not_xes"),
        ("<log>" + "<list key='a'>" * 100 + "</log>", "too_deep"),
        ("<log>" + "<odd>" * 100 + "</log>", "too_deep"),
    ],
)
def test_what_is_no_log(log: Log, refusal: Refusal, text: str, code: str) -> None:
    refused = refusal(log("desk.xes", text))
    assert refused.code == code
    assert "byte" in refused.place


def test_limits_are_refusals(log: Log, refusal: Refusal, monkeypatch: pytest.MonkeyPatch) -> None:
    many = "".join(f'<int key="a{n}" value="1"/>' for n in range(xes.MAX_ATTRIBUTES + 1))
    assert refusal(log("desk.xes", f"<log>{many}</log>")).code == "too_many_attributes"

    monkeypatch.setattr(xes, "MAX_EVENTS_PER_CASE", 3)
    assert refusal(log("desk.xes", f"<log>{trace(GOOD * 4)}</log>")).code == "case_too_long"

    monkeypatch.setattr(xes, "MAX_TAG_BYTES", 100_000)
    assert refusal(log("desk.xes", f'<log><string key="a" value="{"x" * 400_000}"/></log>')).code == "too_long"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("desk.xes", b"", "empty_file"),
        ("desk.xes.gz", gzip.compress(b"", mtime=0), "empty_file"),
        ("d.zip", b"PK\x03\x04", "unsupported_format"),
    ],
)
def test_files_that_hold_no_log(log: Log, refusal: Refusal, name: str, content: bytes, code: str) -> None:
    assert refusal(log(name, content)).code == code


def test_a_file_that_is_not_there_and_a_folder(refusal: Refusal, tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.xes").code == "unreadable"
    assert refusal(tmp_path).code == "unreadable"


def test_a_call_that_cannot_be_meant(log: Log, refusal: Refusal) -> None:
    path = log("desk.xes", "<log/>")
    assert refusal(path, format="mxml").code == "unknown_format"
    assert refusal(path, timezone="Mars/Olympus").code == "unknown_timezone"
    assert refusal(path, mapping={"actor": "x"}).code == "unknown_role"
