"""What runs and tickets went through cannot be rewritten without its showing: databases tampered with by SQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from driven_desk import SECRET, DrivenDesk, driven_desk

from wayline.core.commands import UpdateTicket
from wayline.drivers.recurring import ANCHORED_EVERY
from wayline.store import anchors, verification
from wayline.store.anchors import anchor_changes
from wayline.store.boundaries import keep_boundary
from wayline.store.tables import audit_anchors, runs, tickets, timeline, timeline_boundaries
from wayline.store.verification import Finding, Scope, Verified, verify

KEY = SECRET.encode()
FORM = {
    "id": "ask",
    "type": "form",
    "assignee": {"user": "bo@acme.example"},
    "fields": [{"name": "why", "type": "text"}],
    "next": "again",
}
STEPS = [FORM, {**FORM, "id": "again", "next": "last"}, {**FORM, "id": "last", "next": None}]


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[DrivenDesk]:
    with driven_desk(database_url, tmp_path) as driven:
        yield driven


class Recorded:
    """A run that has come to its end in four decisions, one that has not, and a ticket with some history."""

    def __init__(self, desk: DrivenDesk) -> None:
        self.desk = desk
        template_id = desk.publish(*STEPS)
        self.run_id, self.other_id = desk.start(template_id), desk.start(template_id)
        self.go_on("ask", "again", "last")
        desk.complete(desk.bo.actor, self.other_id, "ask", form_data={"why": "x"})
        self.ticket_id = desk.open_ticket()
        for priority in ("P1", "P2", "P4"):
            self.update_ticket(priority)

    def go_on(self, *steps: str) -> None:
        for step in steps:
            self.desk.complete(self.desk.bo.actor, self.run_id, step, form_data={"why": "x"})

    def update_ticket(self, priority: str) -> None:
        actor, changes = self.desk.bo.actor, {"priority": priority}
        command = UpdateTicket(tenant_id=self.desk.tenant_id, actor=actor, ticket_id=self.ticket_id, changes=changes)
        self.desk.submit(command)

    def rows(self, subject_id: str) -> list[Any]:
        return sorted(self.desk.rows(timeline, subject_id=subject_id), key=lambda row: row.seq)

    def row(self, table: sa.Table, subject_id: str) -> Any:
        (found,) = self.desk.rows(table, id=subject_id)
        return found

    def set_row(self, subject_id: str, seq: int, **values: Any) -> None:
        named = (timeline.c.subject_id == subject_id, timeline.c.seq == seq)
        self.desk.write(sa.update(timeline).where(*named).values(**values))

    def cut(self, subject_id: str, *seqs: int) -> None:
        self.desk.write(sa.delete(timeline).where(timeline.c.subject_id == subject_id, timeline.c.seq.in_(seqs)))

    def anchor(self) -> anchors.Anchor | None:
        with self.desk.wayline.database.writer.begin() as connection:
            at = self.desk.wayline.clock.now()
            return anchor_changes(connection, key=KEY, tenant_id=self.desk.tenant_id, at=at)


@pytest.fixture
def recorded(desk: DrivenDesk) -> Recorded:
    return Recorded(desk)


def findings(desk: DrivenDesk, *, key: bytes = KEY, **scope: Any) -> list[Finding]:
    verified = Verified()
    with desk.wayline.database.reader.connect() as connection:
        return list(verify(connection, key=key, scope=Scope(**scope), verified=verified))


def codes(found: list[Finding]) -> list[tuple[str, str, int | None]]:
    return [(finding.code, finding.subject_id, finding.seq) for finding in found]


# -- nothing has been touched ----------------------------------------------------------------------


def test_an_untouched_database_verifies(recorded: Recorded) -> None:
    verified = Verified()
    recorded.anchor()
    with recorded.desk.wayline.database.reader.connect() as connection:
        assert list(verify(connection, key=KEY, scope=Scope(), verified=verified)) == []
    assert verified.subjects == 3
    assert verified.rows == len(recorded.desk.rows(timeline)) == 10
    assert verified.anchors == 1


def test_it_verifies_however_little_is_read_at_a_time(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        recorded.anchor()
        recorded.update_ticket(f"P{1 + number % 4}")
    for limit in ("SUBJECTS_A_READ", "ROWS_A_READ"):
        monkeypatch.setattr(verification, limit, 1)
    monkeypatch.setattr(anchors, "ANCHORS_A_READ", 1)
    assert findings(recorded.desk) == []
    recorded.cut(recorded.run_id, recorded.rows(recorded.run_id)[1].seq)
    assert [finding.code for finding in findings(recorded.desk)] == ["missing"]


def test_with_another_key_nothing_fits(recorded: Recorded) -> None:
    found = findings(recorded.desk, key=b"another key")
    assert {finding.code for finding in found} == {"changed"}
    assert len(found) == 10


# -- rows ------------------------------------------------------------------------------------------


def test_an_event_that_was_edited_is_named(recorded: Recorded) -> None:
    row = recorded.rows(recorded.run_id)[1]
    said = msgspec.msgpack.decode(row.events)
    said[0]["detail"] = "Nothing happened here"
    recorded.set_row(recorded.run_id, row.seq, events=msgspec.msgpack.encode(said))
    (finding,) = findings(recorded.desk)
    assert (finding.code, finding.subject, finding.subject_id, finding.seq) == (
        "changed",
        "run",
        recorded.run_id,
        row.seq,
    )
    assert finding.tenant_id == recorded.desk.tenant_id


@pytest.mark.parametrize("column", ["actor_id", "at", "events", "hash"])
def test_every_column_of_a_row_counts(recorded: Recorded, column: str) -> None:
    row = recorded.rows(recorded.ticket_id)[2]
    other: dict[str, Any] = {
        "actor_id": recorded.desk.cy.id,
        "at": row.at - timedelta(microseconds=1),
        "events": b"\xc1",
        "hash": b"x" * 32,
    }
    recorded.set_row(recorded.ticket_id, row.seq, **{column: other[column]})
    found = codes(findings(recorded.desk))
    assert found[0] == ("changed", recorded.ticket_id, row.seq)
    assert {subject for _, subject, _ in found} == {recorded.ticket_id}
    assert len(found) == (2 if column == "hash" else 1)


def test_somebody_who_did_nothing_is_not_made_the_actor(recorded: Recorded) -> None:
    row = recorded.rows(recorded.run_id)[0]
    recorded.set_row(recorded.run_id, row.seq, actor_id=None)
    assert codes(findings(recorded.desk)) == [("changed", recorded.run_id, row.seq)]


def test_a_row_that_was_cut_out_of_the_middle_is_named(recorded: Recorded) -> None:
    _, second, third, _ = recorded.rows(recorded.run_id)
    recorded.cut(recorded.run_id, second.seq)
    (finding,) = findings(recorded.desk)
    assert (finding.code, finding.subject_id, finding.seq) == ("missing", recorded.run_id, second.seq)
    assert f"{second.seq} to {third.seq - 1}" in finding.message


def test_a_beginning_that_was_cut_off_is_named(recorded: Recorded) -> None:
    first = recorded.rows(recorded.ticket_id)[0]
    recorded.cut(recorded.ticket_id, first.seq)
    assert codes(findings(recorded.desk)) == [("missing", recorded.ticket_id, 0)]


def test_an_end_that_was_cut_off_is_named(recorded: Recorded) -> None:
    third = recorded.rows(recorded.ticket_id)[2]
    recorded.cut(recorded.ticket_id, third.seq, third.seq + 1)
    assert codes(findings(recorded.desk)) == [("cut_off", recorded.ticket_id, third.seq)]


@pytest.mark.parametrize("kind", ["run", "ticket"])
def test_an_end_that_was_cut_off_shows_with_the_head_set_back_too(recorded: Recorded, kind: str) -> None:
    table, subject_id = (runs, recorded.run_id) if kind == "run" else (tickets, recorded.ticket_id)
    *_, before, last = recorded.rows(subject_id)
    recorded.cut(subject_id, last.seq)
    recorded.desk.write(sa.update(table).where(table.c.id == subject_id).values(timeline_head=before.hash))
    assert codes(findings(recorded.desk)) == [("cut_off", subject_id, last.seq)]


def test_two_rows_that_changed_places_show(recorded: Recorded) -> None:
    _, one, two, _ = recorded.rows(recorded.ticket_id)
    said = ("at", "actor_id", "events")
    recorded.set_row(recorded.ticket_id, one.seq, **{name: getattr(two, name) for name in said})
    recorded.set_row(recorded.ticket_id, two.seq, **{name: getattr(one, name) for name in said})
    assert codes(findings(recorded.desk)) == [
        ("changed", recorded.ticket_id, one.seq),
        ("changed", recorded.ticket_id, two.seq),
    ]


def test_a_row_that_was_put_in_shows(recorded: Recorded) -> None:
    last = recorded.rows(recorded.run_id)[-1]
    forged = {**last._mapping, "seq": last.seq + 50}
    recorded.desk.write(sa.insert(timeline).values(**forged))
    assert findings(recorded.desk)[0].code == "missing"


def test_a_row_of_another_run_does_not_fit(recorded: Recorded) -> None:
    mine, theirs = recorded.rows(recorded.run_id)[1], recorded.rows(recorded.other_id)[1]
    values = {name: getattr(theirs, name) for name in ("at", "actor_id", "events", "hash")}
    recorded.set_row(recorded.run_id, mine.seq, **values)
    assert codes(findings(recorded.desk))[0] == ("changed", recorded.run_id, mine.seq)


def test_a_row_given_to_another_tenant_shows(recorded: Recorded) -> None:
    row = recorded.rows(recorded.run_id)[1]
    recorded.set_row(recorded.run_id, row.seq, tenant_id=recorded.desk.zed_id)
    assert codes(findings(recorded.desk)) == [("moved", recorded.run_id, row.seq)]


def test_a_whole_timeline_that_was_deleted_shows(recorded: Recorded) -> None:
    recorded.desk.write(sa.delete(timeline).where(timeline.c.subject_id == recorded.run_id))
    (finding,) = findings(recorded.desk)
    assert (finding.code, finding.subject_id, finding.seq) == ("removed", recorded.run_id, 0)


def test_a_run_that_was_deleted_leaves_its_timeline_behind(recorded: Recorded) -> None:
    recorded.desk.write(sa.delete(runs).where(runs.c.id == recorded.run_id))
    assert codes(findings(recorded.desk)) == [("orphaned", recorded.run_id, 0)]


def test_a_head_that_was_changed_shows(recorded: Recorded) -> None:
    changed = sa.update(tickets).where(tickets.c.id == recorded.ticket_id).values(timeline_head=b"h" * 32)
    recorded.desk.write(changed)
    assert [(f.code, f.subject_id) for f in findings(recorded.desk)] == [("head_changed", recorded.ticket_id)]


# -- anchors ---------------------------------------------------------------------------------------


def test_a_run_that_was_deleted_wholly_shows_by_the_anchor(recorded: Recorded) -> None:
    recorded.anchor()
    last = recorded.rows(recorded.run_id)[-1]
    recorded.desk.write(sa.delete(timeline).where(timeline.c.subject_id == recorded.run_id))
    recorded.desk.write(sa.delete(runs).where(runs.c.id == recorded.run_id))
    (finding,) = findings(recorded.desk)
    assert (finding.code, finding.subject_id, finding.seq) == ("deleted", recorded.run_id, last.seq)
    assert "anchor 1" in finding.message


def test_a_run_put_back_with_rows_head_and_state_shows_by_the_anchor(desk: DrivenDesk) -> None:
    template_id = desk.publish(*STEPS)
    run_id = desk.start(template_id)
    old_rows, (old_run,) = desk.rows(timeline, subject_id=run_id), desk.rows(runs, id=run_id)
    desk.complete(desk.bo.actor, run_id, "ask", form_data={"why": "x"})
    desk.pass_time(hours=1)
    desk.do_recurring()
    seq = max(row.seq for row in desk.rows(timeline, subject_id=run_id))
    for table, column in ((timeline, timeline.c.subject_id), (runs, runs.c.id)):
        desk.write(sa.delete(table).where(column == run_id))
    desk.write(sa.insert(runs).values(**old_run._mapping))
    for row in old_rows:
        desk.write(sa.insert(timeline).values(**row._mapping))
    assert codes(findings(desk)) == [("rolled_back", run_id, seq)]


def test_once_a_day_what_has_changed_is_anchored_and_nothing_else(desk: DrivenDesk) -> None:
    recorded = Recorded(desk)
    desk.do_recurring()
    (first,) = desk.rows(audit_anchors)
    assert first.subjects == 3
    recorded.update_ticket("P1")
    desk.pass_time(seconds=ANCHORED_EVERY.total_seconds() / 2)
    desk.do_recurring()
    assert len(desk.rows(audit_anchors)) == 1
    desk.pass_time(seconds=ANCHORED_EVERY.total_seconds() / 2 + 1)
    desk.do_recurring()
    second = next(row for row in desk.rows(audit_anchors) if row.number == 2)
    assert second.subjects == 1
    (head,) = anchors.Anchor(**second._mapping).named()
    assert head.subject_id == recorded.ticket_id
    assert head.hash == recorded.row(tickets, recorded.ticket_id).timeline_head
    desk.pass_time(seconds=ANCHORED_EVERY.total_seconds() + 1)
    desk.do_recurring()
    assert len(desk.rows(audit_anchors)) == 2
    assert findings(desk) == []


def test_a_decision_after_the_anchor_is_anchored_the_next_time(recorded: Recorded) -> None:
    assert recorded.anchor() is not None
    assert recorded.row(runs, recorded.other_id).anchored
    recorded.desk.complete(recorded.desk.bo.actor, recorded.other_id, "again", form_data={"why": "y"})
    assert not recorded.row(runs, recorded.other_id).anchored
    anchor = recorded.anchor()
    assert anchor is not None
    assert [head.subject_id for head in anchor.named()] == [recorded.other_id]
    assert recorded.anchor() is None


def test_more_than_one_anchor_holds_is_anchored_in_two(recorded: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchors, "MAX_SUBJECTS", 2)
    recorded.desk.do_recurring()
    assert sorted(row.subjects for row in recorded.desk.rows(audit_anchors)) == [1, 2]
    assert findings(recorded.desk) == []


def test_an_anchor_that_was_changed_shows(recorded: Recorded) -> None:
    recorded.anchor()
    (row,) = recorded.desk.rows(audit_anchors)
    kept = [head for head in msgspec.msgpack.decode(row.heads) if head[0] != uuid.UUID(recorded.run_id).bytes]
    recorded.desk.write(sa.update(audit_anchors).values(heads=msgspec.msgpack.encode(kept)))
    tenant_id = recorded.desk.tenant_id
    assert codes(findings(recorded.desk)) == [("anchor_changed", f"{tenant_id}:1", 1)]
    recorded.desk.write(sa.update(audit_anchors).values(heads=b"nonsense"))
    assert codes(findings(recorded.desk)) == [("anchor_changed", f"{tenant_id}:1", 1)]


def test_an_anchor_that_was_cut_out_shows(recorded: Recorded) -> None:
    for priority in ("P1", "P2", "P3"):
        recorded.update_ticket(priority)
        recorded.anchor()
    recorded.desk.write(sa.delete(audit_anchors).where(audit_anchors.c.number == 2))
    assert codes(findings(recorded.desk)) == [("anchor_missing", f"{recorded.desk.tenant_id}:2", 2)]


def test_a_run_that_goes_on_while_others_are_anchored_is_not_waited_for(desk: DrivenDesk) -> None:
    """What one transaction holds another leaves for later; on SQLite there is never another."""
    recorded = Recorded(desk)
    if desk.wayline.database.is_sqlite:
        assert recorded.anchor() is not None
        return
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.select(runs.c.id).where(runs.c.id == recorded.run_id).with_for_update())
        anchor = recorded.anchor()
        assert anchor is not None
        assert recorded.run_id not in {head.subject_id for head in anchor.named()}
    anchor = recorded.anchor()
    assert anchor is not None
    assert {head.subject_id for head in anchor.named()} == {recorded.run_id}


# -- a part of it, and boundaries ------------------------------------------------------------------


def test_one_run_or_one_tenant_is_verified_alone(recorded: Recorded) -> None:
    recorded.anchor()
    row = recorded.rows(recorded.run_id)[1]
    recorded.set_row(recorded.run_id, row.seq, actor_id=None)
    desk = recorded.desk
    wrong = [("changed", recorded.run_id, row.seq)]
    assert codes(findings(desk, subject_id=recorded.run_id)) == wrong
    assert findings(desk, subject_id=recorded.other_id) == []
    assert codes(findings(desk, tenant_id=desk.tenant_id)) == wrong
    assert findings(desk, tenant_id=desk.zed_id) == []


def prune(recorded: Recorded, subject_id: str, seq: int, **forged: Any) -> None:
    """Remove the rows before `seq`, as whoever prunes does."""
    rows = [row for row in recorded.rows(subject_id) if row.seq < seq]
    with recorded.desk.wayline.database.writer.begin() as connection:
        keep_boundary(
            connection,
            **{
                "key": KEY,
                "tenant_id": recorded.desk.tenant_id,
                "subject_id": subject_id,
                "seq": seq,
                "hash_before": rows[-1].hash,
                "at": recorded.desk.wayline.clock.now(),
                **forged,
            },
        )
    recorded.cut(subject_id, *(row.seq for row in rows))


def test_what_was_pruned_up_to_its_boundary_verifies(recorded: Recorded) -> None:
    recorded.anchor()
    third = recorded.rows(recorded.run_id)[2]
    prune(recorded, recorded.run_id, third.seq)
    assert findings(recorded.desk) == []
    last = recorded.rows(recorded.run_id)[-1]
    recorded.set_row(recorded.run_id, last.seq, actor_id=None)
    assert codes(findings(recorded.desk)) == [("changed", recorded.run_id, last.seq)]


def test_what_was_pruned_wholly_verifies_with_and_without_its_run(recorded: Recorded) -> None:
    recorded.anchor()
    (row,) = [row for row in recorded.desk.rows(runs) if row.id == recorded.run_id]
    end = verification._seq_of(row.state)
    prune(recorded, recorded.run_id, end)
    assert findings(recorded.desk) == []
    recorded.desk.write(sa.delete(runs).where(runs.c.id == recorded.run_id))
    assert findings(recorded.desk) == []


def test_a_cut_further_than_the_boundary_shows(recorded: Recorded) -> None:
    second = recorded.rows(recorded.run_id)[1]
    prune(recorded, recorded.run_id, second.seq)
    recorded.cut(recorded.run_id, second.seq)
    assert codes(findings(recorded.desk)) == [("missing", recorded.run_id, second.seq)]


def test_a_boundary_that_nobody_here_wrote_hides_nothing(recorded: Recorded) -> None:
    third = recorded.rows(recorded.run_id)[2]
    prune(recorded, recorded.run_id, third.seq, key=b"a key that was guessed")
    assert [finding.code for finding in findings(recorded.desk)] == ["boundary_forged", "missing"]


def test_a_boundary_moved_to_another_run_hides_nothing(recorded: Recorded) -> None:
    prune(recorded, recorded.other_id, recorded.rows(recorded.other_id)[1].seq)
    recorded.desk.write(sa.update(timeline_boundaries).values(subject_id=recorded.run_id))
    found = {(finding.code, finding.subject_id) for finding in findings(recorded.desk)}
    assert ("boundary_forged", recorded.run_id) in found
    assert ("missing", recorded.other_id) in found
