"""Prints the figures that tests and benches left in target/figures.jsonl, the last one of each name."""

import json
import os
import pathlib
import sys

root = pathlib.Path(__file__).resolve().parent.parent
target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
path = target / "figures.jsonl"
if not path.exists():
    sys.exit("no figures were recorded")
figures = {}
for line in path.read_text().splitlines():
    if line.strip():
        figure = json.loads(line)
        figures[figure["name"]] = figure
width = max(map(len, figures), default=0)
print("figures")
for name in sorted(figures):
    value = figures[name]["value"]
    shown = f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    print(f"  {name:{width}}  {shown} {figures[name]['unit']}")
