"""Looks for known vulnerabilities in the installed packages, and says whether it could look at all.

pip-audit exits well when the service knows none of the packages, and alike for "vulnerable" and for "the service does
not answer", so its report decides:
  0  nothing is known, or there was no answer (shown as a notice, never as "clean")
  1  a package with a known vulnerability, or something that is no report
"""

import json
import os
import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-m", "pip_audit", "--local", "--format", "json", "--progress-spinner", "off"]
# What pip-audit says last when its service does not answer, or not as it should.
UNREACHABLE = ("pip_audit._service.interface.", "requests.exceptions.", "your network may be blocking this service")


def say(line: str) -> None:
    print(line, flush=True)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def annotate(kind: str, text: str) -> None:
    """Annotates the run; what comes from outside must not start a command of its own."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{kind} title=Dependency audit::{escaped}", flush=True)


def unavailable(reason: str) -> int:
    annotate("notice", f"unavailable: {reason}. Nothing was checked.")
    say(f"Dependency audit: unavailable ({reason}). Nothing was checked.")
    return 0


def broken(reason: str) -> int:
    annotate("error", reason)
    say(f"Dependency audit: failed ({reason}).")
    return 1


def main() -> int:
    audit = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(audit.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = next((line for line in reversed(audit.stderr.splitlines()) if line.strip()), "no output")
        if any(sign in last for sign in UNREACHABLE):
            return unavailable("the vulnerability service can't be reached")
        return broken(f"pip-audit gave no report: {last.strip()}")
    looked_at = [package for package in packages if "skip_reason" not in package]
    if not looked_at:
        return unavailable("the vulnerability service knows none of the packages")
    vulnerable = [package for package in looked_at if package["vulns"]]
    for package in vulnerable:
        known = ", ".join(vulnerability["id"] for vulnerability in package["vulns"])
        annotate("error", f"{package['name']} {package['version']} has known vulnerabilities: {known}")
    if vulnerable:
        say(f"Dependency audit: {len(vulnerable)} packages with known vulnerabilities.")
        return 1
    left_out = len(packages) - len(looked_at)
    if left_out:
        annotate("notice", f"{left_out} of {len(packages)} packages are not known to the service and were not checked.")
    say(f"Dependency audit: no known vulnerability in {len(looked_at)} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
