"""Deciding a batch of commands, one after the other.

A refused command leaves no trace. A command that breaks (a bug) becomes an incident on its run and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from wayline.core import commands
from wayline.core.commands import Command
from wayline.core.refusals import Refusal, not_found
from wayline.engine.answers import Answer, ReactionAnswer, TicketAnswer
from wayline.engine.escalating import escalate_ticket
from wayline.engine.interventions import let_requests_follow, request_intervention
from wayline.engine.reacting import fire_rule, let_rules_react, receive_hook, sweep_ticket
from wayline.engine.run_commands import consume, migrate_run, run_command, start_run
from wayline.engine.script_ends import finish_script, report_script
from wayline.engine.tenant_facts import TenantFacts
from wayline.engine.ticket_commands import add_comment, attach_file, create_ticket, link_ticket, update_ticket
from wayline.engine.working_set import WorkingSet
from wayline.store.tables import outbox


def decide_command(work: WorkingSet, command: Command) -> Answer:
    """Decide one command; raises Refusal with nothing done, or the bug that broke it."""
    tenant = work.tenants.get(command.tenant_id)
    if tenant is None:
        consume(work, command)
        raise not_found("Tenant")
    if command.effect_id is not None and command.effect_id not in work.sent:
        raise Refusal("conflict", "That has been done already.", code="already_done")
    work.cause = command.cause if isinstance(command, commands.CreateTicket) else None
    answer = (
        _HANDLERS[type(command)](work, tenant, command)
        if type(command) in _HANDLERS
        else run_command(work, tenant, command)
    )
    if command.effect_id is not None:
        work.sent.discard(command.effect_id)
        work.changes.delete(outbox, command.effect_id)
    if work.cascade:
        answer = _after_rules(work, tenant, command, answer)
    if work.moved:
        let_requests_follow(work, command)
    return answer


def _after_rules(work: WorkingSet, tenant: TenantFacts, command: Command, answer: Answer) -> Answer:
    """Rules see what the command has done; the answer tells what they have made of it."""
    started = let_rules_react(work, tenant, command)
    if isinstance(answer, TicketAnswer):
        ticket = work.tickets[answer.ticket["id"]].stored.ticket
        return msgspec.structs.replace(answer, ticket=ticket, run_ids=(*answer.run_ids, *started))
    if isinstance(answer, ReactionAnswer):
        return msgspec.structs.replace(answer, run_ids=started)
    return answer


def _do_nothing(work: WorkingSet, tenant: TenantFacts, command: commands.DoNothing) -> datetime:
    return work.at


_HANDLERS: dict[type[Command], Callable[[WorkingSet, TenantFacts, Any], Answer]] = {
    commands.DoNothing: _do_nothing,
    commands.StartRun: start_run,
    commands.MigrateRun: migrate_run,
    commands.SweepTicket: sweep_ticket,
    commands.ReceiveHook: receive_hook,
    commands.ReportScript: report_script,
    commands.FinishScript: finish_script,
    commands.FireRule: fire_rule,
    commands.CreateTicket: create_ticket,
    commands.RequestIntervention: request_intervention,
    commands.UpdateTicket: update_ticket,
    commands.AddComment: add_comment,
    commands.AttachFile: attach_file,
    commands.LinkTicket: link_ticket,
    commands.EscalateTicket: escalate_ticket,
}
