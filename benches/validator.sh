#!/usr/bin/env bash
# The validator's figures: time for 1,000 files and for an edit; beside tsc and dependency-cruiser on the same tree in the same
# run; and, where a corpus is given, what it finds of labelled faults.
#
#   benches/validator.sh [--corpus DIR] [--unseen DIR]
#
# --corpus DIR  pristine projects with variants.jsonl (see validator-corpus); without the file it is made with
#               DIR/mutate.py or $MUTATE, a fault injector called as `mutate.py generate` with CORPUS=DIR.
# --unseen DIR  one folder a project; its errors are counted, and judging them is the reader's: those listed in
#               DIR/true-errors.txt (as `project file:line rule`) are not counted as false.
# Needs Node and npm. CPU seconds are compared, because they do not depend on what else the machine does.
set -euo pipefail
cd "$(dirname "$0")/.."

corpus="" unseen=""
while [ $# -gt 0 ]; do
  case $1 in
    --corpus) corpus=$2 ;;
    --unseen) unseen=$2 ;;
    *) echo "validator.sh: unknown argument $1" >&2; exit 2 ;;
  esac
  shift 2
done

cargo=${CARGO:-cargo}
$cargo build --release --quiet --package aipipe --package aipipe-benches --example validate --bins
target=${CARGO_TARGET_DIR:-target}
programs=$target/release
figure() { "$programs/figures" "$1" "$2" "$3"; }

"$programs/validator-speed" measure

# The peers, at fixed versions, in a folder of their own.
peers=$target/validator-peers
if [ ! -x "$peers/node_modules/.bin/depcruise" ]; then
  mkdir -p "$peers"
  echo '{ "private": true }' >"$peers/package.json"
  npm install --prefix "$peers" --ignore-scripts --no-audit --no-fund --silent typescript@6.0.3 dependency-cruiser@16.10.4
fi
bin=$(cd "$peers/node_modules/.bin" && pwd)
validate=$(cd "$programs/examples" && pwd)/validate
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
"$programs/validator-speed" write "$tree" --modules 1000

# cpu COMMAND…: the least CPU seconds of three runs; a tool that fails stops the script.
cpu() {
  local best="" took
  for _ in 1 2 3; do
    took=$( { TIMEFORMAT='%U %S'; time (cd "$tree" && "$@" >"$tree.out" 2>&1) || echo failed; } 2>&1 )
    case $took in *failed*) cat "$tree.out" >&2; exit 1 ;; esac
    best=$(awk -v best="$best" '{ s = $1 + $2; print (best == "" || s < best) ? s : best }' <<<"$took")
  done
  rm -f "$tree.out"
  echo "$best"
}

ours=$(cpu "$validate" .)
tsc=$(cpu "$bin/tsc" --noEmit -p .)
depcruise=$(cpu "$bin/depcruise" --no-config --ts-config tsconfig.json --output-type err src)
echo "CPU seconds on 1,000 modules: validator $ours, tsc $tsc, dependency-cruiser $depcruise"
figure validator.speedup_vs_tsc "$(awk "BEGIN { print $tsc / $ours }")" 1
figure validator.speedup_vs_depcruise "$(awk "BEGIN { print $depcruise / $ours }")" 1

if [ -n "$corpus" ]; then
  if [ ! -e "$corpus/variants.jsonl" ]; then
    CORPUS=$corpus python3 "${MUTATE:-$corpus/mutate.py}" generate >/dev/null
  fi
  "$programs/validator-corpus" "$corpus"
fi

if [ -n "$unseen" ]; then
  projects=0 wrong=0
  for project in "$unseen"/*/; do
    name=$(basename "$project")
    projects=$((projects + 1))
    while IFS= read -r line; do
      place=$(sed -E 's/^([^:]*:[0-9]+):.*/\1/' <<<"$line")
      rule=$(sed -E 's/^.*: error ([a-z-]+): .*/\1/' <<<"$line")
      grep -qxF "$name $place $rule" "$unseen/true-errors.txt" 2>/dev/null && continue
      echo "$name $line"
      wrong=$((wrong + 1))
    done < <("$validate" --errors "$project" | grep ': error ' || true)
  done
  echo "$projects unseen projects, $wrong errors that nobody judged to be right"
  figure validator.unseen_projects "$projects" 1
  figure validator.unseen_false_errors "$wrong" 1
fi
