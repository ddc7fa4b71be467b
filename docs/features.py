"""Writes the table of features into the README, from what the registry says: `python docs/features.py`.

It shows those that docs/parameters.md has columns for; docs/providers.md has all.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from gatewaymw.cli.features import markdown
from gatewaymw.core.providers import PROVIDERS

README = Path(__file__).parents[1] / "README.md"
HEADLINE = runpy.run_path(str(Path(__file__).with_name("parameters.py")))["HEADLINE"]
BEGIN, END = "<!-- features: python docs/features.py -->\n", "<!-- /features -->\n"


def written(text: str) -> str:
    """The text, with the table as it is now between its two marks."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    rows = "\n".join(markdown(PROVIDERS[name] for name in sorted(HEADLINE)))
    return f"{before}{BEGIN}{rows}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
