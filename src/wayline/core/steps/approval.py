"""approval: people decide, by a rule.

Voters are frozen when the step activates. `needed` is how many approvals decide it; it is rejected as soon as that
many can no longer be had, or as its reject rule says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from wayline.core.decision import Deciding
from wayline.core.facts import Actor
from wayline.core.refusals import Issue, Refusal
from wayline.core.run import Activation, Vote
from wayline.core.shorthand import or_one
from wayline.core.steps.step_type import Step, StepType, nobody_to_hand_to
from wayline.core.who import Audience, Who

DECISIONS = {"approve": "approved", "approved": "approved", "reject": "rejected", "rejected": "rejected"}


class AtLeast(BaseModel):
    """So many approvals."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: int = Field(ge=1)


class Percent(BaseModel):
    """So many of a hundred, rounded up to whole people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    percent: float = Field(gt=0, le=100)


ApprovalRule = Literal["all", "any", "majority"] | AtLeast | Percent
RejectRule = Literal["any", "impossible"] | AtLeast


class ApprovalStep(Step):
    """An approval as written."""

    type: Literal["approval"]
    approvers: list[Who] = Field(min_length=1, json_schema_extra=or_one)
    rule: ApprovalRule = Field("all", description="all, any, majority, {at_least: n} or {percent: p}.")
    reject_rule: RejectRule | None = Field(
        None,
        description="any: one rejection decides; impossible: decided once approval cannot be had; {at_least: n}. "
        "Left out: any when the rule is all, else impossible.",
    )
    order: Literal["parallel", "sequential"] = Field("parallel", description="sequential asks one after the other.")
    allow_self: bool = Field(False, description="Whether the requester may decide their own request.")
    reminder_hours: float | None = Field(None, gt=0)
    comment: Literal["optional", "required", "required_on_reject"] = "optional"

    @field_validator("approvers", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


class Approval(StepType[ApprovalStep]):
    """Offered to every voter at once, or to one after the other, until the rule decides."""

    type = "approval"
    title = "Approval"
    summary = "People approve or reject."
    icon = "thumb-up"
    named_outcomes = ("approved", "rejected")
    model = ApprovalStep
    waits_for_people = True
    can_wait = True
    decided_by_votes = True
    failing = frozenset({"rejected"})

    def outcomes(self, step: ApprovalStep) -> tuple[str, ...]:
        return ("approved", "rejected")

    def who(self, step: ApprovalStep) -> Iterable[tuple[str, Who]]:
        return [(f"approvers[{i}]", who) for i, who in enumerate(step.approvers)]

    def provides(self, step: ApprovalStep) -> Iterable[str]:
        return ("decision", "overridden", "votes")

    def wait_kind(self, step: ApprovalStep) -> str:
        return f"{step.order} votes"

    def activate(self, deciding: Deciding, activation: Activation, step: ApprovalStep) -> None:
        self._freeze(deciding, activation, step, _voters(deciding, step))
        self._ask(deciding, activation, step)
        if step.reminder_hours is not None:
            self._start_reminder(deciding, activation, step, step.reminder_hours)

    def _start_reminder(self, deciding: Deciding, activation: Activation, step: ApprovalStep, hours: float) -> None:
        due_at = deciding.after(hours, step.calendar)
        deciding.start_timer(activation, "reminder", due_at, calendar=step.calendar)

    def _freeze(self, deciding: Deciding, activation: Activation, step: ApprovalStep, voters: list[str]) -> None:
        needed = needed_of(step.rule, len(voters))
        activation.candidates = voters
        activation.data = {"needed": needed, "voters": len(voters)}
        if needed > len(voters):
            deciding.incident(
                "approval_undecidable",
                f"“{step.title}” needs {needed} approvals and {len(voters)} people can give one.",
                activation,
            )

    def _ask(self, deciding: Deciding, activation: Activation, step: ApprovalStep) -> None:
        kind = "approval_requested" if activation.candidates else "approval_undecidable"
        deciding.notify(self._audience(deciding, activation, step), kind, step.title, activation=activation)
        self.show(deciding, activation, step)

    def asked(self, step: ApprovalStep, activation: Activation) -> tuple[str, ...]:
        """The voters whose word is awaited now."""
        voted = {v.voter for v in activation.votes}
        waiting = tuple(u for u in activation.candidates if u not in voted)
        return waiting[:1] if step.order == "sequential" else waiting

    def complete(
        self, deciding: Deciding, activation: Activation, step: ApprovalStep, answer: dict[str, Any], actor: Actor
    ) -> None:
        """A vote; from an admin who is nobody's voice here, an override."""
        voter = self._voter(deciding, activation, step, actor, answer.get("on_behalf_of"))
        if voter is not None:
            self._cast(deciding, activation, step, voter, answer, actor)
            return
        decision, comment = read_decision(answer), answer.get("comment")
        _check_comment(step, decision, comment)
        self.override(deciding, activation, step, decision, comment or "", actor)

    def vote(
        self, deciding: Deciding, activation: Activation, step: ApprovalStep, answer: dict[str, Any], actor: Actor
    ) -> None:
        voter = self._voter(deciding, activation, step, actor, answer.get("on_behalf_of"))
        if voter is None:
            raise _not_asked(step)
        self._cast(deciding, activation, step, voter, answer, actor)

    def _cast(
        self,
        deciding: Deciding,
        activation: Activation,
        step: ApprovalStep,
        voter: str,
        answer: dict[str, Any],
        actor: Actor,
    ) -> None:
        decision, comment = read_decision(answer), answer.get("comment")
        _check_comment(step, decision, comment)
        vote = Vote(by=actor.user_id or "", voter=voter, decision=decision, comment=comment, at=deciding.at)  # type: ignore[arg-type]
        activation.votes.append(vote)
        said = f"{actor.name} {decision}" + (f": {comment}" if comment else "")
        data = {"decision": decision, "voter": voter, "comment": comment, "on_behalf_of": vote.on_behalf_of}
        deciding.note("vote_cast", said, activation=activation, data=data)
        self._settle(deciding, activation, step, actor)

    def require_entitled(
        self, deciding: Deciding, activation: Activation, step: ApprovalStep, actor: Actor
    ) -> str | None:
        """Voting has rules of its own, which `complete` goes by; the vote keeps on whose behalf it was."""
        return None

    def _voter(
        self, deciding: Deciding, activation: Activation, step: ApprovalStep, actor: Actor, on_behalf_of: Any
    ) -> str | None:
        """Whose vote the actor casts; None for an admin who is nobody's voice here.

        Who has voted once votes again only for an absent person they name: a second click is no second vote.
        """
        mine = self._votes_of(deciding, activation, step, actor)
        if on_behalf_of is None:
            cast = next((v for v in activation.votes if actor.user_id in (v.by, v.voter)), None)
        else:
            named = deciding.facts.directory.person(str(on_behalf_of))
            mine = [u for u in mine if named is not None and u == named.id]
            cast = next((v for v in activation.votes if named is not None and v.voter == named.id), None)
        if mine and cast is None:
            return mine[0]
        if cast is not None:
            raise _already_voted(deciding, cast, mine)
        if on_behalf_of is None and actor.user_id in activation.candidates:
            raise Refusal("conflict", "It is not your turn yet.", code="not_your_turn")
        if on_behalf_of is not None or not actor.is_admin:
            raise _not_asked(step)
        return None

    def _votes_of(self, deciding: Deciding, activation: Activation, step: ApprovalStep, actor: Actor) -> list[str]:
        """The voters awaited now whose vote the actor may cast, their own first."""
        asked = self.asked(step, activation)
        own = [u for u in asked if u == actor.user_id]
        if actor.user_id is None or not self._may_decide(deciding, step, actor):
            return own
        stands_for = deciding.facts.directory.stands_in_for(actor.user_id, deciding.at)
        return [*own, *(u for u in asked if u in stands_for)]

    def _may_decide(self, deciding: Deciding, step: ApprovalStep, actor: Actor) -> bool:
        return step.allow_self or actor.user_id != deciding.requester_id

    def require_free_to_decide(
        self, deciding: Deciding, activation: Activation, step: ApprovalStep, actor: Actor
    ) -> None:
        if actor.user_id is not None and not self._may_decide(deciding, step, actor):
            raise Refusal("forbidden", "Nobody decides their own request.", code="own_request")

    def override(
        self,
        deciding: Deciding,
        activation: Activation,
        step: ApprovalStep,
        decision: str,
        reason: str,
        actor: Actor,
    ) -> None:
        """An admin or a lead decides without a vote; it is recorded as an override."""
        self.require_free_to_decide(deciding, activation, step, actor)
        decision = read_decision({"decision": decision})
        deciding.note(
            "vote_overridden",
            f"{actor.name} overrode the vote: {decision}" + (f", {reason}" if reason else ""),
            activation=activation,
            data={"decision": decision, "reason": reason},
        )
        self._decide(deciding, activation, step, decision, actor, overridden=True)

    def _settle(self, deciding: Deciding, activation: Activation, step: ApprovalStep, actor: Actor) -> None:
        decided = verdict(step, activation)
        if decided is not None:
            self._decide(deciding, activation, step, decided, actor)
        else:
            self._ask_next(deciding, activation, step)

    def _ask_next(self, deciding: Deciding, activation: Activation, step: ApprovalStep) -> None:
        if step.order == "sequential":
            self._ask(deciding, activation, step)
        else:
            self.show(deciding, activation, step)

    def show(self, deciding: Deciding, activation: Activation, step: ApprovalStep) -> None:
        """The inboxes of those whose word is awaited, and of nobody else; the admins' when there are no voters."""
        deciding.offer_again(activation, self.type, self._audience(deciding, activation, step))

    def reopen(self, deciding: Deciding, activation: Activation, step: ApprovalStep) -> None:
        self._ask(deciding, activation, step)

    def _audience(self, deciding: Deciding, activation: Activation, step: ApprovalStep) -> tuple[str, ...]:
        if not activation.candidates:
            return tuple(deciding.facts.directory.admins())
        return self.asked(step, activation)

    def _decide(
        self,
        deciding: Deciding,
        activation: Activation,
        step: ApprovalStep,
        decision: str,
        actor: Actor | None,
        overridden: bool = False,
    ) -> None:
        approvals = sum(v.decision == "approved" for v in activation.votes)
        deciding.finish(
            activation,
            decision,
            output={
                "decision": decision,
                "overridden": overridden,
                "votes": [
                    {"by": v.by, "on_behalf_of": v.on_behalf_of, "decision": v.decision, "comment": v.comment}
                    for v in activation.votes
                ],
            },
            by=actor,
            detail=f"{step.title}: {decision}"
            + ("" if overridden else f" ({approvals} of {activation.data['voters']})"),
        )

    def fire(self, deciding: Deciding, activation: Activation, step: ApprovalStep, kind: str) -> None:
        if kind == "reminder" and step.reminder_hours is not None:
            waiting = self.asked(step, activation)
            deciding.notify(waiting, "approval_reminder", step.title, activation=activation)
            deciding.note("reminder_sent", f"Reminded {len(waiting)} of “{step.title}”", activation=activation)
            self._start_reminder(deciding, activation, step, step.reminder_hours)

    def hand_to(self, deciding: Deciding, activation: Activation, step: ApprovalStep, found: Audience) -> None:
        """Ask other people instead of those who have not voted yet; votes already cast stay.

        Being handed an approval does not name anybody in person: the requester stays out of it unless already in.
        """
        voted = [v.voter for v in activation.votes]
        fresh = [
            u
            for u in found.user_ids
            if u not in voted and (step.allow_self or u != deciding.requester_id or u in activation.candidates)
        ]
        if not fresh:
            raise nobody_to_hand_to()
        self._freeze(deciding, activation, step, [*voted, *fresh])
        decided = verdict(step, activation)
        if decided is not None:
            self._decide(deciding, activation, step, decided, None)
        else:
            self._ask(deciding, activation, step)

    def describe(self, step: ApprovalStep) -> dict[str, Any]:
        rule = step.rule if isinstance(step.rule, str) else step.rule.model_dump()
        return {"rule": rule, "order": step.order}

    def describe_open(self, step: ApprovalStep, activation: Activation) -> dict[str, Any]:
        return {
            "approvers": list(activation.candidates),
            "needed": activation.data.get("needed"),
            "votes": [
                {"by": v.by, "on_behalf_of": v.on_behalf_of, "decision": v.decision, "comment": v.comment, "at": v.at}
                for v in activation.votes
            ],
        }


def read_decision(answer: dict[str, Any]) -> str:
    """`approved` or `rejected`, from any of the words people use; raises a refusal for other words."""
    decision = DECISIONS.get(str(answer.get("decision")))
    if decision is None:
        raise Refusal(
            "invalid",
            "decision is approve or reject.",
            issues=[Issue("decision", "decision is approve or reject.", "not_a_decision")],
        )
    return decision


def _not_asked(step: ApprovalStep) -> Refusal:
    return Refusal("forbidden", f"You are not asked to decide “{step.title}”.", code="not_a_voter")


def _already_voted(deciding: Deciding, cast: Vote, may_still: list[str]) -> Refusal:
    """The refusal that says who cast the vote, how and when, and for whom the caller could still vote."""
    by = deciding.facts.directory.people.get(cast.by)
    details = {"decision": cast.decision, "by": cast.by, "voter": cast.voter, "at": cast.at.isoformat()}
    return Refusal(
        "conflict",
        f"{by.name if by else cast.by} has already decided: {cast.decision}.",
        code="already_voted",
        details={**details, "on_behalf_of": may_still} if may_still else details,
    )


def _check_comment(step: ApprovalStep, decision: str, comment: Any) -> None:
    if comment is not None and not isinstance(comment, str):
        raise Refusal("invalid", "comment is text.", issues=[Issue("comment", "comment is text.", "not_text")])
    wanted = step.comment == "required" or (step.comment == "required_on_reject" and decision == "rejected")
    if wanted and not (comment or "").strip():
        raise Refusal(
            "invalid", "A comment is required.", issues=[Issue("comment", "A comment is required.", "required")]
        )


def _voters(deciding: Deciding, step: ApprovalStep) -> list[str]:
    """The people asked, each once; the requester only when named in person or `allow_self` is set."""
    voters: dict[str, None] = {}
    for who in step.approvers:
        in_person = who.user is not None or step.allow_self
        found = deciding.find(who, without=None if in_person else deciding.requester_id)
        voters.update(dict.fromkeys(found.user_ids))
    return list(voters)


def needed_of(rule: ApprovalRule, voters: int) -> int:
    """How many approvals decide among so many voters (majority is more than half; percent rounds up)."""
    if rule == "all":
        return max(voters, 1)
    if rule == "any":
        return 1
    if rule == "majority":
        return voters // 2 + 1
    if isinstance(rule, AtLeast):
        return rule.at_least
    return max(1, math.ceil(round(voters * rule.percent / 100, 9)))


def verdict(step: ApprovalStep, activation: Activation) -> str | None:
    """`approved`, `rejected`, or None while it is open."""
    approvals = sum(v.decision == "approved" for v in activation.votes)
    rejections = len(activation.votes) - approvals
    needed = int(activation.data["needed"])
    if approvals >= needed:
        return "approved"
    if not rejections:
        return None
    reject_rule = step.reject_rule or ("any" if step.rule == "all" else "impossible")
    enough = reject_rule.at_least if isinstance(reject_rule, AtLeast) else 1
    if reject_rule != "impossible" and rejections >= enough:
        return "rejected"
    return "rejected" if len(activation.candidates) - rejections < needed else None
