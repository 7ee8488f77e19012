"""Routing hands the ticket on, by turns, by load, to who is on call, or where a person sends it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from core.stories.desk import BO, CY, DEE, EVE, Story, away, chooses, issues, people


def routed(to: str, strategy: str = "", **more: Any) -> Story:
    written = f", strategy: {strategy}" if strategy else ""
    return Story(f"steps: [{{id: hand-over, type: routing, to: {to}{written}}}]", **more).starts(ticket={"group": None})


def test_a_ticket_goes_to_a_group() -> None:
    story = routed("{group: network}")
    assert story.ticket_changes == [{"group": "g-net"}]
    assert story.path == [("hand-over", "routed")]
    assert story.run.outputs["hand-over"] == {"group": "g-net", "assignee": None, "outcome": "routed"}
    assert story.told("ticket_routed") == [("eve",)]
    assert story.said("ticket_changed")[0].detail == "Routed to Network"


def test_a_ticket_goes_to_a_person() -> None:
    assert routed("{user: cy}").ticket_changes == [{"assignee": "cy"}]


def test_a_group_and_a_strategy_give_both_group_and_person() -> None:
    assert routed("{group: service-desk}", "round_robin").ticket_changes == [{"assignee": "bo", "group": "g-desk"}]


def test_a_strategy_may_stand_in_the_expression_itself() -> None:
    assert routed("{group: service-desk, strategy: round_robin}").ticket_changes[0]["assignee"] == "bo"


def test_turns_are_fair() -> None:
    steps = ", ".join(
        f"{{id: r{i}, type: routing, to: {{group: service-desk}}, strategy: round_robin, next: r{i + 1}}}"
        for i in range(29)
    )
    story = Story(f"steps: [{steps}, {{id: r29, type: routing, to: {{group: service-desk}}, strategy: round_robin}}]")
    story.starts()
    given = Counter(output["assignee"] for output in story.tables.outputs)
    assert given == {"bo": 10, "cy": 10, "dee": 10}
    assert story.tables.counters == {"rotation:g-desk": 30}


def test_a_turn_goes_on_where_other_runs_have_left_it() -> None:
    story = Story("steps: [{id: r, type: routing, to: {group: service-desk}, strategy: round_robin}]")
    story.tables.counters["rotation:g-desk"] = 4
    assert story.starts().ticket_changes[0]["assignee"] == "cy"


def test_who_is_away_is_passed_over() -> None:
    story = routed("{group: service-desk}", "round_robin", absences=[away(BO)])
    assert story.ticket_changes[0]["assignee"] == "cy"


def test_when_everybody_is_away_somebody_gets_it_all_the_same() -> None:
    story = routed("{group: network}", "round_robin", absences=[away(EVE)])
    assert story.ticket_changes[0]["assignee"] == "eve"


def test_who_has_least_to_do_gets_it() -> None:
    story = routed("{group: service-desk}", "least_loaded", open_work={"bo": 3, "cy": 1, "dee": 2})
    assert story.ticket_changes[0]["assignee"] == "cy"


def test_the_first_in_order_gets_it_when_all_have_as_much_to_do() -> None:
    assert routed("{group: service-desk}", "least_loaded").ticket_changes[0]["assignee"] == "bo"


def test_load_is_no_reason_to_give_work_to_who_is_away() -> None:
    story = routed("{group: service-desk}", "least_loaded", open_work={"cy": 9, "dee": 8}, absences=[away(BO)])
    assert story.ticket_changes[0]["assignee"] == "dee"


def test_who_is_on_call_gets_it() -> None:
    on_call = people(labels={DEE: ("on-call",)})
    assert routed("{group: service-desk}", "on_call", known=on_call).ticket_changes[0]["assignee"] == "dee"


def test_when_who_is_on_call_is_away_the_others_take_turns() -> None:
    on_call = people(labels={DEE: ("on-call",)})
    story = routed("{group: service-desk}", "on_call", known=on_call, absences=[away(DEE)])
    assert story.ticket_changes[0]["assignee"] == "bo"


def test_routing_to_nobody_is_an_incident_and_the_run_goes_on() -> None:
    story = routed("{user: zoe@desk.test}")
    assert story.incidents == ["nobody_to_route_to"]
    assert story.ticket_changes == []
    assert story.status == "completed"


def test_of_several_people_without_a_group_the_first_gets_it() -> None:
    assert routed("{role: agent}").ticket_changes == [{"assignee": "bo"}]


def test_without_a_ticket_routing_only_says_where_it_would_go() -> None:
    story = Story("steps: [{id: r, type: routing, to: {group: network}}]").starts(ticket={})
    assert story.run.outputs["r"]["group"] == "g-net"
    assert story.ticket_changes == []


def test_a_ticket_that_is_there_already_is_not_changed() -> None:
    story = Story("steps: [{id: r, type: routing, to: {group: service-desk}}]").starts()
    assert story.ticket_changes == []
    assert story.said("ticket_changed") == []


CHOICE = """
steps:
  - id: where
    type: routing
    assignee: {group: service-desk}
    options:
      - {label: Network fault, to: {group: network}, next: told}
      - {label: Nothing to do}
    next: closed
  - {id: told, type: automatic, action: {type: comment, text: "{{ steps.where.option }}"}}
  - {id: closed, type: automatic, action: {type: set_status, status: closed}}
"""


def test_a_person_chooses_and_the_ticket_goes_there() -> None:
    story = Story(CHOICE).starts().when(chooses(CY, "where", "Network fault"))
    assert story.path == [("where", "Network fault"), ("told", "succeeded")]
    assert story.ticket_changes == [{"group": "g-net"}]
    assert story.comments == ["Network fault"]
    assert story.visit("where").completed_by == "cy"


def test_an_option_without_its_own_connection_takes_the_steps() -> None:
    story = Story(CHOICE).starts().when(chooses(CY, "where", "Nothing to do"))
    assert story.path[-1] == ("closed", "succeeded")
    assert story.ticket is not None
    assert (story.ticket["status"], story.ticket["group"]) == ("closed", "g-desk")


def test_what_is_not_an_option_is_refused() -> None:
    story = Story(CHOICE).starts()
    for option in ("Elsewhere", None, ["Network fault"]):
        assert issues(story.refuses(chooses(CY, "where", option))) == {"option": "not_an_option"}
    assert story.resting_at == ["where"]
