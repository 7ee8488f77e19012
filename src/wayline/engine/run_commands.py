"""Commands to runs: starting one, and deciding what is asked of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from wayline.core import commands
from wayline.core.commands import Command, RunCommand
from wayline.core.decide import decide, new_run
from wayline.core.facts import Facts
from wayline.core.graph import Graph
from wayline.core.migration import migrated
from wayline.core.refusals import Refusal, not_found
from wayline.core.run import DEFAULT_TASK_QUEUE, Run
from wayline.engine.answers import RunAnswer
from wayline.engine.applying import take_over
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.working_set import REVIVING, HeldRun, WorkingSet
from wayline.store import runs as stored_runs
from wayline.store.executions import bring_back
from wayline.store.runs import StoredRun
from wayline.store.snapshots import read_snapshot
from wayline.store.tables import jobs, signal_ids, template_versions, timers
from wayline.store.timeline import GENESIS


def run_command(work: WorkingSet, tenant: TenantFacts, command: Command) -> RunAnswer:
    assert isinstance(command, RunCommand)
    if isinstance(command, commands.ReportAction) and is_overtaken(work, command):
        raise Refusal("conflict", "Another worker has taken that job.", code="stale_report")
    held = work.runs.get(command.run_id)
    if held is None or held.stored.run.tenant_id != tenant.id:
        consume(work, command)
        raise not_found("Instance")
    if isinstance(command, commands.SendSignal) and (command.run_id, command.signal_id) in work.signal_ids:
        return RunAnswer(run=held.stored.run, graph=held.graph, repeated=True)
    if isinstance(command, REVIVING):
        _require_room(work, held.stored.run)
    at = command.at or work.at
    try:
        decision = decide(held.graph, held.stored.run, command, _facts(work, tenant, held, command), at)
    except Refusal:
        consume(work, command)
        raise
    except Exception as bug:
        _broken(work, tenant, "run", command.run_id, bug)
        raise
    take_over(work, tenant, held, decision, command, at)
    consume(work, command)
    if isinstance(command, REVIVING) and held.stored.run.ticket_id is not None:
        work.live_templates.add((held.stored.run.ticket_id, held.stored.run.template_id))
    if isinstance(command, commands.RetryRun | commands.RollBackRun):
        bring_back(work.connection, tenant_id=tenant.id, run_id=command.run_id)
    if isinstance(command, commands.SendSignal) and command.signal_id is not None:
        _remember(work, tenant, command, command.signal_id, at)
    actor_id = command.actor.user_id
    return RunAnswer(run=held.stored.run, graph=held.graph, events=decision.events, at=at, actor_id=actor_id)


def _require_room(work: WorkingSet, run: Run) -> None:
    """A ticket has one live run of a template: an ended one does not come to life beside another."""
    if run.ended and run.schedule is None and (run.ticket_id, run.template_id) in work.live_templates:
        raise _already_active()


def _already_active() -> Refusal:
    said = "That ticket already has an active instance of this template."
    return Refusal("conflict", said, code="already_active")


def _remember(
    work: WorkingSet, tenant: TenantFacts, command: commands.SendSignal, signal_id: str, at: datetime
) -> None:
    """Know the signal should it come again."""
    work.signal_ids.add((command.run_id, signal_id))
    row = {"run_id": command.run_id, "signal_id": signal_id, "tenant_id": tenant.id, "at": at}
    work.changes.insert(signal_ids, row)


def _facts(work: WorkingSet, tenant: TenantFacts, held: HeldRun, command: RunCommand) -> Facts:
    facts = work.facts(tenant, held)
    if not isinstance(command, commands.RollBackRun):
        return facts
    run = held.stored.run
    snapshot = read_snapshot(work.connection, run, command.snapshot, first_step=held.graph.start)
    return msgspec.structs.replace(facts, snapshot=snapshot)


def is_overtaken(work: WorkingSet, report: commands.ReportAction) -> bool:
    """Whether the job has since been given to somebody else, whose outcome counts. A job that was cancelled while
    it was being done has no row any more: whether its outcome still matters is for the run to say."""
    claimed = work.claims.get(report.job_id, report.claim_token)
    return report.claim_token is not None and claimed != report.claim_token


def consume(work: WorkingSet, command: Command) -> None:
    """A timer that fired and a job that ended are done with, whether or not anybody still wanted them."""
    if isinstance(command, commands.FireTimer):
        work.changes.delete(timers, command.timer_id)
    elif isinstance(command, commands.ReportAction | commands.FinishScript):
        if any(row["b_id"] == command.job_id for row in work.changes.retried_jobs):
            work.claims[command.job_id] = None
        else:
            work.claims.pop(command.job_id, None)
            work.changes.delete(jobs, command.job_id)


def start_run(work: WorkingSet, tenant: TenantFacts, command: commands.StartRun) -> RunAnswer:
    graph, version = _template_of(work, tenant, command)
    held_ticket = work.ticket(tenant, command.ticket_id) if command.ticket_id is not None else None
    is_series = command.schedule is not None
    if not is_series and (command.ticket_id, command.template_id) in work.live_templates:
        raise _already_active()
    at = command.at or work.at
    command = msgspec.structs.replace(command, task_queue=_task_queue(work, command, graph))
    owner_id = command.owner_id
    if owner_id is None and held_ticket is not None and not command.unlisted:
        owner_id = held_ticket.stored.ticket["requester"]
    run = new_run(graph, command, version=version, at=at, owner_id=owner_id)
    held = HeldRun(stored=StoredRun(run=run, version=0, head=GENESIS), seen_version=0, graph=graph)
    decision = decide(graph, run, command, work.facts(tenant, held), at)
    work.runs[run.id] = held
    if command.ticket_id is not None and not decision.run.ended:
        work.live_templates.add((command.ticket_id, command.template_id))
    if command.definition is not None:
        work.changes.insert(template_versions, _own_template(command, at))
    take_over(work, tenant, held, decision, command, at)
    return RunAnswer(
        run=held.stored.run, graph=graph, created=run, events=decision.events, at=at, actor_id=command.actor.user_id
    )


def know_live_templates(work: WorkingSet, ticket_id: str) -> None:
    """Which templates have a live run on the ticket: as stored, and as this batch has it since."""
    if ticket_id in work.live_templates_known or work.tickets[ticket_id].seen_version == 0:
        return
    work.live_templates_known.add(ticket_id)
    live = dict(stored_runs.live_runs(work.connection, ticket_id))
    for run in (held.stored.run for held in work.runs.values() if held.stored.run.ticket_id == ticket_id):
        live.pop(run.id, None)
        if not run.ended:
            live[run.id] = run.template_id
    work.live_templates |= {(ticket_id, template_id) for template_id in live.values()}


def _template_of(work: WorkingSet, tenant: TenantFacts, command: commands.StartRun) -> tuple[Graph, int]:
    """What the run is to walk, and as which version."""
    if command.unlisted:
        version = command.template_version or 0
        if command.definition is not None:
            return work.graph_cache.keep(command.template_id, version, command.definition), version
        return work.graph_cache.get(work.connection, command.template_id, version), version
    head = tenant.templates.get(command.template_id)
    if head is None:
        raise not_found("Template")
    version = command.template_version or head.version
    return work.graph_cache.get(work.connection, command.template_id, version), version


def _task_queue(work: WorkingSet, command: commands.StartRun, graph: Graph) -> str:
    """What was asked for, else what the template says; the usual one where no worker has such a queue."""
    wanted = command.task_queue or graph.template.head.task_queue
    return wanted if wanted in work.task_queues else DEFAULT_TASK_QUEUE


def _own_template(command: commands.StartRun, at: datetime) -> dict[str, Any]:
    """The definition a run came with, as a version that no list of templates shows."""
    return {
        "template_id": command.template_id,
        "version": command.template_version,
        "tenant_id": command.tenant_id,
        "definition": command.definition,
        "published_by": command.actor.user_id,
        "published_at": at,
    }


def migrate_run(work: WorkingSet, tenant: TenantFacts, command: commands.MigrateRun) -> RunAnswer:
    held = work.runs.get(command.run_id)
    if held is None or held.stored.run.tenant_id != tenant.id:
        raise not_found("Instance")
    try:
        graph = work.graph_cache.get(work.connection, held.stored.run.template_id, command.to_version)
    except KeyError:
        raise not_found("Version") from None
    at = command.at or work.at
    decision = migrated(held.stored.run, held.graph, graph, to_version=command.to_version, actor=command.actor)
    held.graph = graph
    take_over(work, tenant, held, decision, command, at)
    return RunAnswer(run=held.stored.run, graph=graph)


def _broken(work: WorkingSet, tenant: TenantFacts, subject: str, subject_id: str, bug: Exception) -> None:
    message = f"A decision broke: {type(bug).__name__}: {bug}"
    work.raise_incident(tenant.id, subject, subject_id, code="decision_broken", message=message[:2000])
