"""Where the example templates are: in the package when it was installed, beside the sources in a checkout."""

from __future__ import annotations

from pathlib import Path

import wayline

PACKAGE = Path(wayline.__file__).parent
PLACES = (PACKAGE / "examples", PACKAGE.parents[1] / "examples")


class ExamplesMissing(FileNotFoundError):
    """Neither is there."""


def example_files() -> list[Path]:
    """The files, by name. Raises ExamplesMissing."""
    for place in PLACES:
        found = sorted(place.glob("*.yaml"))
        if found:
            return found
    raise ExamplesMissing(f"there are no example templates in {' or in '.join(map(str, PLACES))}")
