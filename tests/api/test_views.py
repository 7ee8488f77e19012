"""Views: one's own and the shared ones."""

from __future__ import annotations

from typing import Any

from served_desk import Desk, Person

VIEWS = "/api/v1/views"


def save(desk: Desk, person: Person, name: str, **more: Any) -> dict[str, Any]:
    body = {"name": name, "screen": "tickets", "filters": {"status": "open"}, **more}
    made = desk.client(person).post(VIEWS, json=body)
    assert made.status_code == 201, made.text
    return dict(made.json()["data"])


def names(desk: Desk, person: Person, **query: str) -> list[str]:
    return [v["name"] for v in desk.client(person).get(VIEWS, params=query).json()["data"]]


def test_views_are_ones_own_until_shared(desk: Desk) -> None:
    mine = save(desk, desk.bo, "Mine")
    shared = save(desk, desk.bo, "Ours", shared=True)
    save(desk, desk.bo, "Work", screen="inbox")
    assert names(desk, desk.bo) == ["Mine", "Ours", "Work"]
    assert names(desk, desk.bo, screen="inbox") == ["Work"]
    assert names(desk, desk.cy) == ["Ours"]
    cy = desk.client(desk.cy)
    assert cy.get(f"{VIEWS}/{mine['id']}").status_code == 404
    seen = cy.get(f"{VIEWS}/{shared['id']}").json()["data"]
    assert (seen["own"], seen["owner"]["name"], seen["filters"]) == (False, "Bo", {"status": "open"})


def test_only_the_owner_changes_a_view(desk: Desk) -> None:
    view = save(desk, desk.bo, "Ours", shared=True)
    path = f"{VIEWS}/{view['id']}"
    assert desk.client(desk.cy).patch(path, json={"name": "Cy's"}).status_code == 403
    assert desk.client(desk.cy).delete(path).status_code == 403
    changed = desk.client(desk.bo).patch(path, json={"filters": {"priority": ["P1"]}, "shared": False})
    assert (changed.json()["data"]["name"], changed.json()["data"]["filters"]) == ("Ours", {"priority": ["P1"]})
    assert desk.client(desk.cy).delete(path).status_code == 404
    assert desk.client(desk.bo).delete(path).status_code == 204
    assert desk.client(desk.bo).get(path).status_code == 404


def test_admins_remove_shared_views(desk: Desk) -> None:
    view = save(desk, desk.bo, "Ours", shared=True)
    assert desk.client(desk.root).delete(f"{VIEWS}/{view['id']}").status_code == 204


def test_requesters_share_nothing(sqlite_desk: Desk) -> None:
    ana = sqlite_desk.client(sqlite_desk.ana)
    assert ana.post(VIEWS, json={"name": "V", "screen": "tickets", "shared": True}).status_code == 403
    assert save(sqlite_desk, sqlite_desk.ana, "Mine")["shared"] is False


def test_views_are_found_by_name_and_filters_have_a_limit(sqlite_desk: Desk) -> None:
    for name in ("Mine", "Old", "Mind"):
        save(sqlite_desk, sqlite_desk.bo, name)
    assert names(sqlite_desk, sqlite_desk.bo, q="MIN", order="desc") == ["Mine", "Mind"]
    large = {"name": "V", "screen": "tickets", "filters": {"q": "x" * 20_001}}
    assert sqlite_desk.client(sqlite_desk.bo).post(VIEWS, json=large).status_code == 400
