#!/bin/sh
# Measures the Story Executor: five hundred stories by templates.
set -eu
cd "$(dirname "$0")/.."

cargo bench --quiet --package aipipe-benches --bench executor
