#!/usr/bin/env bash
# The validator's figures: time for 1,000 files and for an edit; beside tsc and dependency-cruiser on the same tree in the same
# run; and, where a corpus is given, what it finds of labelled faults.
#
#   benches/validator.sh [--corpus DIR] [--unseen DIR]
#
# --corpus DIR  pristine projects with variants.jsonl (see validator-corpus); without the file it is made with
#               DIR/mutate.py or $MUTATE, a fault injector called as `mutate.py generate` with CORPUS=DIR. The changes whose
#               ids stand in DIR/mislabelled.txt, one a line, are left out: those a compiler judges otherwise than the injector.
# --unseen DIR  one folder a project; its errors are counted, and judging them is the reader's: those listed in
#               DIR/true-errors.txt (as `project file:line rule`) are not counted as false.
# Needs Node and npm. CPU seconds are compared, because they do not depend on what else the machine does.
set -euo pipefail

corpus="" unseen=""
while [ $# -gt 0 ]; do
  case $1 in
    --corpus) corpus=$(cd "$2" && pwd) ;;
    --unseen) unseen=$(cd "$2" && pwd) ;;
    *) echo "validator.sh: unknown argument $1" >&2; exit 2 ;;
  esac
  shift 2
done
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
$cargo build --release --quiet --package aipipe --package aipipe-benches --example validate --bins
target=${CARGO_TARGET_DIR:-target}
programs=$target/release
figure() { "$programs/figures" "$1" "$2" "$3"; }

"$programs/validator-speed" measure

# The peers, at fixed versions, each in a folder of its own: dependency-cruiser reads TypeScript with the compiler beside it,
# and takes none from 6.0 on.
peers=$target/validator-peers
# peer NAME PACKAGE…: installs them once.
peer() {
  local folder=$peers/$1
  if [ ! -d "$folder/node_modules" ]; then
    mkdir -p "$folder"
    echo '{ "private": true }' >"$folder/package.json"
    npm install --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent "${@:2}"
  fi
}
peer tsc typescript@6.0.3
peer depcruise dependency-cruiser@16.10.4 typescript@5.9.3
peers=$(cd "$peers" && pwd)
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
  mv "$tree.out" "$tree/last.txt"
  echo "$best"
}

ours=$(cpu "$validate" .)
tsc=$(cpu "$peers/tsc/node_modules/.bin/tsc" --noEmit -p .)
depcruise=$(cpu "$peers/depcruise/node_modules/.bin/depcruise" --no-config --ts-config tsconfig.json --output-type err src)
# A peer that can't read the language is fast.
if ! grep -qE '\([0-9]{4,} modules' "$tree/last.txt"; then
  echo "validator.sh: dependency-cruiser did not read the tree:" >&2
  cat "$tree/last.txt" >&2
  exit 1
fi
echo "CPU seconds on 1,000 modules: validator $ours, tsc $tsc, dependency-cruiser $depcruise"
figure validator.speedup_vs_tsc "$(awk "BEGIN { print $tsc / $ours }")" 1
figure validator.speedup_vs_depcruise "$(awk "BEGIN { print $depcruise / $ours }")" 1

if [ -n "$corpus" ]; then
  if [ ! -e "$corpus/variants.jsonl" ]; then
    CORPUS=$corpus python3 "${MUTATE:-$corpus/mutate.py}" generate >/dev/null
    if [ -e "$corpus/mislabelled.txt" ]; then
      sed 's/.*/"id": "&"/' "$corpus/mislabelled.txt" | grep -vFf - "$corpus/variants.jsonl" >"$corpus/variants.kept"
      mv "$corpus/variants.kept" "$corpus/variants.jsonl"
    fi
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
