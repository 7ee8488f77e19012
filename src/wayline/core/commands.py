"""What is asked, in the imperative. A command names its target and carries its arguments; who asks rides along.

Run commands are decided by `decide`; ticket commands by `ticket`; both pass through the engine's one door.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from wayline.core.cause import Cause
from wayline.core.facts import SYSTEM, Actor
from wayline.core.inbox.state import Dispatch


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """What every command has: the tenant it belongs to, who asks, and optionally the instant it happened.

    `at` is set only by callers that are trusted to know (replays, simulations); None means the door's clock.
    `effect_id` names the row of the outbox that the command was sent by: it goes with the commit that does the command,
    and once it has gone the command is refused as `already_done`.
    """

    tenant_id: str
    actor: Actor = SYSTEM
    at: datetime | None = None
    effect_id: str | None = None


class DoNothing(Command, frozen=True, kw_only=True):
    """Pass through the door and back; answered with the door's instant, writing nothing."""


class StartRun(Command, frozen=True, kw_only=True):
    """Create a run of a template's published version (or of `template_version`) and take its first steps.

    `declared_only` refuses variables the template does not declare. `name` is what the run is called when that is not
    its template's name; `task_queue` None is its template's. It begins at `begin_at`, or when its `schedule`
    (`schedule.Schedule` as data) first says so, else at once. An `unlisted` run's template is in no list: with a
    `definition` it becomes the run's own, under the run's id; version 0 has no steps at all.
    """

    run_id: str
    template_id: str
    template_version: int | None = None
    ticket_id: str | None = None
    owner_id: str | None = None
    variables: dict[str, Any] = {}
    declared_only: bool = False
    trigger_type: str = "api"
    trigger_detail: str = ""
    cause: Cause | None = None
    name: str | None = None
    task_queue: str | None = None
    begin_at: datetime | None = None
    schedule: dict[str, Any] | None = None
    unlisted: bool = False
    definition: dict[str, Any] | None = None
    dispatch: Dispatch | None = None
    source_id: str | None = None


class RunCommand(Command, frozen=True, kw_only=True):
    """A command to a run that exists."""

    run_id: str


class CompleteStep(RunCommand, frozen=True, kw_only=True):
    """Do a person's work: `step` is an activation id, or a step id with one activation open.

    `answer` is the body the step type understands: `{form_data}`, `{decision, comment?}` or `{option}`.
    """

    step: str
    answer: dict[str, Any]


class CastVote(RunCommand, frozen=True, kw_only=True):
    """Decide an open approval, named as in CompleteStep, by a vote of one's own or of somebody one stands in for.

    Unlike CompleteStep it never overrides: an admin who is not asked is refused like anybody else.
    """

    approval: str
    decision: str
    comment: str | None = None
    on_behalf_of: str | None = None


class OverrideStep(RunCommand, frozen=True, kw_only=True):
    """Decide an approval without a vote."""

    step: str
    decision: str
    reason: str


class LookAgain(RunCommand, frozen=True, kw_only=True):
    """The run's ticket is with other people now: offer its open work to whom it is for."""


class SkipStep(RunCommand, frozen=True, kw_only=True):
    """Leave a stuck step with an outcome of the admin's or lead's choosing."""

    step: str
    outcome: str
    reason: str


class ReassignStep(RunCommand, frozen=True, kw_only=True):
    """Hand a step to somebody else: `to` is a who-expression."""

    step: str
    to: dict[str, Any]


class ClaimStep(RunCommand, frozen=True, kw_only=True):
    """Take a group's work item for oneself, hiding it from the others."""

    step: str


class ReleaseStep(RunCommand, frozen=True, kw_only=True):
    """Give a claimed work item back to the group."""

    step: str


class ChooseEntry(RunCommand, frozen=True, kw_only=True):
    """Go on from a person's entry along a path, named by its label or the step it leads to, with what they filled in.

    `seen_step` is the step the caller saw it at: should it have moved on since, that is refused. None: wherever it is.
    """

    user_id: str
    path: str
    data: dict[str, Any] = {}
    seen_step: str | None = None


class LockEntry(RunCommand, frozen=True, kw_only=True):
    """Lock a person's entry by hand: nobody chooses on it until it is unlocked."""

    user_id: str


class UnlockEntry(RunCommand, frozen=True, kw_only=True):
    """Unlock a person's entry by hand."""

    user_id: str


class WithdrawEntry(RunCommand, frozen=True, kw_only=True):
    """Take a person's entry out of their inbox, and call their task off: they have left."""

    user_id: str


class FireRule(Command, frozen=True, kw_only=True):
    """An inbox run shows an event to one rule, named by its name, whatever triggers it otherwise."""

    rule: str
    event_id: str
    payload: Any
    ticket_id: str | None = None
    cause: Cause | None = None


class CancelRun(RunCommand, frozen=True, kw_only=True):
    """End a live run at once and undo what it did."""

    reason: str = ""


class PauseRun(RunCommand, frozen=True, kw_only=True):
    """Hold a live run where it is: its clocks stand still, and nothing that waits is done."""

    reason: str = ""


class ResumeRun(RunCommand, frozen=True, kw_only=True):
    """Have a paused run go on; what came for it meanwhile takes effect now, in the order it came."""


class RetryRun(RunCommand, frozen=True, kw_only=True):
    """Have a failed run go on from the step it failed at, or a cancelled one from where it was."""


class RollBackRun(RunCommand, frozen=True, kw_only=True):
    """Take a run back to a snapshot and leave it paused there; 0 is its start."""

    snapshot: int


class MigrateRun(RunCommand, frozen=True, kw_only=True):
    """Have a live run go on by another published version of its template."""

    to_version: int


class SendSignal(RunCommand, frozen=True, kw_only=True):
    """Tell the run something by name; waits for it take it, else it is kept for the first that will.

    With a `signal_id` it counts once, however often it is sent. `on_behalf`: whoever sends it may speak for others, so
    that somebody else's vote counts.
    """

    name: str
    payload: Any = None
    signal_id: str | None = None
    on_behalf: bool = False


class CompleteCallback(RunCommand, frozen=True, kw_only=True):
    """Somebody has posted to the one-time address of a waiting step; `body` is what they posted."""

    activation_id: str
    body: Any = None


class FireTimer(RunCommand, frozen=True, kw_only=True):
    """A timer's instant has come."""

    timer_id: str
    kind: str
    activation_id: str


class ReportAction(RunCommand, frozen=True, kw_only=True):
    """An outside action has ended, one way or the other.

    `error` None means success with `output`; `permanent` failures are not tried again; `retry_after_s` is the
    callee's own wish.
    """

    job_id: str
    activation_id: str | None
    output: dict[str, Any] = {}
    error: str | None = None
    permanent: bool = False
    retry_after_s: float | None = None
    claim_token: str | None = None


class ReportScript(ReportAction, frozen=True, kw_only=True):
    """A script that a run waits for has ended: what it `asked` for, each {do, with}, is carried out with the report, if
    the run still wants it. `ticket_ids` are the tickets those name; `script_id` is the saved one's."""

    asked: tuple[dict[str, Any], ...] = ()
    ticket_ids: tuple[str, ...] = ()
    script_id: str | None = None


class FinishScript(Command, frozen=True, kw_only=True):
    """A script that a rule had run has ended well: what it asked for is carried out, and its job is done.

    `origin` is {rule: {id, name}, by, ticket_id, event_id, cause}: whose script it is, and what it is about; the other
    fields are those of ReportScript.
    """

    job_id: str
    claim_token: str
    origin: dict[str, Any]
    output: dict[str, Any] = {}
    asked: tuple[dict[str, Any], ...] = ()
    ticket_ids: tuple[str, ...] = ()
    script_id: str | None = None


class CreateTicket(Command, frozen=True, kw_only=True):
    """Open a ticket and start every template its type triggers. `cause` is the chain of rules that wanted it."""

    ticket_id: str
    fields: dict[str, Any]
    start_runs: bool = True
    cause: Cause | None = None


class RequestIntervention(CreateTicket, frozen=True, kw_only=True):
    """A remote asks for an answer: `intervention` is a name, `uid` what the remote calls its request, `email` whose
    request it is, in lower case, `data` what the form is filled in with. The ticket's fields follow from these."""

    intervention: str
    uid: str
    email: str
    run_id: str
    data: dict[str, Any] = {}
    fields: dict[str, Any] = {}


class UpdateTicket(Command, frozen=True, kw_only=True):
    """Change some fields of a ticket; an update that changes nothing emits nothing.

    `expected_version` is the ticket's `timeline_seq` as the caller last saw it; None changes it as it is now.
    """

    ticket_id: str
    changes: dict[str, Any]
    expected_version: int | None = None


class AddComment(Command, frozen=True, kw_only=True):
    """Say something on a ticket, to everybody or among staff."""

    ticket_id: str
    comment_id: str
    text: str
    visibility: str = "public"


class SweepTicket(Command, frozen=True, kw_only=True):
    """A scheduled rule comes by a ticket: it acts, unless it has in this spell, which ends when it does not match."""

    rule_id: str
    ticket_id: str


class ReceiveHook(Command, frozen=True, kw_only=True):
    """Something was posted to a webhook rule's address. `event_id` is the id of the event this makes."""

    rule_id: str
    event_id: str
    payload: Any
    ticket_id: str | None = None


class EscalateTicket(Command, frozen=True, kw_only=True):
    """See what has come due at a ticket whose customer waits, tell whom it is for, and when to look next."""

    ticket_id: str


class AttachFile(Command, frozen=True, kw_only=True):
    """Keep an uploaded file on a ticket. `file` is {id, name, media_type, size_bytes, sha256}."""

    ticket_id: str
    file: dict[str, Any]


class LinkTicket(Command, frozen=True, kw_only=True):
    """Tie a ticket to another, or untie it; `kind` is one of `ticket.LINK_KINDS`."""

    ticket_id: str
    other_id: str
    kind: str = "relates_to"
    remove: bool = False
