#!/bin/sh
# Measures the engine: time, CPU and memory beside the bare store, sync calls per checkpoint, then the criterion benches.
# Arguments go to engine-bench, such as --dir FOLDER or --rounds 9. Needs strace.
set -eu
cd "$(dirname "$0")/.."

if ! command -v strace >/dev/null; then
    echo "engine.sh: strace is missing; it counts the sync calls (Debian and Ubuntu: package strace)" >&2
    exit 1
fi

cargo build --release --quiet --package aipipe-benches --bins
programs=${CARGO_TARGET_DIR:-target}/release
trace=$(mktemp -d)
trap 'rm -rf "$trace"' EXIT

"$programs/engine-bench" "$@"

# counted MODE EXECUTIONS: runs them under strace; sets `syncs` and `checkpoints`.
counted() {
    strace -f -c -o "$trace/calls" -e trace=fsync,fdatasync,sync_file_range,msync,sync,syncfs \
        "$programs/engine-bench" --only "$1" --executions "$2" >"$trace/report"
    checkpoints=$(sed -n 's/.* checkpoints \([0-9]*\) .*/\1/p' "$trace/report")
    # The columns of a line: share, seconds, time a call, calls, errors (often empty), name.
    syncs=$(awk '$NF ~ /sync/ && $4 ~ /^[0-9]+$/ { calls += $4 } END { print calls + 0 }' "$trace/calls")
}

echo
for mode in sequential c64; do
    case $mode in
        sequential) executions=1000 ;;
        *) executions=2000 ;;
    esac
    # What one execution takes is taken off: opening, and closing what has been written to.
    counted $mode 1
    around=$syncs
    few=$checkpoints
    counted $mode $((executions + 1))
    syncs=$((syncs - around))
    checkpoints=$((checkpoints - few))
    per_checkpoint=$(awk "BEGIN { printf \"%.4f\", $syncs / $checkpoints }")
    # A little above 1 when sequential: redb also syncs each time its file doubles.
    echo "$mode: $syncs sync calls for $checkpoints checkpoints: $per_checkpoint each"
    "$programs/figures" "engine.syncs_per_checkpoint.$mode" "$per_checkpoint" 1
done

cargo bench --quiet --package aipipe-benches --bench engine
