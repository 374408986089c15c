#!/usr/bin/env bash
# Whether the planner finds the stack that documents state, or that none of the five fits.
#
#   benches/stacks.sh FOLDER [LABELS]
#
# FOLDER  the documents that LABELS (benches/data/stacks.tsv) names. A file of tasks, one JSON object a line, is read as the
#         list of their descriptions.
set -euo pipefail
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
labels=${2:-benches/data/stacks.tsv}

cargo=${CARGO:-cargo}
$cargo build --quiet --package aipipe --package aipipe-benches --example plan --bin figures
programs=${CARGO_TARGET_DIR:-target}/debug
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

right=0 total=0
while IFS=$'\t' read -r file wanted; do
  case $file in ''|'#'*) continue ;; esac
  if [ ! -e "$folder/$file" ]; then
    echo "stacks.sh: $file is not in $folder" >&2
    exit 2
  fi
  document=$work/$(basename "$file")
  case $file in
    *.jsonl)
      document=$work/tasks.md
      python3 -c 'import json, sys
print("# Tasks\n")
for line in sys.stdin:
    if line.strip():
        print("-", " ".join(json.loads(line)["description"].split()))' <"$folder/$file" >"$document"
      ;;
    *) cp "$folder/$file" "$document" ;;
  esac
  said=$("$programs/examples/plan" --json "$document" 2>"$work/errors" || true)
  found=$(python3 -c 'import json, sys
text = sys.stdin.read()
if not text.strip():
    print("failed")
else:
    value = json.loads(text)
    print(value["decision"]["stack"] if "decision" in value else value.get("stack", "none"))' <<<"$said")
  if [ "$found" = failed ] && grep -q 'ask for nothing' "$work/errors"; then found='asks for nothing'; fi
  total=$((total + 1))
  if [ "$found" = "$wanted" ]; then right=$((right + 1)); else echo "$file: $found, and it is $wanted"; fi
done <"$labels"
echo "$right of $total stacks are right"
"$programs/figures" planner.stack_right "$right" stacks
"$programs/figures" planner.stack_total "$total" stacks
