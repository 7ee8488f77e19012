"""A draft is a working copy beside the published version; it may have errors, publishing it may not."""

from __future__ import annotations

from templates_at_a_desk import TEMPLATES, broken, created, issues, laptop, one_form, started

from served_desk import Desk


def test_a_template_may_begin_as_a_draft_with_errors(desk: Desk) -> None:
    made = created(desk, broken(), is_active=False)
    assert (made["status"], made["version"], made["is_active"], made["has_draft"]) == ("draft", 0, False, True)
    assert "unknown_target" in [p["code"] for p in made["problems"]]
    client = desk.client(desk.root)
    assert client.post("/api/v1/workflows/instantiate", json={"template_id": made["id"]}).status_code == 404
    draft = client.get(f"{TEMPLATES}/{made['id']}/draft").json()["data"]
    assert draft["definition"] == broken()
    assert (draft["revision"], draft["sound"]) == (1, False)
    assert "unknown_target" in [p["code"] for p in draft["problems"]]


def test_a_draft_may_be_next_to_nothing(desk: Desk) -> None:
    made = created(desk, {}, is_active=False)
    assert (made["name"], made["step_count"]) == ("Untitled", 0)
    client = desk.client(desk.root)
    saved = client.put(f"{TEMPLATES}/{made['id']}/draft", json={"name": 7, "steps": "later", "trigger": [1]})
    assert saved.status_code == 200, saved.text
    assert client.get(f"{TEMPLATES}/{made['id']}").json()["data"]["name"] == "Untitled"


def test_publishing_a_draft_makes_it_active(desk: Desk) -> None:
    made = created(desk, laptop(), is_active=False)
    answer = desk.client(desk.dee).post(f"{TEMPLATES}/{made['id']}/publish", json={"note": "First"})
    after = answer.json()["data"]
    assert (after["status"], after["version"], after["is_active"], after["draft"]) == ("published", 1, True, None)
    started(desk, made["id"])


def test_activating_a_draft_publishes_it(desk: Desk) -> None:
    made = created(desk, laptop(), is_active=False)
    client = desk.client(desk.root)
    on = client.put(f"{TEMPLATES}/{made['id']}", json={"is_active": True}).json()["data"]
    assert (on["status"], on["version"], on["draft"]) == ("published", 1, None)
    bad = created(desk, broken(), is_active=False)
    refused = client.put(f"{TEMPLATES}/{bad['id']}", json={"is_active": True})
    assert ("steps[0].next", "unknown_target") in issues(refused)


def test_a_draft_with_errors_is_not_published(desk: Desk) -> None:
    made = created(desk, broken(), is_active=False)
    client = desk.client(desk.root)
    refused = client.post(f"{TEMPLATES}/{made['id']}/publish", json={})
    assert ("steps[0].next", "unknown_target") in issues(refused)
    seen = client.get(f"{TEMPLATES}/{made['id']}").json()["data"]
    assert (seen["status"], seen["version"], seen["revision"]) == ("draft", 0, 1)


def test_a_draft_beside_a_version_changes_nothing_until_it_is_published(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.root)
    url = f"{TEMPLATES}/{made['id']}"
    assert client.get(f"{url}/draft").status_code == 404
    saved = client.put(f"{url}/draft", json=laptop(name="Laptops", steps=broken()["steps"])).json()["data"]
    assert saved["revision"] == 2
    assert "unknown_target" in [p["code"] for p in saved["problems"]]
    seen = client.get(url).json()["data"]
    assert (seen["name"], seen["definition"], seen["version"]) == ("Laptop request", laptop(), 1)
    assert seen["draft"] == laptop(name="Laptops", steps=broken()["steps"])
    assert seen["problems"] == []
    again = client.put(f"{url}/draft", json=client.get(f"{url}/draft").json()["data"]).json()["data"]
    assert again["definition"] == seen["draft"]
    assert started(desk, made["id"])["template_version"] == 1
    client.put(f"{url}/draft", json=laptop(name="Laptops"))
    after = client.post(f"{url}/publish", json={}).json()["data"]
    assert (after["name"], after["version"], after["draft"]) == ("Laptops", 2, None)


def test_a_draft_stays_when_the_published_version_is_changed(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.root)
    url = f"{TEMPLATES}/{made['id']}"
    client.put(f"{url}/draft", json=laptop(name="Draft"))
    after = client.put(url, json={"name": "Changed"}).json()["data"]
    assert (after["version"], after["name"], after["draft"]["name"]) == (2, "Changed", "Draft")


def test_dropping_a_draft_leaves_the_published_version(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.root)
    url = f"{TEMPLATES}/{made['id']}"
    client.put(f"{url}/draft", json=laptop(name="Draft"))
    assert client.delete(f"{url}/draft").status_code == 204
    assert client.delete(f"{url}/draft").status_code == 404
    assert client.get(url).json()["data"]["definition"] == laptop()
    only = created(desk, one_form(), is_active=False)
    refused = client.delete(f"{TEMPLATES}/{only['id']}/draft")
    assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (409, "only_a_draft")


def test_there_must_be_something_to_publish(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.root)
    url = f"{TEMPLATES}/{made['id']}"
    assert client.post(f"{url}/publish", json={}).status_code == 409
    client.put(f"{url}/draft", json=laptop())
    refused = client.post(f"{url}/publish", json={})
    assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (409, "no_draft")


def test_two_people_do_not_overwrite_each_others_draft(desk: Desk) -> None:
    made = created(desk, laptop())
    root, dee = desk.client(desk.root), desk.client(desk.dee)
    url = f"{TEMPLATES}/{made['id']}"
    seen = root.get(url).headers["etag"]
    first = root.put(f"{url}/draft", json=laptop(name="Root’s"), headers={"If-Match": seen})
    second = dee.put(f"{url}/draft", json=laptop(name="Dee’s"), headers={"If-Match": seen})
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["error"]["details"]["revision"] == 2
    for answer in (
        dee.post(f"{url}/publish", json={}, headers={"If-Match": seen}),
        dee.delete(f"{url}/draft", headers={"If-Match": seen}),
    ):
        assert answer.status_code == 409
    assert dee.get(f"{url}/draft").json()["data"]["definition"]["name"] == "Root’s"
    assert dee.post(f"{url}/publish", json={}, headers={"If-Match": first.headers["etag"]}).status_code == 200


def test_the_name_of_a_draft_is_the_templates_until_there_is_a_version(desk: Desk) -> None:
    made = created(desk, one_form("First"), is_active=False)
    client = desk.client(desk.root)
    client.put(f"{TEMPLATES}/{made['id']}/draft", json=one_form("Second", description="What it is"))
    listed = client.get(TEMPLATES).json()["data"][0]
    assert (listed["name"], listed["description"]) == ("Second", "What it is")


def test_a_draft_that_is_checked_is_not_its_own_namesake(desk: Desk) -> None:
    made = created(desk, laptop())
    client = desk.client(desk.dee)
    codes = {
        named: [p["code"] for p in client.post(f"{TEMPLATES}/check", json=body).json()["data"]["problems"]]
        for named, body in (
            ("nobody", {"definition": laptop()}),
            ("itself", {"definition": laptop(), "template_id": made["id"]}),
            ("another", {"definition": laptop(), "template_id": desk.tenant_id}),
        )
    }
    assert "duplicate_name" in codes["nobody"]
    assert "duplicate_name" in codes["another"]
    assert "duplicate_name" not in codes["itself"]
    assert client.post(f"{TEMPLATES}/check", json={"definition": {}, "template_id": "7"}).status_code == 400
