"""What a script asks for is done when it has ended well, once and in one piece, and what became of it is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from desk_rules import add_rule, change, history, ticket, troubles, update
from driven_desk import DrivenDesk, driven_desk

from services import SmtpServer
from wayline.actions.job import Job
from wayline.core.commands import CancelRun, CreateTicket, PauseRun, ResumeRun, StartRun
from wayline.core.refusals import Refusal
from wayline.core.rule import parse_rule
from wayline.drivers import script_jobs
from wayline.engine import script_requests
from wayline.store import jobs as stored_jobs
from wayline.store.database import new_id
from wayline.store.directory import touch
from wayline.store.people import change_user
from wayline.store.rules import insert_rule
from wayline.store.scripts import StoredScript, insert_script
from wayline.store.tables import audit, group_members, incidents, jobs, notifications, runs, script_runs, tickets, users

LEASE = timedelta(seconds=30)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


def keep(desk: DrivenDesk, name: str, text: str) -> str:
    """A saved script; answers its id."""
    script_id = new_id()

    def write(tx: Any) -> None:
        row = StoredScript(script_id, name, None, text, 1, desk.root.id, tx.at, tx.at)
        insert_script(tx.connection, tenant_id=desk.tenant_id, script=row)
        touch(tx.connection, desk.tenant_id)

    change(desk, write)
    return script_id


ROOT: Any = object()


def rule_that_runs(
    desk: DrivenDesk, script: str, trigger: str = "on_ticket_created", by: str | None = ROOT, **params: Any
) -> str:
    """A rule that Root has written, or somebody else, about incidents; answers its id."""
    action = {"type": "run_script", "script": script, "params": params}
    conditions = {"type": "incident"}
    read = parse_rule({"name": "Scripted", "trigger": trigger, "conditions": conditions, "action": action})
    rule_id, author = new_id(), desk.root.id if by is ROOT else by

    def write(tx: Any) -> None:
        insert_rule(tx.connection, tenant_id=desk.tenant_id, rule_id=rule_id, rule=read, created_by=author, at=tx.at)
        touch(tx.connection, desk.tenant_id)

    change(desk, write)
    return rule_id


def run_that_runs(desk: DrivenDesk, script: str, *, ticket_id: str | None = None, **head: Any) -> str:
    step = {"id": "reckon", "type": "automatic", "action": {"type": "run_script", "script": script}, **head}
    then = {"id": "then", "type": "form", "fields": [{"name": "why", "type": "text"}]}
    return desk.start(desk.publish({**step, "next": "then"}, then), ticket_id=ticket_id)


def ended(desk: DrivenDesk) -> list[tuple[str, dict[str, Any]]]:
    """(status, outcome) of every script that has ended."""
    return [(row.status, msgspec.msgpack.decode(row.outcome)) for row in desk.rows(script_runs)]


def became(desk: DrivenDesk) -> list[str]:
    """What became of the requests of the only script that has ended."""
    ((_, outcome),) = ended(desk)
    return [
        f"{one['do']} {one['became']}" + (f" {one['code']}" if "code" in one else "") for one in outcome["requests"]
    ]


def said_on(desk: DrivenDesk, subject_id: str, event: str) -> list[str]:
    return [one.detail for one in history(desk, subject_id) if one.event == event]


# -- rules -----------------------------------------------------------------------------------------


def test_a_rules_script_changes_the_ticket_and_opens_another(desk: DrivenDesk) -> None:
    keep(
        desk,
        "Gate check",
        'entity = param("entity")\n'
        'core.update_ticket(priority="P1", tags=["gate"], custom={"by": param("rule")})\n'
        'other = core.create_ticket("Look at " + entity["number"], description=param("why"))\n'
        'core.update_ticket(other, assignee="bo@acme.example")\n'
        'core.log("seen", entity["title"])\n'
        'result = entity["number"]',
    )
    rule_id = rule_that_runs(desk, "gate CHECK", why="{{ title }} stands open")
    first = desk.open_ticket(title="Gate 4", subtype="gate")
    assert ticket(desk, first).priority == "P3"
    assert desk.do_jobs() == 1
    seen = ticket(desk, first)
    assert (seen.priority, seen.tags, seen.custom) == ("P1", ["gate"], {"by": "Scripted"})
    (other,) = [row for row in desk.rows(tickets) if row.id != first]
    assert (other.title, other.description) == ("Look at INC-000001", "Gate 4 stands open")
    assert (other.assignee_id, other.requester_id) == (desk.bo.id, desk.ana.id)
    (said,) = [event for event in history(desk, first) if event.event == "script_ran"]
    assert said.detail == (
        "Script of rule “Scripted”: update_ticket INC-000001, create_ticket TSK-000001, update_ticket TSK-000001"
    )
    ((status, outcome),) = ended(desk)
    assert (status, outcome["result"], outcome["log"]) == ("done", "INC-000001", ["seen Gate 4"])
    (kept,) = desk.rows(script_runs)
    assert (kept.subject_id, kept.ticket_id) == (rule_id, first)
    assert desk.rows(jobs) == []
    desk.pass_time(hours=31 * 24)
    desk.do_recurring()
    assert desk.rows(script_runs) == []


def test_the_text_of_a_script_may_stand_in_the_rule_and_is_never_filled_in(desk: DrivenDesk) -> None:
    rule_that_runs(desk, 'core.update_ticket(description="{{ title }}" + param("entity")["title"])')
    first = desk.open_ticket(title='") core.fail("')
    desk.do_jobs()
    assert ticket(desk, first).description == '{{ title }}") core.fail("'


def test_a_request_that_is_refused_is_shown_and_leaves_the_others_alone(desk: DrivenDesk) -> None:
    rule_that_runs(
        desk,
        'core.update_ticket("INC-999999", status="closed")\n'
        'core.update_ticket(status="dancing")\n'
        'core.notify("nobody@acme.example", "Hello")\n'
        'core.start_workflow("No such thing")\n'
        'core.send_chat("Hello")\n'
        'core.send_email("ana@acme.example", "Hello")\n'
        'core.add_label("nobody@acme.example", "vip")\n'
        'core.add_to_group("bo@acme.example", "no-such-group")\n'
        'core.create_ticket("x", type="wish")\n'
        'core.update_ticket("asked:9", status="closed")\n'
        'core.update_ticket(priority="P2")',
    )
    first = desk.open_ticket()
    desk.do_jobs()
    assert became(desk) == [
        "update_ticket refused unknown_ticket",
        "update_ticket refused invalid",
        "notify refused nobody_found",
        "start_workflow refused unknown_template",
        "send_chat refused unknown_channel",
        "send_email refused no_mail",
        "add_label refused unknown_user",
        "add_to_group refused unknown_group",
        "create_ticket refused invalid",
        "update_ticket refused unknown_ticket",
        "update_ticket done",
    ]
    assert ticket(desk, first).priority == "P2"
    assert len(desk.rows(tickets)) == 1
    assert ("rule", "script_refused") in troubles(desk)
    (said,) = [event for event in history(desk, first) if event.event == "script_ran"]
    assert "refused: There is no ticket INC-999999." in said.detail


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('core.update_ticket(priority="P1")\nfail("no luck")', "Line 2: no luck"),
        ('core.update_ticket(priority="P1")\nx = [0] * 1000000000', "more than the 128 MiB"),
        ("Nobody's script", "there is no script Nobody's script"),
    ],
)
def test_a_script_that_fails_does_nothing_and_is_told(desk: DrivenDesk, text: str, said: str) -> None:
    rule_that_runs(desk, text)
    first = desk.open_ticket()
    desk.do_jobs()
    assert ticket(desk, first).priority == "P3"
    ((status, outcome),) = ended(desk)
    assert status == "failed"
    assert said in outcome["error"]
    (job,) = desk.rows(jobs)
    assert said in job.error
    assert troubles(desk) == [("job", "job_failed")]
    assert desk.rows(incidents)[0].message.startswith("The script of rule “Scripted” failed: ")
    assert desk.do_jobs() == 0


def test_what_scripts_change_is_seen_by_rules_as_the_chain_of_the_rule(desk: DrivenDesk) -> None:
    add_rule(
        desk,
        "Up",
        action={"type": "run_script", "script": 'n = param("entity")["custom"].get("n", 0)\n'
                'core.update_ticket(custom={"n": n + 1})'},
    )  # fmt: skip
    first = desk.open_ticket()
    update(desk, first, priority="P2")
    for _ in range(30):
        desk.do_jobs()
    assert ticket(desk, first).custom == {"n": 10}
    assert ("rule", "chain_cut") in troubles(desk)


WHAT_ADMINS_MAY = (
    'core.add_label("ana@acme.example", "vip")\n'
    'core.add_to_group("cy@acme.example", "service-desk", role="lead")\n'
    'core.update_ticket(priority="P1")'
)


def test_a_script_may_do_what_the_rules_author_may(desk: DrivenDesk) -> None:
    rule_that_runs(desk, WHAT_ADMINS_MAY)
    desk.open_ticket()
    desk.do_jobs()
    assert became(desk) == ["add_label done", "add_to_group done", "update_ticket done"]
    assert desk.rows(users, id=desk.ana.id)[0].labels == ["vip"]
    assert [row.role_in_group for row in desk.rows(group_members, user_id=desk.cy.id)] == ["lead"]
    noted = {(row.action, row.actor_id) for row in desk.rows(audit)}
    assert {("user.updated", None), ("group.member_set", None)} <= noted


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("dee", ["add_label refused role", "add_to_group refused role", "update_ticket done"]),
        ("nobody", ["add_label done", "add_to_group done", "update_ticket done"]),
        ("gone", ["add_label refused nobody", "add_to_group refused nobody", "update_ticket refused nobody"]),
    ],
)
def test_a_script_may_do_no_more_than_the_rules_author_may(desk: DrivenDesk, author: str, expected: list[str]) -> None:
    """A rule that nobody has written came from the operator's files, and may do everything."""
    if author == "gone":
        desk.write(users.update().where(users.c.id == desk.cy.id).values(active=False))
    by = {"dee": desk.dee.id, "nobody": None, "gone": desk.cy.id}[author]
    rule_that_runs(desk, WHAT_ADMINS_MAY, by=by)
    desk.open_ticket()
    desk.do_jobs()
    assert became(desk) == expected


# -- runs ------------------------------------------------------------------------------------------


def test_a_step_gives_the_scripts_result_and_what_became_of_its_requests(desk: DrivenDesk) -> None:
    change(desk, lambda tx: change_user(
        tx.connection, tenant_id=desk.tenant_id, user_id=desk.ana.id, fields={"role": "agent"}
    ) or touch(tx.connection, desk.tenant_id))  # fmt: skip
    first = desk.open_ticket()
    text = (
        'core.update_ticket(priority="P2")\nt = core.create_ticket("More")\n'
        'core.notify("bo@acme.example", "Look")\nresult = {"n": 7}'
    )
    run_id = run_that_runs(desk, text, ticket_id=first)
    assert desk.run(run_id).status == "running"
    desk.do_jobs()
    assert ticket(desk, first).priority == "P2"
    output = desk.run(run_id).outputs["reckon"]
    assert output["result"] == {"n": 7}
    assert [one["became"] for one in output["requests"]] == ["done"] * 3
    assert output["requests"][1]["ticket"] == "TSK-000001"
    assert [row.title for row in desk.rows(notifications, audience_id=desk.bo.id)] == ["Look"]
    assert said_on(desk, run_id, "action_started") == ["reckon: run_script a script of its own"]
    assert said_on(desk, run_id, "action_succeeded") == [
        "reckon: update_ticket INC-000001, create_ticket TSK-000001, notify"
    ]
    assert desk.rows(jobs) == []


def test_the_next_step_sees_what_the_script_has_done_to_the_ticket(desk: DrivenDesk) -> None:
    first = desk.open_ticket()
    template = desk.publish(
        {"id": "reckon", "type": "automatic", "next": "is-it",
         "action": {"type": "run_script", "script": 'core.update_ticket(title="Changed")'}},
        {"id": "is-it", "type": "condition", "branches": [{"label": "yes", "when": {"ticket.title": "Changed"},
                                                           "next": "good"}], "otherwise": "bad"},
        {"id": "good", "type": "form", "fields": [{"name": "why", "type": "text"}]},
        {"id": "bad", "type": "form", "fields": [{"name": "why", "type": "text"}]},
    )  # fmt: skip
    run_id = desk.start(template, ticket_id=first)
    desk.do_jobs()
    assert [activation.step_id for activation in desk.run(run_id).open] == ["good"]


def test_a_requesters_run_does_no_more_than_the_requester_may(desk: DrivenDesk) -> None:
    others = desk.open_ticket(requester=desk.bo.id)
    text = (
        'core.update_ticket(priority="P2")\ncore.update_ticket(status="closed")\n'
        f'core.update_ticket("{others}", title="Mine now")\n'
        'core.create_ticket("More", assignee="bo@acme.example")\ncore.create_ticket("More")\n'
        'core.notify("bo@acme.example", "Look")'
    )
    run_that_runs(desk, text, ticket_id=desk.open_ticket())
    desk.do_jobs()
    assert became(desk) == [
        "update_ticket done",
        "update_ticket refused staff_only",
        "update_ticket refused unknown_ticket",
        "create_ticket refused staff_only",
        "create_ticket done",
        "notify refused role",
    ]
    assert ("run", "script_refused") in troubles(desk)


def test_a_failing_script_fails_its_step_at_once(desk: DrivenDesk) -> None:
    run_id = run_that_runs(desk, 'core.log("so far")\ncore.create_ticket("x")\nfail("no luck")')
    desk.do_jobs()
    (failed,) = [one for one in history(desk, run_id) if one.event == "action_failed"]
    assert (failed.detail, failed.data["log"]) == ("reckon: Line 3: no luck", ["so far"])
    run = desk.run(run_id)
    assert (run.status, run.failure.message if run.failure else None) == ("failed", "Line 3: no luck")
    assert desk.rows(tickets) == []
    assert [status for status, _ in ended(desk)] == ["failed"]


def test_a_script_whose_run_was_cancelled_meanwhile_does_nothing(desk: DrivenDesk) -> None:
    run_id = run_that_runs(desk, 'core.create_ticket("x")')
    assert desk.wait(desk.driver.jobs.take()) == 1
    desk.submit(CancelRun(tenant_id=desk.tenant_id, actor=desk.root.actor, run_id=run_id))
    desk.do_jobs()
    assert desk.run(run_id).status == "cancelled"
    assert (desk.rows(tickets), desk.rows(jobs), ended(desk)) == ([], [], [])


def test_a_script_that_ends_in_a_paused_run_is_carried_out_and_goes_on_later(desk: DrivenDesk) -> None:
    run_id = run_that_runs(desk, 'core.create_ticket("x")\nresult = 5')
    assert desk.wait(desk.driver.jobs.take()) == 1
    desk.submit(PauseRun(tenant_id=desk.tenant_id, actor=desk.root.actor, run_id=run_id))
    desk.do_jobs()
    assert len(desk.rows(tickets)) == 1
    assert [activation.step_id for activation in desk.run(run_id).open] == ["reckon"]
    desk.submit(ResumeRun(tenant_id=desk.tenant_id, actor=desk.root.actor, run_id=run_id))
    assert desk.run(run_id).outputs["reckon"]["result"] == 5
    assert len(desk.rows(tickets)) == 1


def test_the_undoing_of_a_step_may_be_a_script(desk: DrivenDesk) -> None:
    undo = {"type": "run_script", "script": 'core.create_ticket("Undone " + param("step"))'}
    run_id = run_that_runs(desk, "result = 1", compensate=undo)
    desk.do_jobs()
    desk.submit(CancelRun(tenant_id=desk.tenant_id, actor=desk.root.actor, run_id=run_id))
    assert desk.do_jobs() == 1
    assert [row.title for row in desk.rows(tickets)] == ["Undone reckon"]
    compensation = desk.run(run_id).compensation
    assert compensation is not None
    assert compensation.state == "completed"


def inbox_run(desk: DrivenDesk, script: str) -> str:
    """Bo's run, whose first step runs a script."""
    paths = [{"label": "Done", "step": "done"}]
    step = {"template": "Outage", "name": "New", "scope": "given groups [service-desk]", "paths": paths}
    steps = {
        "start": {"step": step, "actions": [{"action": "script", "args": script}]},
        "done": {"step": {"name": "Done", "status": "retired", "scope": "$all"}},
    }
    template_id = desk.publish(name="Outage", definition={"name": "Outage", "kind": "inbox", "steps": steps})
    run_id = new_id()
    start = StartRun(
        tenant_id=desk.tenant_id, actor=desk.bo.actor, run_id=run_id, template_id=template_id, owner_id=desk.bo.id
    )
    desk.submit(start)
    return run_id


def test_an_inbox_workflows_script_is_told_where_it_stands_and_its_outcome_is_shown_there(desk: DrivenDesk) -> None:
    keep(desk, "Follow up", 'core.create_ticket(param("entity")["title"] + " at " + param("step"))')
    run_id = inbox_run(desk, "Follow up")
    assert desk.do_jobs() == 1
    assert [(row.title, row.requester_id) for row in desk.rows(tickets)] == [("Outage at start", desk.bo.id)]
    (done,) = [one for one in history(desk, run_id) if one.event == "action_succeeded"]
    assert [one["became"] for one in done.data["output"]["requests"]] == ["done"]
    assert desk.run(run_id).status == "running"


def test_an_inbox_workflows_script_that_fails_undoes_nothing_and_is_shown(desk: DrivenDesk) -> None:
    run_id = inbox_run(desk, 'core.create_ticket("x")\nfail("no luck")')
    desk.do_jobs()
    assert desk.rows(tickets) == []
    (failed,) = said_on(desk, run_id, "action_failed")
    assert failed.endswith("Line 2: no luck")
    assert desk.run(run_id).status == "running"
    assert ("run", "script_failed") in troubles(desk)


def test_a_script_sends_a_dispatch_and_starts_a_workflow(desk: DrivenDesk) -> None:
    steps = {"start": {"step": {"template": "{{ dispatch.site }}", "name": "New", "scope": "$sink"}}}
    desk.publish(name="Outage", definition={"name": "Outage", "kind": "inbox", "steps": steps})
    desk.publish({"id": "look", "type": "form", "fields": [{"name": "why", "type": "text"}]}, name="Look")
    rule_that_runs(
        desk,
        'core.create_dispatch("Outage", "given groups [service-desk]", {"site": "North"})\n'
        'core.start_workflow("look", ticket=param("entity")["number"], input={})\n'
        'core.start_workflow("Look", ticket=param("entity")["id"])',
    )
    first = desk.open_ticket()
    desk.do_jobs()
    assert became(desk) == ["create_dispatch done", "start_workflow done", "start_workflow refused already_active"]
    found = {row.template_id: row for row in desk.rows(runs)}
    assert len(found) == 2
    assert sorted([row.ticket_id for row in found.values()], key=str) == sorted([None, first], key=str)
    assert {row.owner_id for row in found.values()} == {desk.root.id}


def test_a_mail_and_a_notice_reach_whom_they_name(database_url: str, tmp_path: Path, smtp_server: SmtpServer) -> None:
    with driven_desk(database_url, tmp_path, smtp_url=smtp_server.url) as desk:
        rule_that_runs(
            desk,
            'core.send_email(["ana@acme.example", "shop@elsewhere.example"], "Hello", "There")\n'
            'core.notify("service-desk", "Look", "Now")\n'
            'core.send_email("no address", "Hello")',
        )
        desk.open_ticket()
        desk.do_jobs()
        assert became(desk) == ["send_email done", "notify done", "send_email refused nobody_found"]
        desk.do_jobs()
        mails = smtp_server.wait_for_messages(2)
        assert {mail["To"] for mail in mails if mail["Subject"] == "Hello"} == {
            "ana@acme.example",
            "shop@elsewhere.example",
        }
        told = {row.audience_id for row in desk.rows(notifications, title="Look")}
        assert told == {desk.bo.id, desk.cy.id, desk.dee.id}


# -- once ------------------------------------------------------------------------------------------


def test_what_a_dead_worker_has_run_is_run_again_and_counts_once(desk: DrivenDesk) -> None:
    rule_that_runs(desk, 'core.create_ticket("Once")')
    desk.open_ticket()
    at = desk.wayline.clock.now()
    with desk.wayline.database.writer.begin() as connection:
        (job,) = stored_jobs.claim(connection, queue="script", token="the dead", at=at, lease_until=at + LEASE, limit=1)
    performer, action = desk.driver.performers["run_script"], msgspec.msgpack.decode(job.action)
    output = desk.wait(performer.perform(Job(job.id, job.tenant_id, action, 1, 30.0, at)))
    command = desk.wait(script_jobs.command_of(desk.driver.access, job, output, None))
    assert len(desk.rows(tickets)) == 1

    desk.pass_time(seconds=31)
    desk.do_recurring()
    assert desk.do_jobs() == 1
    assert len(desk.rows(tickets)) == 2
    with pytest.raises(Refusal) as refused:
        desk.submit(command)
    assert refused.value.code == "stale_report"
    assert len(desk.rows(tickets)) == 2


def test_a_bug_in_one_request_takes_all_of_them_back(desk: DrivenDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: Any) -> None:
        raise RuntimeError("a bug")

    doers = {**script_requests._DOERS, "notify": break_down}
    monkeypatch.setattr(script_requests, "_DOERS", doers)
    monkeypatch.setattr("wayline.drivers.jobs.pause_after", lambda tries: 0.0)
    rule_that_runs(desk, 'core.update_ticket(priority="P1")\ncore.create_ticket("x")\ncore.notify("ana", "x")')
    first = desk.open_ticket()
    desk.do_jobs()
    assert ticket(desk, first).priority == "P3"
    assert len(desk.rows(tickets)) == 1
    assert [row.claim_token for row in desk.rows(jobs)] == ["held"]
    assert troubles(desk) == [("job", "decision_broken")]


def test_another_tenants_tickets_and_people_do_not_exist(desk: DrivenDesk) -> None:
    zed = new_id()
    desk.submit(
        CreateTicket(
            tenant_id=desk.zed_id, actor=desk.zoe.actor, ticket_id=zed, fields={"type": "incident", "title": "Ours"}
        )
    )
    rule_that_runs(desk, f'core.update_ticket("{zed}", title="Taken")\ncore.notify("{desk.zoe.id}", "Hello")')
    desk.open_ticket()
    desk.do_jobs()
    assert became(desk) == ["update_ticket refused unknown_ticket", "notify refused nobody_found"]
    assert ticket(desk, zed).title == "Ours"
