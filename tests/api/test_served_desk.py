"""The desk the other tests call answers, and knows who calls."""

from __future__ import annotations

from served_desk import Desk


def test_a_token_is_known_and_nobody_is_not(desk: Desk) -> None:
    for person in (desk.ana, desk.bo, desk.root, desk.zoe):
        assert desk.client(person).get("/api/v1/auth/me").json()["data"]["id"] == person.id
    assert desk.http.get("/api/v1/auth/me").status_code == 401
    assert desk.http.get("/readyz").json()["status"] == "ready"
