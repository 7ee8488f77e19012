"""A form is filled by who it is for, and only with what its fields allow."""

from __future__ import annotations

from typing import Any

import pytest

from core.stories.desk import ANA, BO, CY, ROOT, Story, completes, issues, submits


def a_form(*fields: str) -> Story:
    written = "\n".join(f"      - {{{field}}}" for field in fields)
    return Story(f"""
steps:
  - id: details
    type: form
    name: The details
    assignee: {{group: service-desk}}
    fields:
{written}
""").starts()


GOOD: list[tuple[str, Any, Any]] = [
    ("type: text", "Ana's", "Ana's"),
    ("type: textarea", "two\nlines", "two\nlines"),
    ("type: number", 12.5, 12.5),
    ("type: number", "12", 12),
    ("type: number", "12.5", 12.5),
    ("type: number", 0, 0),
    ("type: checkbox", True, True),
    ("type: checkbox", False, False),
    ("type: select, options: [small, large]", "large", "large"),
    ("type: select, options: [1, 2]", "2", 2),
    ("type: select, options: [{value: s, label: Small}]", "s", "s"),
    ("type: multiselect, options: [a, b, c]", ["c", "a"], ["c", "a"]),
    ("type: multiselect, options: [a, b, c]", ["a", "a"], ["a"]),
    ("type: date", "2026-03-31", "2026-03-31"),
    ("type: datetime", "2026-03-31T09:00:00Z", "2026-03-31T09:00:00+00:00"),
    ("type: datetime", "2026-03-31T09:00:00+02:00", "2026-03-31T09:00:00+02:00"),
    ("type: datetime", "2026-03-31T09:00", "2026-03-31T09:00:00+00:00"),
    ("type: email", "Ana@Desk.test", "Ana@desk.test"),
    ("type: user", "bo@desk.test", "bo"),
    ("type: user", "bo", "bo"),
    ("type: file", "f1", "f1"),
    ("type: file, multiple: true", ["f1", "f2"], ["f1", "f2"]),
    ("type: file, multiple: true", "f1", ["f1"]),
]


@pytest.mark.parametrize(("field", "given", "kept"), GOOD)
def test_a_value_that_fits_its_field_is_kept_as_that_type(field: str, given: Any, kept: Any) -> None:
    story = a_form(f"name: it, {field}").when(submits(BO, "details", it=given))
    assert story.status == "completed"
    assert story.run.outputs["details"] == {"it": kept, "outcome": "submitted"}
    assert type(story.run.outputs["details"]["it"]) is type(kept)


BAD: list[tuple[str, Any, str]] = [
    ("type: text", 5, "not_text"),
    ("type: text", "a\x00b", "not_text"),
    ("type: text", "\ud800", "not_text"),
    ("type: text, max_length: 3", "four", "too_long"),
    ("type: text, min_length: 3", "ab", "too_short"),
    ("type: text, pattern: '[A-Z]{3}-[0-9]+'", "abc-1", "pattern"),
    ("type: text, pattern: '[A-Z]{3}-[0-9]+'", "ABC-1 and more", "pattern"),
    ("type: text, pattern: 'a|b'", "ab", "pattern"),
    ("type: textarea", ["a"], "not_text"),
    ("type: number", "twelve", "not_a_number"),
    ("type: number", "1_000", "not_a_number"),
    ("type: number", True, "not_a_number"),
    ("type: number", float("nan"), "not_a_number"),
    ("type: number", float("inf"), "too_large"),
    ("type: number", 10**30, "too_large"),
    ("type: number", "9" * 30, "too_large"),
    ("type: number, minimum: 0", -1, "too_small"),
    ("type: number, maximum: 10", "10.5", "too_large"),
    ("type: checkbox", "yes", "not_a_boolean"),
    ("type: checkbox, required: true", False, "required"),
    ("type: select, options: [small, large]", "huge", "not_an_option"),
    ("type: select, options: [1, 2]", True, "not_an_option"),
    ("type: select, options: [a]", ["a"], "not_an_option"),
    ("type: multiselect, options: [a, b]", "a", "not_a_list"),
    ("type: multiselect, options: [a, b]", ["a", "z"], "not_an_option"),
    ("type: multiselect, options: [a, b], minimum: 2", ["a", "a"], "too_few"),
    ("type: multiselect, options: [a, b], maximum: 1", ["a", "b"], "too_many"),
    ("type: date", "31.3.2026", "not_a_date"),
    ("type: date", "2026-02-30", "not_a_date"),
    ("type: datetime", "tomorrow", "not_a_datetime"),
    ("type: email", "ana at desk", "not_an_email"),
    ("type: user", "zoe@desk.test", "unknown_user"),
    ("type: file", ["f1", "f2"], "too_many"),
    ("type: file", {"id": "f1"}, "not_a_file"),
]


@pytest.mark.parametrize(("field", "given", "code"), BAD)
def test_a_value_that_does_not_fit_is_refused(field: str, given: Any, code: str) -> None:
    refusal = a_form(f"name: it, {field}").refuses(submits(BO, "details", it=given))
    assert issues(refusal) == {"form_data.it": code}


@pytest.mark.parametrize("nothing", [None, "", "   ", []])
def test_a_required_field_needs_more_than_nothing(nothing: Any) -> None:
    story = a_form("name: it, type: text, label: The thing, required: true")
    refusal = story.refuses(submits(BO, "details", it=nothing))
    assert issues(refusal) == {"form_data.it": "required"}
    assert refusal.message == "The thing is required."


def test_every_bad_field_is_told_at_once_and_nothing_is_saved() -> None:
    story = a_form("name: a, type: number", "name: b, required: true", "name: c, type: date", "name: d")
    refusal = story.refuses(submits(BO, "details", a="x", c="y", d="fine", z=1))
    assert issues(refusal) == {
        "form_data.a": "not_a_number",
        "form_data.b": "required",
        "form_data.c": "not_a_date",
        "form_data.z": "unknown_field",
    }
    assert story.resting_at == ["details"]
    assert story.run.outputs == {}
    assert story.offered("details") == ("g-desk",)


def test_an_answer_without_form_data_is_refused() -> None:
    story = a_form("name: a")
    assert issues(story.refuses(completes(BO, "details"))) == {"form_data": "required"}
    assert issues(story.refuses(completes(BO, "details", form_data=[1]))) == {"form_data": "required"}


def test_a_field_that_is_not_required_may_be_left_out() -> None:
    story = a_form("name: a", "name: b, type: number").when(submits(BO, "details"))
    assert story.run.outputs["details"] == {"outcome": "submitted"}


def test_a_default_stands_in_for_what_is_left_out() -> None:
    story = a_form("name: a, default: usual, required: true").when(submits(BO, "details"))
    assert story.run.outputs["details"]["a"] == "usual"


def test_a_hidden_field_is_neither_required_nor_kept() -> None:
    story = a_form("name: other, type: checkbox", "name: which, required: true, show_if: {other: true}")
    story.when(submits(BO, "details", other=False, which="left over"))
    assert story.run.outputs["details"] == {"other": False, "outcome": "submitted"}


def test_a_field_that_shows_is_required_again() -> None:
    story = a_form("name: other, type: checkbox", "name: which, required: true, show_if: {other: true}")
    assert issues(story.refuses(submits(BO, "details", other=True))) == {"form_data.which": "required"}


def test_what_hangs_on_a_hidden_field_is_hidden_too() -> None:
    story = a_form(
        "name: a, type: checkbox",
        "name: b, type: checkbox, show_if: {a: true}",
        "name: c, required: true, show_if: {b: true}",
    )
    story.when(submits(BO, "details", a=False, b=True))
    assert story.status == "completed"


def test_a_field_may_hang_on_the_ticket() -> None:
    story = a_form("name: why, required: true, show_if: {ticket.priority: P1}")
    story.when(submits(BO, "details"))
    assert story.status == "completed"


def test_the_group_is_offered_the_form_and_told_of_it() -> None:
    story = a_form("name: a")
    assert story.offered("details") == ("g-desk",)
    assert story.told("work_offered") == [("bo", "cy", "dee")]
    assert [e.event for e in story.events] == ["run_started", "step_activated"]


def test_submitting_is_recorded_with_who_did_it() -> None:
    story = a_form("name: a").when(submits(CY, "details", a="x"))
    assert story.visit("details").completed_by == "cy"
    assert story.said("step_completed")[0].detail == "The details submitted by Cy"
    assert story.tables.inbox == {}


def form_for(assignee: str, ticket: dict[str, Any] | None = None) -> Story:
    return Story(f"""
steps:
  - {{id: details, type: form, {assignee} fields: [{{name: a}}]}}
""").starts(ticket=ticket)


def test_without_an_assignee_the_tickets_assignee_fills_it() -> None:
    assert form_for("", {"assignee": "cy"}).offered("details") == ("cy",)


def test_without_an_assignee_and_with_nobody_on_the_ticket_its_group_fills_it() -> None:
    assert form_for("").offered("details") == ("g-desk",)


def test_without_anybody_else_the_requester_fills_it() -> None:
    assert form_for("", {"group": None}).offered("details") == ("ana",)


@pytest.mark.parametrize("nobody", ["{group: empty}", "{group: gone}", "{user: zoe@desk.test}", "{assignee: true}"])
def test_a_form_for_nobody_is_an_incident_and_the_admins_work(nobody: str) -> None:
    story = form_for(f"assignee: {nobody},")
    assert story.incidents == ["nobody_responsible"]
    assert story.offered("details") == ("root",)
    assert story.when(submits(ROOT, "details")).status == "completed"


def test_the_requester_cannot_fill_what_was_offered_to_the_desk() -> None:
    assert a_form("name: a").refuses(submits(ANA, "details")).code == "not_yours"
