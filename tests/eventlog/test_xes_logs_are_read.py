"""What an XES log says comes out as cases and events, however it is packed, encoded and typed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from wayline.eventlog.reading import log_name, read_cases
from wayline.eventlog.xes import MAX_ATTRIBUTES

Log = Callable[[str, str | bytes], Path]

ONE_CASE = """<?xml version="1.0" encoding="UTF-8"?>
<log xmlns="http://www.xes-standard.org/">
  <string key="concept:name" value="Café desk"/>
  <trace>
    <string key="concept:name" value="T-1"/>
    <string key="channel" value="phone"/>
    <event>
      <string key="concept:name" value="Open"/>
      <date key="time:timestamp" value="2024-03-01T10:00:00+01:00"/>
      <string key="org:resource" value="Ana"/>
      <string key="lifecycle:transition" value="start"/>
    </event>
    <event>
      <string key="concept:name" value="Open"/>
      <date key="time:timestamp" value="2024-03-01T09:05:00Z"/>
      <string key="lifecycle:transition" value="complete"/>
    </event>
  </trace>
</log>
"""


def trace(*events: str, name: str = "T-1") -> str:
    return f'<trace><string key="concept:name" value="{name}"/>{"".join(events)}</trace>'


def event(name: str = "Open", at: str = "2024-03-01T10:00:00Z", more: str = "") -> str:
    return f'<event><string key="concept:name" value="{name}"/><date key="time:timestamp" value="{at}"/>{more}</event>'


def test_cases_events_times_people_and_attributes(log: Log) -> None:
    (case,) = read_cases(log("desk.xes", ONE_CASE))

    assert (case.id, case.position, dict(case.attributes)) == ("T-1", 1, {"channel": "phone"})
    started, completed = case.events
    assert (started.case, started.activity, started.who) == ("T-1", "Open", "Ana")
    assert started.at == datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
    assert started.at.tzinfo is UTC
    assert completed.who is None


def test_both_ends_of_an_activity_are_events(log: Log) -> None:
    (case,) = read_cases(log("desk.xes", ONE_CASE))
    assert [event.attributes["lifecycle:transition"] for event in case.events] == ["start", "complete"]


@pytest.mark.parametrize("name", ["desk.xes.gz", "desk.xes", "desk", "desk.csv"])
def test_the_packing_and_the_format_are_told_from_the_bytes(log: Log, name: str) -> None:
    (case,) = read_cases(log(name, gzip.compress(ONE_CASE.encode())))
    assert len(case.events) == 2


@pytest.mark.parametrize("encoding", ["latin-1", "windows-1252", "utf-16", "utf-8-sig"])
def test_the_encoding_declared_is_used(log: Log, encoding: str) -> None:
    declared = ONE_CASE.replace("UTF-8", encoding.removesuffix("-sig")).replace("Ana", "Zoë")
    path = log("desk.xes", declared.encode(encoding))
    assert next(read_cases(path)).events[0].who == "Zoë"
    assert log_name(path) == "Café desk"


def test_an_encoding_given_beats_the_one_declared(log: Log) -> None:
    path = log("desk.xes", ONE_CASE.replace("Ana", "安娜").encode("gb18030"))
    assert next(read_cases(path, encoding="gb18030")).events[0].who == "安娜"


@pytest.mark.parametrize("root", ["<log>", '<log xmlns="urn:other">', '<x:log xmlns:x="http://www.xes-standard.org/">'])
def test_any_namespace_and_none_is_understood(log: Log, root: str) -> None:
    closing = "</x:log>" if "x:log" in root else "</log>"
    assert [case.id for case in read_cases(log("desk.xes", root + trace(event()) + closing))] == ["T-1"]


def test_attributes_of_all_types_become_plain_values(log: Log) -> None:
    typed = """
      <int key="reopened" value="2"/><float key="cost" value="1.5"/><boolean key="vip" value="true"/>
      <id key="ref" value="7f1"/><date key="due" value="2024-03-02T00:00:00+02:00"/>
      <list key="tags"><values><string key="tag" value="vpn"/><string key="tag" value="mail"/></values></list>
      <container key="site"><string key="city" value="Turin"/><int key="floor" value="3"/></container>
      <string key="group" value="L2"><string key="lead" value="Bo"/></string>
      <int key="broken" value="two"/><float key="endless" value="INF"/>
    """
    (case,) = read_cases(log("desk.xes", f"<log>{trace(event(more=typed))}</log>"))
    assert case.events[0].attributes == {
        "reopened": 2,
        "cost": 1.5,
        "vip": True,
        "ref": "7f1",
        "due": "2024-03-01T22:00:00Z",
        "tags": ["vpn", "mail"],
        "site": {"city": "Turin", "floor": 3},
        "group": "L2",
        "group.lead": "Bo",
        "broken": "two",
        "endless": "INF",
    }


def test_what_is_no_part_of_the_standard_is_passed_over(log: Log) -> None:
    odd = '<note><string key="concept:name" value="not this"/><event/></note>'
    (case,) = read_cases(log("desk.xes", f"<log>{odd}{trace(odd, event(more=odd), odd)}</log>"))
    assert (case.id, [event.activity for event in case.events]) == ("T-1", ["Open"])


def test_global_defaults_fill_gaps_but_invent_no_time_and_no_placeholder(log: Log) -> None:
    declared = """
      <global scope="trace"><string key="site" value="Rome"/><string key="concept:name" value="none"/></global>
      <global scope="event"><string key="priority" value="low"/><string key="org:resource" value="__INVALID__"/>
        <date key="time:timestamp" value="1970-01-01T00:00:00Z"/></global>
    """
    high = '<string key="priority" value="high"/>'
    (case,) = read_cases(log("desk.xes", f"<log>{declared}{trace(event(), event(more=high))}</log>"))
    assert case.attributes == {"site": "Rome"}
    assert [event.attributes["priority"] for event in case.events] == ["low", "high"]
    assert case.events[0].who is None


def test_a_mapping_renames_the_keys(log: Log) -> None:
    more = '<string key="team" value="L1"/><string key="step" value="Triage"/><int key="when" value="1709287200000"/>'
    path = log("desk.xes", f'<log><trace><string key="ref" value="R9"/>{event(more=more)}</trace></log>')
    mapping = {"case": "ref", "activity": "step", "at": "when", "who": "team"}
    (case,) = read_cases(path, mapping=mapping)
    found = case.events[0]
    assert (case.id, found.activity, found.who) == ("R9", "Triage", "L1")
    assert found.at == datetime(2024, 3, 1, 10, 0, tzinfo=UTC)
    assert found.attributes["concept:name"] == "Open"


def test_times_without_a_zone_are_meant_in_the_zone_given(log: Log) -> None:
    path = log("desk.xes", f"<log>{trace(event(at='2024-07-01T10:00:00'))}</log>")
    assert next(read_cases(path)).events[0].at.hour == 10
    assert next(read_cases(path, timezone="Europe/Rome")).events[0].at.hour == 8


def test_the_file_decides_the_order_even_against_the_stamps(log: Log) -> None:
    late, early = event("Late", "2024-03-02T00:00:00Z"), event("Early", "2024-03-01T00:00:00Z")
    (case,) = read_cases(log("desk.xes", f"<log>{trace(late, early)}</log>"))
    assert [event.activity for event in case.events] == ["Late", "Early"]


def test_two_cases_with_one_id_are_two_and_a_case_may_be_empty(log: Log) -> None:
    cases = list(read_cases(log("desk.xes", f"<log>{trace(event())}{trace(event())}{trace(name='T-2')}</log>")))
    assert [(case.id, case.position, len(case.events)) for case in cases] == [
        ("T-1", 1, 1),
        ("T-1", 2, 1),
        ("T-2", 3, 0),
    ]


def test_the_first_cases_come_before_the_file_is_read_to_its_end(log: Log) -> None:
    path = log("desk.xes", "<log>" + "".join(trace(event(), name=f"T-{n}") for n in range(20_000)) + "</log>")
    first = next(read_cases(path))
    assert first.id == "T-0"
    assert first.bytes_read < path.stat().st_size / 10


def test_many_attributes_within_the_limit_are_taken(log: Log) -> None:
    many = "".join(f'<int key="a{n}" value="{n}"/>' for n in range(MAX_ATTRIBUTES - 2))
    (case,) = read_cases(log("desk.xes", f"<log>{trace(event(more=many))}</log>"))
    assert len(case.events[0].attributes) == MAX_ATTRIBUTES - 2
