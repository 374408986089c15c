#!/bin/sh
# Measures what the layers around a model and the reader of streams take.
set -eu
cd "$(dirname "$0")/.."

cargo bench --quiet --package aipipe-benches --bench model
