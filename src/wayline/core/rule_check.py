"""What is doubtful about a rule at a particular desk: names that nobody answers to, changes that cannot have happened.

All of it is warnings: a rule may be written before the template, the group or the field it names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from wayline.core import condition
from wayline.core.action import RunScript, SendChat, StartWorkflow
from wayline.core.check import Desk, chat_doubt, is_known, queues_of, unknown_people, unknown_script
from wayline.core.known_names import NESTED_ATTRIBUTES, TICKET_ATTRIBUTES, did_you_mean
from wayline.core.refusals import Issue
from wayline.core.rule import Rule, texts_of
from wayline.core.text import text_names

OF_TRIGGER: Final[dict[str, tuple[str, ...]]] = {
    "on_comment": ("comment",),
    "on_run_ended": ("run",),
    "on_step_overdue": ("run", "step"),
    "webhook": ("payload",),
}
"""Names that only one kind of event has."""
ALWAYS: Final = ("ticket", "actor", "idle_hours", "age_hours")
CAN_HAVE_CHANGED: Final = frozenset({"on_ticket_created", "on_ticket_updated"})
CHANGE_OPERATORS: Final = frozenset({"changed", "changed_to", "changed_from"})


def rule_warnings(rule: Rule, desk: Desk) -> list[Issue]:
    """Every doubt, in the order written. What the desk does not tell (None) is not judged."""
    return [*_of_conditions(rule), *_of_texts(rule), *_of_actions(rule, desk)]


def unknown_scripts(rule: Rule, known: Collection[str]) -> list[Issue]:
    """The scripts that the rule runs and that there are none of: unlike a doubt, a rule cannot be saved with one."""
    return [
        Issue(f"actions[{place}].script", said, "unknown_script")
        for place, action in enumerate(rule.actions)
        if isinstance(action, RunScript) and (said := unknown_script(action.script, known)) is not None
    ]


def _of_conditions(rule: Rule) -> Iterator[Issue]:
    parsed = condition.parse(rule.conditions)
    for name in sorted(condition.names(parsed)):
        said = _unknown(name, rule)
        if said is not None:
            yield Issue("conditions", said, "unknown_name")
    if rule.trigger not in CAN_HAVE_CHANGED and not CHANGE_OPERATORS.isdisjoint(condition.operators(parsed)):
        said = f"A rule on {rule.trigger} sees no change: only on_ticket_updated does."
        yield Issue("conditions", said, "never_changed")


def _of_texts(rule: Rule) -> Iterator[Issue]:
    for path, text in texts_of(rule):
        for name in sorted(text_names(text or "")):
            said = _unknown(name, rule)
            if said is not None:
                yield Issue(path, said, "unknown_name")


def _unknown(name: str, rule: Rule) -> str | None:
    """Why nothing answers to a dotted name, None when something may."""
    root, _, rest = name.partition(".")
    if root == "ticket":
        root, _, rest = rest.partition(".")
        if not root:
            return None
    elif root in (*ALWAYS, *OF_TRIGGER.get(rule.trigger, ())):
        return None
    for trigger, names in OF_TRIGGER.items():
        if root in names:
            return f"{root} is known to rules on {trigger} only."
    if root not in TICKET_ATTRIBUTES:
        hint = did_you_mean(root, [*TICKET_ATTRIBUTES, *ALWAYS])
        return f"A ticket has no {root} (one's own fields are custom.<name>).{hint}"
    if rest and root not in NESTED_ATTRIBUTES:
        return f"The ticket's {root} is one value; there is no {rest} below it."
    return None


def _of_actions(rule: Rule, desk: Desk) -> Iterator[Issue]:
    for index, action in enumerate(rule.actions):
        where = f"actions[{index}]"
        if isinstance(action, StartWorkflow) and not is_known(action.workflow_name, desk.templates):
            hint = did_you_mean(action.workflow_name, desk.templates or ())
            said = f"No template called {action.workflow_name} is published.{hint}"
            yield Issue(f"{where}.workflow_name", said, "unknown_template")
        for path, queue in queues_of(action):
            if "{{" not in queue and not is_known(queue, desk.queues):
                said = f"There is no queue {queue}.{did_you_mean(queue, desk.queues or ())}"
                yield Issue(f"{where}.{path}", said, "unknown_queue")
        if isinstance(action, SendChat) and (doubt := chat_doubt(action.channel, desk.chat_channels)) is not None:
            yield Issue(f"{where}.channel", doubt, "unknown_chat_channel")
        for path, who in action.who():
            if desk.directory is not None:
                for _, code, message, key in unknown_people(who, desk.directory):
                    yield Issue(f"{where}.{path}.{key}", message, code)
