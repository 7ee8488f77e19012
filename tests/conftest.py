"""Fixtures every test may use. What they hand out is real: see `services.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import PostgresqlCluster, SharedServices, SmtpServer, running_smtp_server

CHECKOUT = Path(__file__).resolve().parents[1]
SHARED = pytest.StashKey[SharedServices]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin the session's services, or, in an xdist worker, join those the controller has begun."""
    workerinput = getattr(config, "workerinput", None)
    if workerinput is None:
        config.stash[SHARED] = SharedServices.begin()
    else:
        config.stash[SHARED] = SharedServices(directory=Path(workerinput["shared_services"]))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a new xdist worker where the session's services are."""
    node.workerinput["shared_services"] = str(node.config.stash[SHARED].directory)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the services, in the process that began them."""
    if not hasattr(config, "workerinput"):
        config.stash[SHARED].end()


@pytest.fixture(scope="session")
def shared_services(pytestconfig: pytest.Config) -> SharedServices:
    return pytestconfig.stash[SHARED]


@pytest.fixture(scope="session")
def postgresql_cluster(shared_services: SharedServices) -> PostgresqlCluster:
    """The one PostgreSQL cluster of the session, started when a test first asks for it."""
    return shared_services.postgresql()


@pytest.fixture
def sqlite_url(shared_services: SharedServices, tmp_path: Path) -> str:
    """The address of a fresh SQLite database: newest schema, no rows."""
    return shared_services.new_sqlite_database(tmp_path / "wayline.db", migrated=True)


@pytest.fixture
def postgresql_url(shared_services: SharedServices) -> Iterator[str]:
    """The address of a fresh PostgreSQL database: newest schema, no rows."""
    url = shared_services.new_postgresql_database(migrated=True)
    yield url
    shared_services.drop_postgresql_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh migrated database, once on each engine. What holds on one must hold on the other."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
def bare_sqlite_url(shared_services: SharedServices, tmp_path: Path) -> str:
    """The address of an SQLite database nothing was ever migrated in."""
    return shared_services.new_sqlite_database(tmp_path / "bare.db", migrated=False)


@pytest.fixture
def bare_postgresql_url(shared_services: SharedServices) -> Iterator[str]:
    """The address of a PostgreSQL database nothing was ever migrated in."""
    url = shared_services.new_postgresql_database(migrated=False)
    yield url
    shared_services.drop_postgresql_database(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_database_url(request: pytest.FixtureRequest) -> str:
    """A database without a schema, once on each engine: what a migration starts from."""
    return request.getfixturevalue(f"bare_{request.param}_url")


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """A mail server on a free port that keeps what it is sent."""
    with running_smtp_server() as server:
        yield server


@pytest.fixture(scope="session")
def helpdesk() -> Path:
    """The help-desk log. A machine without it fails: a skipped promise is a broken one."""
    folder = Path(os.environ.get("WAYLINE_TEST_DATA") or CHECKOUT.parent / "shared" / "data")
    path = folder / "helpdesk.xes.gz"
    if not path.is_file():
        pytest.fail(f"{path} is missing; set WAYLINE_TEST_DATA to the folder that has it")
    return path
