"""Messages with paths: what people see, what choosing does, and when it is over."""

from __future__ import annotations

import pytest

from core.stories.desk import (
    ANA,
    BO,
    CY,
    DEE,
    EVE,
    GROUPS,
    MAX,
    ROOT,
    RUN,
    TENANT,
    away,
    cancels,
    pauses,
    people,
    reports,
    resumes,
    retries,
    skips,
)
from core.stories.messages import Message, chooses, locks, unlocks
from wayline.core.commands import WithdrawEntry
from wayline.core.facts import Actor, Directory

OUTAGE = """
start:
  step:
    template: "Outage at {{ dispatch.site }}"
    name: New
    description: Can you take it?
    scope: $sink
    icon: bolt
    summary: "{{ dispatch.site }} is down"
    summaryTitle: Outage
    paths:
      - {label: Accept, step: accepted, icon: check}
      - {label: Pass, step: passed, behavior: pass-on}
      - {label: Ask, step: nowhere, behavior: forward}
  behaviors:
    forward:
      behavior: dispatch
      handle: pass-on
      target: given groups [network]
      fields: [reason]
      data: {from: "{{ source.name }}", raw: "{{ source.name }}", list: ["{{ dispatch.site }}"]}
      templates: [data.from, data.list.0]
  actions:
    - {action: notify, scope: $sink, args: {title: Outage, body: "{{ dispatch.site }}"}}
passed: {step: {name: Passed on, status: retired}, actions: {task: {args: declined}}}
accepted:
  step:
    name: Taken
    nameStyle: success
    description: "{{ source.name }} has it"
    scope: $all
    paths: [{label: Done, step: done}]
  actions:
    - {action: lock, scope: $all}
    - {action: unlock, scope: $source}
    - {action: task, scope: $source, args: accepted}
done: {step: {name: Done, status: retired, scope: $all}}
"""
DESK = "given groups [service-desk]"


def outage() -> Message:
    return Message(OUTAGE).sent(DESK, by=MAX, data={"site": "Rome"})


def test_everybody_it_is_sent_to_holds_an_entry_and_is_told() -> None:
    story = outage()
    assert story.inboxes == {"bo": "start", "cy": "start", "dee": "start"}
    assert story.pushed == [(("bo", "cy", "dee"), "Outage", "Rome")]
    (face,) = story.faces
    assert (face.title, face.label, face.style, face.subtitle) == ("Outage at Rome", "New", "info", "Can you take it?")
    assert (face.icon, face.summary_title, face.summary) == ("bolt", "Outage", "Rome is down")
    assert [path["label"] for path in face.paths] == ["Accept", "Pass", "Ask"]


def test_one_takes_it_and_it_is_locked_for_everybody_else_until_it_is_done() -> None:
    story = outage().when(chooses(BO, "Accept"))
    assert story.inboxes == {"bo": "accepted", "cy": "accepted", "dee": "accepted"}
    assert story.locked == {"cy": "bo", "dee": "bo"}
    assert story.faces[-1].subtitle == "Bo has it"
    assert {u: e.task for u, e in story.held.items()} == {"bo": "accepted", "cy": "open", "dee": "open"}
    refusal = story.refuses(chooses(CY, "Accept"))
    assert (refusal.kind, refusal.code) == ("locked", "entry_locked")
    assert refusal.details == {"locked_by": {"id": "bo", "name": "Bo"}, "step": "accepted", "label": "Taken"}

    story.when(chooses(BO, "Done"))
    assert story.inboxes == {}
    assert story.status == "completed"
    assert story.refuses(chooses(BO, "Done")).code == "entry_retired"


def test_what_has_moved_on_says_where_to_and_a_path_that_never_was_says_which_there_are() -> None:
    story = outage().when(chooses(BO, "Accept"))
    refusal = story.refuses(chooses(BO, "Accept"))
    assert (refusal.kind, refusal.code, refusal.details) == (
        "conflict",
        "entry_moved",
        {"step": "accepted", "label": "Taken"},
    )
    assert story.refuses(chooses(BO, "Done", seen="start")).code == "entry_moved"
    assert story.refuses(chooses(BO, "Dance")).issues[0].path == "path"
    assert story.when(chooses(BO, "done", seen="accepted")).status == "completed"


def test_a_path_hands_over_its_behaviour_rendered_where_it_says_so() -> None:
    story = outage().when(chooses(CY, "Pass"))
    assert story.inboxes == {"bo": "start", "dee": "start"}
    assert story.entry(CY).task == "declined"
    (chosen,) = story.said("entry_chosen")
    (handed,) = chosen.data["behaviors"]
    assert (handed["name"], handed["handle"], handed["fields"]) == ("forward", "pass-on", ["reason"])
    assert handed["body"] == {
        "template": story.run.template_id,
        "to": "given groups [network]",
        "data": {"from": "Cy", "raw": "{{ source.name }}", "list": ["Rome"]},
    }


def test_a_path_to_no_step_does_what_its_behaviour_says_and_moves_nothing() -> None:
    story = outage().when(chooses(CY, "Ask"))
    assert story.inboxes == {"bo": "start", "cy": "start", "dee": "start"}
    assert [h["name"] for h in story.said("entry_chosen")[0].data["behaviors"]] == ["forward"]


def test_nobody_chooses_for_others_but_a_substitute_does_and_it_is_said() -> None:
    story = Message(OUTAGE, absences=[away(BO, EVE)]).sent(DESK, by=MAX, data={"site": "Rome"})
    for stranger in (CY, ROOT, MAX):
        assert story.refuses(chooses(stranger, "Accept", of=BO)).code == "not_yours"
    assert story.refuses(chooses(ANA, "Accept")).kind == "not_found"
    story.when(chooses(EVE, "Accept", of=BO))
    assert story.faces[-1].subtitle == "Bo has it"
    assert story.locked == {"cy": "bo", "dee": "bo"}
    (chosen,) = story.said("entry_chosen")
    assert (chosen.detail, chosen.data["on_behalf_of"]) == ("Eve chose Accept", "bo")


def test_a_paused_run_takes_no_choices_and_a_cancelled_one_leaves_no_entry() -> None:
    story = outage().when(pauses(ROOT))
    assert story.refuses(chooses(BO, "Accept")).code == "run_paused"
    story.when(resumes(ROOT), chooses(BO, "Accept"), cancels(ROOT))
    assert (story.status, story.inboxes, story.locked) == ("cancelled", {}, {})
    assert {u for c in story.written[-1].changes for u in (c.user_id,)} == {"bo", "cy", "dee"}
    assert story.refuses(chooses(BO, "Done")).code == "entry_retired"
    assert story.refuses(retries(ROOT)).kind == "conflict"


def test_nobody_skips_a_message_for_others() -> None:
    assert outage().refuses(skips(ROOT, "start", "Accept")).code == "not_skippable"


def test_each_decision_writes_each_person_once_from_what_it_was_to_what_it_is() -> None:
    story = outage().when(chooses(BO, "Accept"))
    (before, after) = story.written
    assert [c.before for c in before.changes] == [None, None, None]
    by_person = {c.user_id: c for c in after.changes}
    assert by_person["bo"].before.visit == 0
    assert (by_person["bo"].after.visit, by_person["bo"].after.lock) == (1, "")
    assert (by_person["cy"].after.visit, by_person["cy"].after.lock) == (1, "step")


# -- locking by hand -------------------------------------------------------------------------------


def test_who_locks_by_hand_unlocks_and_so_do_the_sender_and_the_supervisors() -> None:
    story = outage().when(locks(BO))
    assert story.refuses(chooses(BO, "Accept")).details["locked_by"] == {"id": "bo", "name": "Bo"}
    assert story.refuses(locks(BO)).kind == "locked"
    assert story.refuses(locks(CY, of=BO)).code == "not_yours"
    assert story.refuses(unlocks(CY, of=BO)).code == "not_yours"
    story.when(unlocks(BO))
    assert story.refuses(unlocks(BO)).code == "not_locked"
    story.when(locks(ROOT, of=BO))
    assert story.refuses(unlocks(BO)).code == "entry_locked"
    story.when(unlocks(MAX, of=BO), chooses(BO, "Accept"))
    assert story.refuses(unlocks(CY)).code == "entry_locked"
    story.when(unlocks(MAX, of=CY))
    assert story.locked == {"dee": "bo"}


# -- what it shows ---------------------------------------------------------------------------------


def test_attributes_come_before_data_and_before_the_steps_own() -> None:
    story = Message(OUTAGE).sent(
        DESK, by=MAX, data={"site": "Rome"}, attributes={"site": "Oslo", "icon": "fire", "summary": "Hurry"}
    )
    (face,) = story.faces
    assert (face.title, face.icon, face.summary, face.summary_title) == ("Outage at Oslo", "fire", "Hurry", "Outage")


def test_a_title_of_its_own_stands_in_for_the_templates() -> None:
    story = Message(OUTAGE).sent(DESK, by=MAX, data={"site": "Rome"}, title="Fire {{ drill }}")
    story.when(chooses(BO, "Accept"))
    assert [face.title for face in story.faces] == ["Fire {{ drill }}"] * 2


def test_what_a_script_sent_shows_title_label_and_subtitle_alone() -> None:
    story = Message(OUTAGE).sent(DESK, by=MAX, data={"site": "Rome"}, by_script=True, attributes={"summary": "Hurry"})
    (face,) = story.faces
    assert (face.title, face.label, face.subtitle) == ("Outage at Rome", "New", "Can you take it?")
    assert (face.icon, face.summary_title, face.summary) == (None, None, None)


def test_texts_read_the_data_the_ticket_the_choice_and_earlier_answers() -> None:
    story = Message(
        """
start: {step: {name: "{{ ticket.number }} {{ site }}", scope: "given users [bo]", paths: [{label: Why, step: why}]}}
why:
  step:
    name: "{{ choice.path }}: {{ choice.data.reason }} {{ steps.start.reason }}"
    description: "{{ source.name }} {{ source.email }}"
    status: retired
"""
    ).starts(site="Rome", source=MAX)
    story.when(chooses(BO, "Why", reason="busy"))
    assert [face.label for face in story.faces] == ["REQ-000001 Rome", "Why: busy busy"]
    assert story.faces[-1].subtitle == "Bo bo@desk.test"


def test_a_text_that_cannot_be_rendered_stays_away_and_is_flagged() -> None:
    story = Message("start: {step: {template: '{{ x | nosuch }}', name: A, scope: 'given users [bo]'}}").starts()
    assert [(face.title, face.label) for face in story.faces] == [("A story", "A")]
    assert story.incidents == ["bad_text"]


# -- entries that come and go ----------------------------------------------------------------------

COMING_BACK = """
start:
  step:
    name: A
    paths:
      - {label: Later, step: later}
      - {label: Back, step: back}
      - {label: Shout, step: shout}
      - {label: Hide, step: hide}
later: {step: {name: Later, status: retired}}
back: {step: {name: Back, scope: $all, status: active, paths: [{label: Later, step: later}]}}
hide: {step: {name: Hidden, scope: $source}, actions: {status: {scope: $all, args: retired}}}
shout:
  step: {name: Shout, scope: $source, paths: [{label: Later, step: later}]}
  actions: [{action: status, scope: $all, args: active}]
"""


def test_a_retired_entry_stays_away_until_a_step_or_an_action_says_active() -> None:
    story = Message(COMING_BACK).sent(["bo", "cy@desk.test"], by=MAX)
    story.when(chooses(BO, "Later"))
    assert story.inboxes == {"cy": "start"}
    story.when(chooses(CY, "Back"))
    assert story.inboxes == {"bo": "back", "cy": "back"}

    story = Message(COMING_BACK).sent(["bo", "cy@desk.test"], by=MAX)
    story.when(chooses(BO, "Later"), chooses(CY, "Shout"))
    assert story.inboxes == {"bo": "shout", "cy": "shout"}


def test_an_action_retires_too() -> None:
    story = Message(COMING_BACK).sent("given users [bo, cy]", by=MAX).when(chooses(BO, "Hide"))
    assert (story.inboxes, story.status) == ({}, "completed")


def test_people_reached_later_get_an_entry_of_their_own() -> None:
    story = Message(
        """
start: {step: {name: A, paths: [{label: Escalate, step: up}]}}
up: {step: {name: Up, scope: "given groups [network]", paths: [{label: End, step: end}]}}
end: {step: {name: End, scope: $all, status: retired}}
"""
    ).sent(["bo"], by=MAX)
    story.when(chooses(BO, "Escalate"))
    assert story.inboxes == {"bo": "start", "eve": "up"}
    story.when(chooses(EVE, "End"))
    assert story.status == "completed"


def test_who_has_left_keeps_no_message_from_ending() -> None:
    story = outage()
    story.directory = Directory(people=people(inactive=[CY]), groups=GROUPS)
    story.when(chooses(BO, "Accept"), chooses(BO, "Done"))
    assert (story.status, story.inboxes) == ("completed", {})


BRING_BACK = """
start: {step: {name: New, paths: [{label: Again, step: again}, {label: Back, step: back}]}}
again: {step: {name: Again, scope: $all, status: active, paths: [{label: Done, step: done}]}}
back:
  step: {name: Back, scope: $all, paths: [{label: Done, step: done}]}
  actions: [{action: status, scope: $all, args: active}]
done: {step: {name: Done, status: retired}}
"""


@pytest.mark.parametrize("path", ["Again", "Back"])
def test_who_has_left_gets_no_message_back(path: str) -> None:
    story = Message(BRING_BACK).sent(DESK, by=MAX)
    story.when(WithdrawEntry(tenant_id=TENANT, run_id=RUN, actor=ROOT, user_id=CY.user_id or ""))
    story.directory = Directory(people=people(inactive=[CY]), groups=GROUPS)
    story.when(chooses(BO, path))
    assert set(story.inboxes) == {"bo", "dee"}
    story.when(chooses(BO, "Done"), chooses(DEE, "Done"))
    assert story.status == "completed"


# -- nobody, and too many --------------------------------------------------------------------------


def test_a_scope_that_means_nobody_is_an_incident() -> None:
    story = Message("start: {step: {name: A, scope: 'given groups [empty]'}}").starts()
    assert (story.incidents, story.status) == (["nobody_reached"], "completed")


def test_whom_it_was_sent_to_and_who_is_not_reached_is_an_incident_and_kept() -> None:
    story = Message("start: {step: {name: A, scope: 'given users [cy]'}}").sent(["bo", "cy"], by=MAX)
    assert story.inboxes == {"cy": "start"}
    assert story.incidents == ["recipients_not_reached"]
    assert story.run.inbox is not None
    assert set(story.run.inbox.entries) == {"bo", "cy"}
    assert story.refuses(chooses(BO, "x")).kind == "not_found"


def test_whom_a_run_that_nobody_dispatched_goes_to_is_in_its_variable_to() -> None:
    story = Message("start: {step: {name: A}}").starts(to="given users [bo]")
    assert story.inboxes == {"bo": "start"}
    story = Message("start: {step: {name: A}}").starts(to="given sheep")
    assert story.incidents == ["bad_query", "nobody_reached"]


# -- outside ---------------------------------------------------------------------------------------

OUTSIDE = """
start: {step: {name: A, paths: [{label: Go, step: go}]}}
go:
  step: {name: Gone, status: retired}
  actions:
    - {action: chat, args: {text: "{{ source.name }} went", channel: desk}}
    - {action: script, args: tidy-up}
    - {action: trigger, args: {rule: Tell the boss}}
"""


def test_outside_actions_are_jobs_and_a_run_ends_when_they_have() -> None:
    story = Message(OUTSIDE).sent(["bo"], by=MAX, data={"site": "Rome"}).when(chooses(BO, "Go", why="bored"))
    chat, script = story.jobs
    assert (chat.queue, chat.activation_id) == ("chat", None)
    assert chat.action == {"type": "send_chat", "channel": "desk", "text": "Bo went"}
    assert (script.queue, script.action["script"]) == ("script", "tidy-up")
    params = script.action["params"]
    assert set(params) == {"userId", "from", "to", "payload", "entity", "rule", "step"}
    assert (params["userId"], params["from"], params["to"], params["payload"]) == (
        "bo",
        "start",
        "go",
        {"why": "bored"},
    )
    (rule,) = story.sendings
    assert (rule.command, rule.body["rule_name"]) == ("fire_rule", "Tell the boss")
    assert (story.inboxes, story.status) == ({}, "running")
    story.when(reports(chat, output={}), reports(script, output={"result": 1}))
    assert story.status == "completed"


def test_a_failing_one_is_tried_again_and_then_shown_and_undoes_nothing() -> None:
    story = Message(OUTSIDE).sent(["bo"], by=MAX).when(chooses(BO, "Go"))
    chat, script = story.jobs
    story.when(reports(chat, error="no such channel", permanent=True))
    assert story.incidents == ["chat_failed"]
    for _ in range(3):
        assert story.status == "running"
        story.when(reports(script, error="asleep"))
    assert story.incidents == ["chat_failed", "script_failed"]
    assert [e.step_id for e in story.said("action_retried")] == ["go", "go"]
    assert story.status == "completed"
    assert story.at_step(BO) is None


def test_jobs_wait_while_the_run_is_paused_and_what_is_reported_then_counts_later() -> None:
    story = Message(OUTSIDE).sent(["bo"], by=MAX).when(chooses(BO, "Go"), pauses(ROOT))
    chat, script = story.jobs
    assert story.tables.held_jobs == {chat.id, script.id}
    story.when(reports(chat, output={}))
    assert story.status == "paused"
    del story.tables.jobs[chat.id]
    story.tables.held_jobs.discard(chat.id)
    story.when(resumes(ROOT))
    assert story.tables.held_jobs == set()
    assert story.when(reports(script, output={})).status == "completed"


def test_a_cancel_drops_jobs() -> None:
    story = Message(OUTSIDE).sent(["bo"], by=MAX).when(chooses(BO, "Go"), cancels(ROOT))
    assert story.tables.jobs == {}
    assert story.refuses(reports(story.jobs[0], output={})).code == "stale_report"


def test_a_step_triggers_another_with_the_same_people_in_mind() -> None:
    story = Message(
        """
start: {step: {name: A, paths: [{label: Go, step: go}]}}
go: {step: {name: Go, scope: $source}, actions: {trigger: {args: {step: others}}, lock: {scope: $all}}}
others: {step: {name: "After {{ source.name }}", scope: "except users [bo]", status: retired}}
"""
    ).sent(["bo", "cy"], by=MAX)
    story.when(chooses(BO, "Go"))
    assert story.inboxes == {"bo": "go"}
    assert story.faces[-1].label == "After Bo"
    assert story.locked == {"bo": "bo"}
    assert set(story.held) == {"bo", "cy", "ana", "dee", "eve", "max", "root"}


@pytest.mark.parametrize("who", [BO, CY, DEE], ids=lambda who: who.user_id)
def test_whoever_is_first_has_it(who: Actor) -> None:
    story = outage().when(chooses(who, "Accept"))
    assert set(story.locked.values()) == {who.user_id}
