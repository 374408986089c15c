"""Prints the figures that tests and benches left in target/figures.jsonl, the last one of each name.

Ends with 1 when a figure that has to be there is missing, or one misses its bar. `--full` also asks for those of the long
sweeps and the benches. The bars are those of counts and ratios, which do not depend on how busy a machine is, and of CPU
time, which hardly does.
"""

import json
import os
import pathlib
import sys

# Name: the bar, or None where there is only the number to look at.
TESTS = {
    "bad_input.cases": (">=", 30),
    "conformance.adapters": (">=", 15),
    "conformance.properties": (">=", 60),
    "crash.control_failures": (">", 0),
    "crash.courses.kill_points": (">=", 30),
    "crash.courses.survived": None,
    "crash.duplicated_effects": ("==", 0),
    "crash.kill_points": (">", 100),
    "crash.survived": None,
    "executor.scenarios": (">=", 20),
    "executor.template_share": None,
    "model.budget_overspends": ("==", 0),
    "model.canary_leaks": ("==", 0),
    "model.contract_requests_checked": (">=", 500),
    "model.contract_requests_rejected": ("==", 0),
    "model.contract_schemas_checked": (">=", 3),
    "model.contract_schemas_rejected": ("==", 0),
    "model.cost_oracle_cases": (">=", 200),
    "model.cost_oracle_mismatches": ("==", 0),
    "model.cost_ratio_vs_naive.forty_stories": ("<=", 0.35),
    "model.cost_ratio_vs_naive.quickstart": ("<=", 0.35),
    "model.llmock_calls": (">=", 60),
    "model.llmock_verdict_violations": ("==", 0),
    "quickstart.stories_done": (">", 0),
    "quickstart.stories_total": (">", 0),
    "scheduler.ratio_to_bound.deep": ("<=", 1.05),
    "scheduler.ratio_to_bound.input_rate": ("<=", 1.05),
    "scheduler.ratio_to_bound.output_rate": ("<=", 1.05),
    "scheduler.ratio_to_bound.slots_16": ("<=", 1.05),
    "scheduler.ratio_to_bound.slots_8": ("<=", 1.05),
    "scheduler.ratio_to_greedy.mixed_chain": ("<=", 1.03),
    "scheduler.ratio_to_greedy.mixed_rate": ("<=", 1.03),
    "scheduler.ratio_to_greedy.mixed_small": ("<=", 1.03),
    "stacks.projects_green": (">=", 5),
    "stacks.projects_started": (">=", 4),
    "stacks.projects_total": (">=", 5),
    "stories.grounding_rate": ("==", 1.0),
    "stories.ids_stable": ("==", 1.0),
    "workflows.checked": (">=", 60),
    "workflows.findings": ("==", 0),
}
FULL = {
    "engine.cpu_us_per_step.c64": ("<=", 100),
    "engine.cpu_us_per_step.sequential": ("<=", 250),
    "engine.ratio_to_bare_store.c64": (">=", 0.5),
    "engine.ratio_to_bare_store.sequential": (">=", 0.5),
    "engine.rss_per_waiting_execution_bytes": None,
    "engine.steps_per_second.c64": None,
    "engine.steps_per_second.sequential": None,
    "engine.syncs_per_checkpoint.c64": ("<=", 0.1),
    "engine.syncs_per_checkpoint.sequential": ("<=", 1.01),
    "model.decorators_us_per_call": ("<=", 20),
    "model.kept_answer_us": None,
    "pages.steps_failed": ("==", 0),
    "pages.steps_ok": (">=", 100),
    "quickstart.build_cpu_seconds": None,
    "quickstart.crates": None,
    "sse.mib_line_ms": ("<=", 50),
    "validator.incremental_ms": ("<=", 5),
    "validator.ms_per_1000_files": ("<=", 100),
    "validator.python_incremental_ms": ("<=", 5),
    "validator.python_ms_per_1000_files": ("<=", 100),
    "validator.speedup_vs_depcruise": (">=", 10),
    "validator.speedup_vs_tsc": (">=", 20),
    "workflows.verdict_disagreements": ("==", 0),
}
# Where a corpus was given (benches: redaction-corpus).
GIVEN = {
    "redaction.precision.address": (">=", 0.9),
    "redaction.precision.credit_card": (">=", 0.95),
    "redaction.precision.e_mail": (">=", 0.95),
    "redaction.precision.iban": (">=", 0.95),
    "redaction.precision.ip_address": (">=", 0.95),
    "redaction.precision.name": (">=", 0.9),
    "redaction.precision.national_id": (">=", 0.95),
    "redaction.precision.phone": (">=", 0.9),
    "redaction.recall.address": (">=", 0.8),
    "redaction.recall.credit_card": (">=", 0.95),
    "redaction.recall.e_mail": (">=", 0.95),
    "redaction.recall.iban": (">=", 0.95),
    "redaction.recall.ip_address": (">=", 0.95),
    # Rules know a name by what stands beside it; most names have nothing.
    "redaction.recall.name": (">=", 0.4),
    "redaction.recall.national_id": (">=", 0.95),
    "redaction.recall.phone": (">=", 0.9),
    "redaction.secrets_in_ordinary_text": ("==", 0),
}
HOLDS = {
    ">": lambda value, bar: value > bar,
    ">=": lambda value, bar: value >= bar,
    "==": lambda value, bar: value == bar,
    "<=": lambda value, bar: value <= bar,
}


def read(path):
    figures = {}
    for line in path.read_text().splitlines():
        if line.strip():
            figure = json.loads(line)
            figures[figure["name"]] = figure
    return figures


def faults(figures, wanted):
    for name, bar in sorted(wanted.items()):
        if name not in figures:
            yield f"{name} was not measured"
        elif bar and not HOLDS[bar[0]](figures[name]["value"], bar[1]):
            yield f"{name} is {figures[name]['value']}, and has to be {bar[0]} {bar[1]}"
    for sweep in ("crash", "crash.courses"):
        kills, survived = figures.get(f"{sweep}.kill_points"), figures.get(f"{sweep}.survived")
        if kills and survived and kills["value"] != survived["value"]:
            yield f"{survived['value']} of {kills['value']} kill points of {sweep} were survived"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    path = target / "figures.jsonl"
    if not path.exists():
        sys.exit("no figures were recorded")
    figures = read(path)
    width = max(map(len, figures), default=0)
    print("figures")
    for name in sorted(figures):
        value = figures[name]["value"]
        shown = f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
        print(f"  {name:{width}}  {shown} {figures[name]['unit']}")
    wanted = {**TESTS, **FULL} if "--full" in sys.argv[1:] else TESTS
    wanted = wanted | {name: bar for name, bar in GIVEN.items() if name in figures}
    found = list(faults(figures, wanted))
    for fault in found:
        print(f"MISSED: {fault}")
    sys.exit(1 if found else 0)


main()
