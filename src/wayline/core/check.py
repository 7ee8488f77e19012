"""check: everything that is wrong with a template, at once, and whether its runs can always come to an end.

An error keeps a template from being published; a warning does not. What cannot be read is reported and left out; the
rest is looked at all the same. The desk's people, calendars, templates and queues are judged only where they are given.

| code | severity | |
|---|---|---|
| what `template.read` reports | error | the definition cannot be read |
| `unknown_target`, `unknown_outcome` | error | a connection to no step, or from no outcome |
| `automatic_cycle`, `no_way_to_end`, `deadlock` | error | runs that never rest, never complete, wait for ever |
| `unreachable`, `self_connection`, `two_connections` | warning | connections that are probably not meant so |
| `bound_hit` | warning | too many states: soundness is neither shown nor refuted |
| codes of `condition`, `bad_text`, `too_deep` | error | a condition or text that cannot be read |
| `unknown_name` | error / warning | nothing answers to the name; a warning in texts, where it reads as nothing |
| `not_known_yet`, `undeclared_variable`, `hidden_name` | warning | the name may mean nothing, or something else |
| `reserved_name` | warning | a field or variable that can be read only by its full name |
| `unknown_group`, `unknown_user` | error | the desk has nobody of that name |
| `unknown_script` | error | the desk keeps no script of that name |
| `unknown_query_name` | error / warning | likewise in a user query; a warning for people and labels |
| `empty_group`, `no_leads`, `no_manager`, `empty_role` | warning | means nobody just now |
| `approval_undecidable` | error | more approvals are needed than people can give |
| `unknown_calendar`, `unknown_template`, `unknown_queue`, `unknown_chat_channel`, `starts_itself` | warning | |
| `timed_out_unconnected`, `idle_timeout`, `idle_reassign` | warning | a timeout that does not do what it seems to |
| codes of a step type's own `problems` | theirs | |
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any, Literal

import msgspec

from wayline.core import condition
from wayline.core.action import MoveQueue, RunScript, SendChat, StartWorkflow, UpdateField
from wayline.core.facts import Directory
from wayline.core.graph import outcomes_of, targets_of, whos_of
from wayline.core.inbox import check as inbox
from wayline.core.inbox.definition import KIND, ChatArgs
from wayline.core.known_names import FRAME_NAMES, TICKET_ATTRIBUTES, KnownNames, did_you_mean
from wayline.core.refusals import Issue
from wayline.core.script import is_name
from wayline.core.soundness import Exploration, Move, explore, moves_of, reached_from, restless_cycles
from wayline.core.steps.approval import ApprovalStep, AtLeast
from wayline.core.steps.catalogue import STEP_TYPES
from wayline.core.steps.form import FormStep
from wayline.core.steps.step_type import Problem, Step
from wayline.core.steps.wait import WaitStep
from wayline.core.template import Template, normalised, read
from wayline.core.text import VALUE_DEPTH_MAX, text_names, text_problem, texts_in
from wayline.core.user_query import ContextPath, CurrentUser, Matching, unknown_names
from wayline.core.who import Who

DEFAULT_CALENDAR = "default"
ANY_NUMBER = float("inf")


class Checked(msgspec.Struct, frozen=True):
    """What checking came to. `sound` is true only when it has been shown: every state that a run can be in was looked
    at, and completion can be reached from each of them."""

    problems: tuple[Problem, ...]
    states_explored: int
    sound: bool

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the template from being published."""
        return tuple(p for p in self.problems if p.severity == "error")


class Desk(msgspec.Struct, frozen=True):
    """What the tenant has: people, and the names of calendars, published templates, queues, chat channels and scripts;
    None is not judged."""

    directory: Directory | None = None
    calendars: Collection[str] | None = None
    templates: Collection[str] | None = None
    queues: Collection[str] | None = None
    chat_channels: Collection[str] | None = None
    scripts: Collection[str] | None = None


def check(
    definition: Any,
    *,
    directory: Directory | None = None,
    calendars: Collection[str] | None = None,
    templates: Collection[str] | None = None,
    queues: Collection[str] | None = None,
    chat_channels: Collection[str] | None = None,
    rules: Collection[str] | None = None,
    scripts: Collection[str] | None = None,
) -> Checked:
    """Every problem of a definition, in the order of its steps. Never raises."""
    template, issues = read(definition)
    if isinstance(definition, dict):
        definition = normalised(definition)
    if template is None and isinstance(definition, dict):
        template = _without_head(definition, issues)
    if template is None:
        return Checked(problems=tuple(_problem(i, definition) for i in issues), states_explored=0, sound=False)
    if template.is_inbox:
        names = inbox.Names(directory=directory, templates=templates, rules=rules, scripts=scripts)
        return _check_inbox(template, definition, issues, names, chat_channels)
    sheet = _Sheet(template, definition, issues)
    desk = Desk(
        directory=directory,
        calendars=calendars,
        templates=templates,
        queues=queues,
        chat_channels=chat_channels,
        scripts=scripts,
    )
    explored, flow = _flow_problems(sheet)
    found = [*(_problem(i, definition) for i in issues), *_name_clashes(sheet), *flow]
    for step in template.steps:
        found += _step_problems(step, sheet, desk)
    return Checked(
        problems=tuple(sorted(dict.fromkeys(found), key=sheet.place)),
        states_explored=explored.states_explored if explored else 0,
        sound=explored is not None and explored.sound,
    )


def _without_head(definition: dict[str, Any], issues: list[Issue]) -> Template | None:
    """The steps alone, with the names of the variables, when it was the rest that could not be read."""
    if all(issue.path.startswith("steps") for issue in issues):
        return None
    variables = definition.get("variables")
    names = [name for name in variables if isinstance(name, str)] if isinstance(variables, dict) else []
    start = definition.get("start")
    head = {"name": "unreadable", "variables": {name: {} for name in names}}
    if definition.get("kind") == KIND:
        return read({**head, "kind": KIND, "steps": definition.get("steps")})[0]
    return read({**head, "start": start if isinstance(start, str) else None, "steps": definition.get("steps")})[0]


def _check_inbox(
    template: Template,
    definition: dict[str, Any],
    issues: Iterable[Issue],
    names: inbox.Names,
    chat_channels: Collection[str] | None,
) -> Checked:
    """The same of an inbox template, whose steps go by key. It is sound when every entry can leave the inbox."""
    sheet = inbox.InboxSheet(template.steps, definition["steps"], names)
    found = [_inbox_problem(issue, definition) for issue in issues]
    found += inbox.problems_of(sheet)
    for step in template.steps:
        for number, action in enumerate(step.actions):
            if isinstance(action.args, ChatArgs):
                doubt = chat_doubt(action.args.channel, chat_channels)
                if doubt is not None:
                    place = f"steps.{step.id}.{sheet.action_place(step, number)}.args.channel"
                    found.append(Problem("warning", "unknown_chat_channel", doubt, place, step.id))
    order = {key: place for place, key in enumerate(definition["steps"])}
    problems = tuple(sorted(dict.fromkeys(found), key=lambda p: order.get(p.step_id or "", -1)))
    troubled = any(p.severity == "error" or p.code == "no_way_to_retire" for p in problems)
    return Checked(problems=problems, states_explored=len(sheet.reached), sound=not troubled)


def _inbox_problem(issue: Issue, definition: dict[str, Any]) -> Problem:
    keys = (key for key in definition["steps"] if issue.path.startswith((f"steps.{key}.", f"steps.{key}[")))
    step_id = max(keys, key=len, default=None)
    return Problem(severity="error", code=issue.code, message=issue.message, path=issue.path, step_id=step_id)


_STEP_PATH = re.compile(r"steps\[(\d+)\]")


def _problem(issue: Issue, definition: Any) -> Problem:
    index = _STEP_PATH.match(issue.path)
    step_id = None
    if index is not None:
        item = definition["steps"][int(index[1])]
        step_id = item.get("id") if isinstance(item, dict) else None
    return Problem(
        severity="error",
        code=issue.code,
        message=issue.message,
        path=issue.path,
        step_id=step_id if isinstance(step_id, str) else None,
    )


class _Sheet:
    """The template spread out: where each step is written, what leads where, which names there are."""

    def __init__(self, template: Template, definition: dict[str, Any], issues: Iterable[Issue]) -> None:
        written = definition["steps"]
        unread = {int(found[1]) for issue in issues if (found := _STEP_PATH.match(issue.path)) is not None}
        read_ones = [index for index in range(len(written)) if index not in unread]
        self.template = template
        self.whole = not unread
        self.paths = {step.id: f"steps[{index}]" for step, index in zip(template.steps, read_ones, strict=True)}
        ids = [item.get("id") for item in written if isinstance(item, dict)]
        self.step_ids = dict.fromkeys(i for i in ids if isinstance(i, str))
        self.steps: dict[str, Step] = {step.id: step for step in template.steps}
        self.moves: dict[str, tuple[Move, ...]] = {step.id: moves_of(step, self.steps) for step in template.steps}
        self.names = KnownNames(template, self.moves, self.step_ids)

    @property
    def start(self) -> str:
        """Where a run begins, whether or not there is such a step."""
        return self.template.start or self.template.steps[0].id

    @cached_property
    def reached(self) -> set[str]:
        """The steps a run can come to."""
        return {self.start} | reached_from(self.start, self.moves)

    def problem(
        self, severity: Literal["error", "warning"], code: str, message: str, step: Step, path: str = ""
    ) -> Problem:
        """A problem of a step; `path` is inside it."""
        where = self.paths[step.id]
        return Problem(severity, code, message, f"{where}.{path}" if path else where, step.id)

    def place(self, problem: Problem) -> int:
        """Where it goes in the list: what concerns no step first, then in the template's order."""
        index = _STEP_PATH.match(problem.path)
        return int(index[1]) if index is not None else -1


# -- connections and what they add up to -----------------------------------------------------------


def _flow_problems(sheet: _Sheet) -> tuple[Exploration | None, list[Problem]]:
    """What is wrong with the whole; None when a run could not even start, or a step is missing from the picture."""
    if sheet.start not in sheet.step_ids:
        hint = did_you_mean(sheet.start, sheet.step_ids)
        return None, [Problem("error", "unknown_target", f"There is no step {sheet.start}.{hint}", "start")]
    found = [*_cycles(sheet)]
    if not sheet.whole:
        return None, found
    found += [
        sheet.problem("warning", "unreachable", f"No connection leads to “{step.title}”.", step)
        for step in sheet.template.steps
        if step.id not in sheet.reached
    ]
    explored = explore(sheet.moves, sheet.start)
    found += _unsoundness(sheet, explored)
    connected = all(target in sheet.steps for step in sheet.template.steps for target in targets_of(step).values())
    return explored if connected else None, found


def _cycles(sheet: _Sheet) -> Iterator[Problem]:
    restless = {
        step.id: sheet.moves[step.id]
        for step in sheet.template.steps
        if step.id in sheet.reached and not STEP_TYPES[step.type].waits(step)
    }
    for cycle in restless_cycles(restless):
        way = " → ".join(sheet.steps[s].title for s in (*cycle, cycle[0]))
        said = f"A run could go round here without ever resting: {way}."
        yield sheet.problem("error", "automatic_cycle", said, sheet.steps[cycle[0]])


def _unsoundness(sheet: _Sheet, explored: Exploration) -> Iterator[Problem]:
    if explored.bound_hit:
        said = f"More than {explored.states_explored} states: whether every run can end has not been shown."
        yield Problem("warning", "bound_hit", said)
    for trap in explored.traps:
        step = sheet.steps[trap.step_id or sheet.start]
        if trap.outcome is None:
            yield sheet.problem("error", "no_way_to_end", "No run can ever complete.", step)
            continue
        said = f"After “{step.title}” has ended with {trap.outcome}, a run can never complete."
        yield sheet.problem("error", "no_way_to_end", said, step, _where_connected(step, trap.outcome))
    for marking in explored.deadlocks:
        titles = ", ".join(f"“{sheet.steps[s].title}”" for s in marking)
        yield sheet.problem("error", "deadlock", f"A run can wait here for ever: {titles}.", sheet.steps[marking[0]])


def _where_connected(step: Step, outcome: str) -> str:
    written = list(_connections(step))
    own = [path for path, label, _ in written if label == outcome and not path.startswith("next")]
    named = [path for path, label, _ in written if label == outcome]
    return next(iter([*own, *named]), "next")


def _connections(step: Step) -> Iterator[tuple[str, str | None, str]]:
    """Every connection as written: its path inside the step, its outcome (None for a plain `next`), its target."""
    if isinstance(step.next, str):
        yield "next", None, step.next
    elif isinstance(step.next, dict):
        yield from ((f"next.{outcome}", outcome, target) for outcome, target in step.next.items())
    for name in type(step).model_fields:
        value = getattr(step, name)
        for index, item in enumerate(value if isinstance(value, list) else ()):
            label, target = getattr(item, "label", None), getattr(item, "next", None)
            if isinstance(label, str) and isinstance(target, str):
                yield f"{name}[{index}].next", label, target
        if name in STEP_TYPES[step.type].named_outcomes and isinstance(value, str):
            yield name, name, value


# -- one step --------------------------------------------------------------------------------------


def _step_problems(step: Step, sheet: _Sheet, desk: Desk) -> Iterator[Problem]:
    for own in STEP_TYPES[step.type].problems(step):
        yield sheet.problem(own.severity, own.code, own.message, step, own.path)
    yield from _connection_problems(step, sheet)
    yield from _timeout_problems(step, sheet)
    yield from _condition_problems(step, sheet)
    yield from _text_problems(step, sheet)
    yield from _who_problems(step, sheet, desk)
    if isinstance(step, ApprovalStep):
        yield from _approval_problems(step, sheet, desk)
    yield from _calendar_problems(step, sheet, desk)
    yield from _action_problems(step, sheet, desk)


def _connection_problems(step: Step, sheet: _Sheet) -> Iterator[Problem]:
    outcomes, own = outcomes_of(step), STEP_TYPES[step.type].connections(step)
    for path, outcome, target in _connections(step):
        if target not in sheet.step_ids:
            said = f"There is no step {target}.{did_you_mean(target, sheet.step_ids)}"
            yield sheet.problem("error", "unknown_target", said, step, path)
        elif target == step.id and STEP_TYPES[step.type].waits(step):
            yield sheet.problem("warning", "self_connection", f"“{step.title}” leads back to itself.", step, path)
        if outcome is not None and outcome not in (*outcomes, "default"):
            yield sheet.problem("error", "unknown_outcome", _no_such_outcome(step, outcome, outcomes), step, path)
        elif path.startswith("next.") and own.get(outcome or "", target) != target:
            said = f"{outcome} is connected to {own[outcome or '']} already; this one is not taken."
            yield sheet.problem("warning", "two_connections", said, step, path)


def _no_such_outcome(step: Step, outcome: str, outcomes: Collection[str]) -> str:
    said = f"“{step.title}” never ends with {outcome}; there are: {', '.join([*outcomes][:20])}."
    if outcome == "timed_out":
        return said + " (timed_out needs timeout_hours and on_timeout with then: proceed.)"
    return said


def _timeout_problems(step: Step, sheet: _Sheet) -> Iterator[Problem]:
    rule = step.on_timeout
    if step.timeout_hours is not None and not STEP_TYPES[step.type].waits(step):
        yield sheet.problem(
            "warning", "idle_timeout", f"“{step.title}” never waits, so it is never late.", step, "timeout_hours"
        )
    if rule is None:
        return
    if step.timeout_hours is None:
        said = "Without timeout_hours this never happens."
        yield sheet.problem("warning", "idle_timeout", said, step, "on_timeout")
    if rule.reassign and rule.escalate_to is None:
        said = "reassign hands the work to escalate_to, and there is none."
        yield sheet.problem("warning", "idle_reassign", said, step, "on_timeout.reassign")
    if rule.repeat_hours is not None and rule.then != "wait":
        said = f"The step ends at its first timeout (then: {rule.then}), so nothing is repeated."
        yield sheet.problem("warning", "idle_timeout", said, step, "on_timeout.repeat_hours")
    targets = targets_of(step)
    if "timed_out" in outcomes_of(step) and targets and "timed_out" not in targets:
        said = f"When “{step.title}” is late it ends with timed_out, and no connection says where to go on."
        yield sheet.problem("warning", "timed_out_unconnected", said, step, "next")


# -- names, conditions, texts ----------------------------------------------------------------------


def _name_clashes(sheet: _Sheet) -> Iterator[Problem]:
    """Names that stand in front of others: a variable hides a form's field, either hides an attribute of the ticket."""
    names = sheet.names
    for variable, set_by in names.variables.items():
        path = f"variables.{variable}" if set_by is None else f"{sheet.paths[set_by]}.action.name"
        if variable in FRAME_NAMES:
            said = f"{variable} means something else; the variable is read as variables.{variable}."
            yield Problem("warning", "reserved_name", said, path, set_by)
        elif variable in TICKET_ATTRIBUTES:
            said = f"The variable {variable} hides the ticket's; that is read as ticket.{variable}."
            yield Problem("warning", "hidden_name", said, path, set_by)
    for step in sheet.template.steps:
        if isinstance(step, FormStep):
            yield from _field_clashes(step, sheet)


def _field_clashes(step: FormStep, sheet: _Sheet) -> Iterator[Problem]:
    for index, field in enumerate(step.fields):
        name, path = field.name, f"fields[{index}].name"
        if name in FRAME_NAMES:
            said = f"{name} means something else; the field is read as steps.{step.id}.{name}."
            yield sheet.problem("warning", "reserved_name", said, step, path)
        elif name in sheet.names.variables:
            said = f"The variable {name} hides this field; it is read as steps.{step.id}.{name}."
            yield sheet.problem("warning", "hidden_name", said, step, path)
        elif name in TICKET_ATTRIBUTES:
            said = f"The field {name} hides the ticket's; that is read as ticket.{name}."
            yield sheet.problem("warning", "hidden_name", said, step, path)


def _condition_problems(step: Step, sheet: _Sheet) -> Iterator[Problem]:
    own = {f.name for f in step.fields} if isinstance(step, FormStep) else set()
    for path, raw in STEP_TYPES[step.type].conditions(step):
        faults = condition.condition_problems(raw, path)
        for fault in faults:
            yield sheet.problem("error", fault.code, fault.message, step, fault.path)
        if faults:
            continue
        for name in sorted(condition.names(condition.parse(raw))):
            trouble = sheet.names.trouble(name, step.id, own)
            if trouble is not None:
                severity: Literal["error", "warning"] = "error" if trouble.certain else "warning"
                yield sheet.problem(severity, trouble.code, trouble.message, step, path)


def _text_problems(step: Step, sheet: _Sheet) -> Iterator[Problem]:
    for path, value in STEP_TYPES[step.type].texts(step):
        for where, text in texts_in(value, path):
            if text is None:
                said = f"Nested more than {VALUE_DEPTH_MAX} levels deep."
                yield sheet.problem("error", "too_deep", said, step, where)
                continue
            fault = text_problem(text)
            if fault is not None:
                line = f" (line {fault.line})" if fault.line else ""
                yield sheet.problem("error", "bad_text", fault.message + line, step, where)
                continue
            for name in sorted(text_names(text)):
                trouble = sheet.names.trouble(name, step.id, any_time=path.startswith("compensate"))
                if trouble is not None:
                    yield sheet.problem("warning", trouble.code, trouble.message, step, where)


# -- people ----------------------------------------------------------------------------------------


def _who_problems(step: Step, sheet: _Sheet, desk: Desk) -> Iterator[Problem]:
    for path, who in whos_of(step):
        if who.field is not None:
            trouble = sheet.names.trouble(who.field, step.id)
            if trouble is not None:
                severity: Literal["error", "warning"] = "error" if trouble.certain else "warning"
                yield sheet.problem(severity, trouble.code, trouble.message, step, f"{path}.field")
        if who.query is not None:
            yield from _query_problems(who, step, path, sheet, desk)
        if desk.directory is not None:
            for fault_severity, code, message, key in unknown_people(who, desk.directory):
                yield sheet.problem(fault_severity, code, message, step, f"{path}.{key}")


def _query_problems(who: Who, step: Step, path: str, sheet: _Sheet, desk: Desk) -> Iterator[Problem]:
    query = who.parsed_query()
    assert query is not None
    for qualifier in query.qualifiers:
        for entry in qualifier.entries if isinstance(qualifier, Matching) else ():
            if isinstance(entry, ContextPath) and (trouble := sheet.names.trouble(entry.path, step.id)) is not None:
                yield sheet.problem("warning", trouble.code, trouble.message, step, f"{path}.query")
    if desk.directory is not None:
        for unknown in unknown_names(who.query or "", desk.directory):
            yield sheet.problem(unknown.severity, "unknown_query_name", unknown.message, step, f"{path}.query")


Fault = tuple[Literal["error", "warning"], str, str, str]


def unknown_people(who: Who, directory: Directory) -> Iterator[Fault]:
    """Severity, code, message and key of what an expression names in vain."""
    if who.group is not None:
        group = directory.group(who.group)
        if group is None:
            known = [g.slug for g in directory.groups.values()]
            hint = did_you_mean(who.group, known)
            yield "error", "unknown_group", f"There is no group {who.group}.{hint}", "group"
        elif who.role == "lead" and not any(directory.person(m) for m in group.leads):
            yield "warning", "no_leads", f"{group.name} has no leads.", "role"
        elif not directory.active_members(group):
            yield "warning", "empty_group", f"{group.name} has no active members.", "group"
    elif who.role is not None and not any(p.role == who.role and p.active for p in directory.people.values()):
        yield "warning", "empty_role", f"Nobody is {who.role}.", "role"
    elif who.user is not None and directory.person(who.user) is None:
        yield "error", "unknown_user", f"There is no active person {who.user}.", "user"
    elif who.manager_of is not None and who.manager_of not in ("requester", "assignee", "owner"):
        person = directory.person(who.manager_of)
        if person is None:
            yield "error", "unknown_user", f"There is no active person {who.manager_of}.", "manager_of"
        elif directory.person(person.manager_id) is None:
            yield "warning", "no_manager", f"{person.name} has no manager.", "manager_of"


def _approval_problems(step: ApprovalStep, sheet: _Sheet, desk: Desk) -> Iterator[Problem]:
    directory = desk.directory
    if directory is not None and any(f[0] == "error" for w in step.approvers for f in unknown_people(w, directory)):
        return
    most = _most_voters(step, directory)
    needed = step.rule.at_least if isinstance(step.rule, AtLeast) else 1
    if most < needed:
        people = "nobody" if most == 0 else "one person" if most == 1 else f"{most:.0f} people"
        said = f"“{step.title}” needs {needed} {'approval' if needed == 1 else 'approvals'}, and {people} can give one."
        path = "approvers" if most == 0 else "rule"
        yield sheet.problem("error", "approval_undecidable", said, step, path)


def _most_voters(step: ApprovalStep, directory: Directory | None) -> float:
    """How many different people the approvers can be at most; without a bound where that is known only in a run."""
    named: set[str] = set()
    others = 0.0
    for who in step.approvers:
        people = _people_of(who, directory)
        if isinstance(people, set) and who.strategy is None:
            named |= people
        elif isinstance(people, set):
            others += min(len(people), 1)
        elif who.requester and not step.allow_self:
            continue
        else:
            others += 1 if who.strategy is not None else people
    return len(named) + others


def _people_of(who: Who, directory: Directory | None) -> set[str] | float:
    """Who is meant, or how many it can be at most where that is not known."""
    if who.user is not None:
        person = directory.person(who.user) if directory is not None else None
        return {person.id if person else who.user.lower()}
    if who.requester or who.assignee or who.owner or who.manager_of is not None:
        return 1
    query = who.parsed_query()
    if directory is None or who.field is not None:
        return ANY_NUMBER
    if query is not None:
        open_ended = any(
            isinstance(q, CurrentUser)
            or (isinstance(q, Matching) and any(isinstance(e, ContextPath) for e in q.entries))
            for q in query.qualifiers
        )
        return ANY_NUMBER if open_ended else set(query.resolve(directory, current_user=None, context={}))
    if who.group is not None:
        group = directory.group(who.group)
        if group is None:
            return set()
        if who.role == "lead":
            return {person.id for lead in group.leads if (person := directory.person(lead)) is not None}
        return set(directory.active_members(group))
    return {p.id for p in directory.people.values() if p.role == who.role and p.active}


# -- the rest of the desk --------------------------------------------------------------------------


def _calendar_problems(step: Step, sheet: _Sheet, desk: Desk) -> Iterator[Problem]:
    named = [("calendar", step.calendar)]
    if isinstance(step, WaitStep):
        named.append(("for.calendar", step.for_.calendar))
    for path, name in named:
        if name is not None and desk.calendars is not None and name not in (*desk.calendars, DEFAULT_CALENDAR):
            said = f"There is no calendar {name}; all hours would count.{did_you_mean(name, desk.calendars)}"
            yield sheet.problem("warning", "unknown_calendar", said, step, path)


def _action_problems(step: Step, sheet: _Sheet, desk: Desk) -> Iterator[Problem]:
    for where in ("action", "compensate"):
        action = getattr(step, where, None)
        if isinstance(action, StartWorkflow):
            yield from _start_problems(action, step, where, sheet, desk)
        for path, queue in queues_of(action):
            if "{{" not in queue and not is_known(queue, desk.queues):
                said = f"There is no queue {queue}.{did_you_mean(queue, desk.queues or ())}"
                yield sheet.problem("warning", "unknown_queue", said, step, f"{where}.{path}")
        if isinstance(action, SendChat) and (doubt := chat_doubt(action.channel, desk.chat_channels)) is not None:
            yield sheet.problem("warning", "unknown_chat_channel", doubt, step, f"{where}.channel")
        if isinstance(action, RunScript) and (fault := unknown_script(action.script, desk.scripts)) is not None:
            yield sheet.problem("error", "unknown_script", fault, step, f"{where}.script")


def _start_problems(action: StartWorkflow, step: Step, where: str, sheet: _Sheet, desk: Desk) -> Iterator[Problem]:
    path, name = f"{where}.workflow_name", action.workflow_name
    if name == sheet.template.name:
        said = "The template starts itself; such a chain is cut off at some depth."
        yield sheet.problem("warning", "starts_itself", said, step, path)
    elif desk.templates is not None and name not in desk.templates:
        said = f"No template called {name} is published.{did_you_mean(name, desk.templates)}"
        yield sheet.problem("warning", "unknown_template", said, step, path)


def is_known(name: str, known: Collection[str] | None) -> bool:
    """Whether there is something of that name, case aside; None is not judged."""
    return known is None or name.strip().casefold() in {one.casefold() for one in known}


def chat_doubt(channel: str | None, known: Collection[str] | None) -> str | None:
    """Why a message may reach no chat channel, None when it does or nobody can tell."""
    if known is None or "{{" in (channel or ""):
        return None
    if channel is None:
        return None if known else "There is no chat channel."
    return None if is_known(channel, known) else f"There is no chat channel {channel}.{did_you_mean(channel, known)}"


def unknown_script(script: str, known: Collection[str] | None) -> str | None:
    """Why nothing can be run, as a sentence; None when there is such a script, when it is a text of its own, and when
    nobody can tell."""
    if not is_name(script) or is_known(script, known):
        return None
    return f"There is no script {script.strip()}.{did_you_mean(script, known or ())}"


def queues_of(action: Any) -> list[tuple[str, str]]:
    if isinstance(action, MoveQueue):
        return [("queue", action.queue_name)]
    if isinstance(action, UpdateField) and isinstance(action.changes().get("queue"), str):
        return [("fields.queue" if action.fields is not None else "value", action.changes()["queue"])]
    return []
