"""Notices: to a person and to their groups, each member reading for themselves."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from served_desk import Desk, Person
from wayline.store.database import new_id
from wayline.store.tables import notifications

NOTICES = "/api/v1/notifications"


def tell(desk: Desk, audience_id: str, title: str, tenant_id: str | None = None) -> str:
    notice_id = new_id()
    desk.wayline.clock.advance(1)
    row = {
        "id": notice_id,
        "tenant_id": tenant_id or desk.tenant_id,
        "audience_id": audience_id,
        "kind": "work_offered",
        "title": title,
        "body": "",
        "created_at": desk.wayline.clock.now(),
    }
    with desk.wayline.database.writer.begin() as connection:
        connection.execute(sa.insert(notifications).values(row))
    return notice_id


def seen(desk: Desk, person: Person, **query: str) -> tuple[list[tuple[str, bool]], int]:
    answer = desk.client(person).get(NOTICES, params=query).json()
    return [(n["title"], n["read"]) for n in answer["data"]], answer["meta"]["unread"]


def read(desk: Desk, person: Person, **what: Any) -> dict[str, int]:
    desk.wayline.clock.advance(1)
    answer = desk.client(person).post(f"{NOTICES}/read", json=what)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def test_one_sees_what_oneself_and_ones_groups_were_told(desk: Desk) -> None:
    tell(desk, desk.bo.id, "To Bo")
    tell(desk, desk.service_desk_id, "To the desk")
    tell(desk, desk.root.id, "To Root")
    assert seen(desk, desk.bo) == ([("To the desk", False), ("To Bo", False)], 2)
    assert seen(desk, desk.cy) == ([("To the desk", False)], 1)
    assert seen(desk, desk.ana) == ([], 0)


def test_each_member_reads_for_themselves(desk: Desk) -> None:
    first = tell(desk, desk.service_desk_id, "First")
    tell(desk, desk.service_desk_id, "Second")
    own = tell(desk, desk.bo.id, "Own")
    assert read(desk, desk.bo, ids=[first, own, new_id()]) == {"marked": 2, "unread": 1}
    assert read(desk, desk.bo, ids=[first]) == {"marked": 0, "unread": 1}
    assert seen(desk, desk.bo) == ([("Own", True), ("Second", False), ("First", True)], 1)
    assert seen(desk, desk.bo, unread="true") == ([("Second", False)], 1)
    assert seen(desk, desk.cy)[1] == 2


def test_all_are_read_until_something_new_comes(desk: Desk) -> None:
    tell(desk, desk.service_desk_id, "First")
    tell(desk, desk.bo.id, "Own")
    assert read(desk, desk.bo, all=True) == {"marked": 2, "unread": 0}
    tell(desk, desk.service_desk_id, "Second")
    assert seen(desk, desk.bo) == ([("Second", False), ("Own", True), ("First", True)], 1)


def test_reading_the_last_one_leaves_no_marks_behind(desk: Desk) -> None:
    first, second = (tell(desk, desk.service_desk_id, name) for name in ("First", "Second"))
    assert read(desk, desk.bo, ids=[first]) == {"marked": 1, "unread": 1}
    assert read(desk, desk.bo, ids=[second]) == {"marked": 1, "unread": 0}
    assert seen(desk, desk.bo) == ([("Second", True), ("First", True)], 0)
    tell(desk, desk.service_desk_id, "Third")
    assert seen(desk, desk.bo)[1] == 1


def test_what_others_were_told_cannot_be_marked(desk: Desk) -> None:
    notice = tell(desk, desk.root.id, "To Root")
    foreign = tell(desk, desk.zack.id, "To Zack", desk.zed_id)
    assert read(desk, desk.bo, ids=[notice, foreign, "nonsense"]) == {"marked": 0, "unread": 0}
    assert seen(desk, desk.root)[1] == 1
    assert seen(desk, desk.zack)[1] == 1


def test_some_or_all_have_to_be_named(sqlite_desk: Desk) -> None:
    client = sqlite_desk.client(sqlite_desk.bo)
    for body in ({}, {"ids": [], "all": True}, {"all": False}):
        assert client.post(f"{NOTICES}/read", json=body).status_code == 400


def test_notices_come_in_pages(desk: Desk) -> None:
    for number in range(5):
        tell(desk, desk.bo.id, str(number))
    answer = desk.client(desk.bo).get(NOTICES, params={"limit": 2, "page": 2}).json()
    assert [n["title"] for n in answer["data"]] == ["2", "1"]
    assert answer["meta"] == {"total": 5, "page": 2, "limit": 2, "total_pages": 3, "unread": 5}
