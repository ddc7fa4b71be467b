"""Writes the table of features into the README, from what the registry says: `python docs/features.py`."""

from __future__ import annotations

from pathlib import Path

from gatewaymw.cli.features import markdown
from gatewaymw.core.providers import PROVIDERS

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- features: python docs/features.py -->\n", "<!-- /features -->\n"


def written(text: str) -> str:
    """The text, with the table as it is now between its two marks."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    rows = "\n".join(markdown(PROVIDERS[name] for name in sorted(PROVIDERS)))
    return f"{before}{BEGIN}{rows}\n{END}{after}"


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
