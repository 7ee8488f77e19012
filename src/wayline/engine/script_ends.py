"""How scripts end that rules and runs have run: what they asked for is carried out in the commit that ends their job,
so that it happens once, or not at all."""

from __future__ import annotations

from datetime import datetime

import msgspec

from wayline.core import commands
from wayline.core.cause import Cause
from wayline.core.decide import decide
from wayline.core.events import Event
from wayline.core.facts import Person
from wayline.core.refusals import Refusal
from wayline.core.run import Run
from wayline.core.script import REFUSED, said_of
from wayline.engine.answers import RunAnswer
from wayline.engine.applying import About
from wayline.engine.run_commands import consume, is_overtaken, run_command
from wayline.engine.script_requests import Account, carry_out
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.working_set import WorkingSet
from wayline.store.scripts import ScriptRun, insert_run, rules_run

NOT_WANTED = "nobody waited for it any more, and nothing that it asked for was done"


# -- of runs ---------------------------------------------------------------------------------------


def report_script(work: WorkingSet, tenant: TenantFacts, command: commands.ReportScript) -> RunAnswer:
    """A run's script has ended. What it asked for is carried out if the run takes the report, and told in its output;
    in a paused run too, where the report itself waits: a script in flight does what any action in flight does."""
    report = commands.ReportAction(**{name: getattr(command, name) for name in commands.ReportAction.__struct_fields__})
    held = work.runs.get(command.run_id)
    if held is None or held.stored.run.tenant_id != tenant.id or is_overtaken(work, command):
        return run_command(work, tenant, report)
    run, at = held.stored.run, command.at or work.at
    if command.error is None and not _is_wanted(run, command.job_id):
        report = msgspec.structs.replace(report, output={}, error=NOT_WANTED, permanent=True)
        return run_command(work, tenant, report)
    try:
        decide(held.graph, run, report, work.facts(tenant, held), at)
    except Exception:
        # Refused, or broken: said there, with nothing carried out.
        return run_command(work, tenant, report)
    outcome = {"error": command.error, **command.output}
    if command.error is None:
        about = About(run.id, run.ticket_id, run.template_name, task_queue=run.task_queue)
        account = Account(
            tenant=tenant,
            by=tenant.directory.person(run.owner_id),
            of_the_desk=False,
            name=f"Script of “{run.template_name}”",
            job_id=command.job_id,
            about=about,
            ticket_id=run.ticket_id,
            cause=run.cause,
            at=at,
            run=run,
        )
        told = carry_out(work, account, command.asked)
        outcome = {**command.output, "requests": told}
        report = msgspec.structs.replace(report, output=outcome)
        _flag_refused(work, tenant, "run", run.id, account.name, told)
    ended = ScriptRun(
        id=command.job_id,
        script_id=command.script_id,
        subject="run",
        subject_id=run.id,
        subject_name=run.template_name,
        ticket_id=run.ticket_id,
        event_id=None,
        status="done" if command.error is None else "failed",
        outcome=outcome,
        ended_at=at,
    )
    work.half_applied = True
    insert_run(work.connection, tenant_id=tenant.id, run=ended)
    try:
        return run_command(work, tenant, report)
    except Refusal as refusal:
        raise RuntimeError(f"a report that was to be taken is refused: {refusal}") from refusal


def _is_wanted(run: Run, job_id: str) -> bool:
    """Whether anybody waits for the outcome: a step that is open, or the undoing of one."""
    if run.compensation is not None and run.compensation.job == job_id:
        return True
    return not run.ended and job_id not in run.in_flight


# -- of rules --------------------------------------------------------------------------------------


def finish_script(work: WorkingSet, tenant: TenantFacts, command: commands.FinishScript) -> datetime:
    """A rule's script has ended well: what it asked for is carried out, and its job goes with the commit."""
    if work.claims.get(command.job_id) != command.claim_token:
        raise Refusal("conflict", "Another worker has taken that job, or has done it.", code="stale_report")
    at, origin, rule = command.at or work.at, command.origin, command.origin["rule"]
    held = work.tickets.get(origin.get("ticket_id") or "")
    of_tenant = held is not None and held.stored.tenant_id == tenant.id
    ticket_id = origin["ticket_id"] if of_tenant else None
    account = Account(
        tenant=tenant,
        by=_author(tenant, origin.get("by")),
        of_the_desk=origin.get("by") is None,
        name=f"Script of rule “{rule['name']}”",
        job_id=command.job_id,
        about=About(None, ticket_id, rule["name"], kind="rule"),
        ticket_id=ticket_id,
        cause=msgspec.convert(origin["cause"], Cause) if origin.get("cause") is not None else None,
        at=at,
    )
    told = carry_out(work, account, command.asked)
    if held is not None and of_tenant:
        data = {"rule_id": rule["id"], "event_id": origin.get("event_id"), "script_run": command.job_id}
        said = Event("script_ran", f"{account.name}: {said_of(told)}", data=data)
        held.dirty = True
        work.note_ticket(held.stored, [said], account.command, at)
    _flag_refused(work, tenant, "rule", rule["id"], account.name, told)
    ended = rules_run(
        job_id=command.job_id,
        script_id=command.script_id,
        origin={**origin, "ticket_id": ticket_id},
        status="done",
        outcome={**command.output, "requests": told},
        at=at,
    )
    insert_run(work.connection, tenant_id=tenant.id, run=ended)
    consume(work, command)
    work.half_applied = False
    return at


def _author(tenant: TenantFacts, user_id: str | None) -> Person | None:
    return tenant.directory.person(user_id) if user_id is not None else None


def _flag_refused(
    work: WorkingSet, tenant: TenantFacts, subject: str, subject_id: str, name: str, told: list[dict[str, object]]
) -> None:
    refused = [one for one in told if one["became"] == REFUSED]
    if refused:
        message = f"{name}: {said_of(refused)}"
        work.raise_incident(tenant.id, subject, subject_id, code="script_refused", message=message[:2000])
