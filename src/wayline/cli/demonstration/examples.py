"""Where the example templates and rules are: in the package when it was installed, beside the sources in a checkout."""

from __future__ import annotations

from pathlib import Path

import wayline

PACKAGE = Path(wayline.__file__).parent
RULES = "rules"
PLACES = (PACKAGE / "examples", PACKAGE.parents[1] / "examples")


class ExamplesMissing(FileNotFoundError):
    """Neither is there."""


def example_files(folder: str = "") -> list[Path]:
    """The files of templates, or those in a folder beside them (RULES), by name. Raises ExamplesMissing."""
    for place in PLACES:
        found = sorted((place / folder).glob("*.yaml"))
        if found:
            return found
    looked = " or in ".join(str(place / folder) for place in PLACES)
    raise ExamplesMissing(f"there are no examples in {looked}")
