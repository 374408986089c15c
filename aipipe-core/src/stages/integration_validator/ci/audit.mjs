// Looks for known vulnerabilities in what the application ships, and says whether it could look at all.
//
// `npm audit` exits alike for "vulnerable" and for "the service does not answer", so its report decides:
//   0  nothing of high severity is known, or there was no answer (shown as a notice, never as "clean")
//   1  a package with a known vulnerability of high severity or worse, or something that is no report
import { spawnSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import process from "node:process";

const OPTIONS = ["--json", "--omit=dev", "--audit-level=high", "--offline=false", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"];
const NETWORK = /^E(NOTFOUND|AI_AGAIN|CONN\w+|TIMEDOUT|HOSTUNREACH|NETUNREACH|SOCKETTIMEOUT|PROTO|CERT\w*|NOAUDIT)$/;

function say(line) {
  process.stdout.write(`${line}\n`);
  if (process.env.GITHUB_STEP_SUMMARY) {
    appendFileSync(process.env.GITHUB_STEP_SUMMARY, `${line}\n`);
  }
}

/** Annotates the run; what comes from outside must not start a command of its own. */
function annotate(kind, text) {
  const escaped = text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  process.stdout.write(`::${kind} title=Dependency audit::${escaped}\n`);
}

function unavailable(reason) {
  annotate("notice", `unavailable: ${reason}. Nothing was checked.`);
  say(`Dependency audit: unavailable (${reason}). Nothing was checked.`);
  return 0;
}

function broken(reason) {
  annotate("error", reason);
  say(`Dependency audit: failed (${reason}).`);
  return 1;
}

function verdict(answer) {
  const counts = answer.metadata?.vulnerabilities;
  if (answer.auditReportVersion === 2 && counts) {
    const severe = Object.values(answer.vulnerabilities).filter(({ severity }) =>
      ["high", "critical"].includes(severity),
    );
    if (severe.length === 0) {
      say(`Dependency audit: nothing of high severity known (${counts.total} lesser findings).`);
      return 0;
    }
    for (const { name, severity, range } of severe) {
      annotate("error", `${name} ${range} has a known vulnerability of ${severity} severity`);
    }
    say(`Dependency audit: ${severe.length} packages with known vulnerabilities of high severity or worse.`);
    return 1;
  }
  if (Number.isInteger(answer.statusCode)) {
    return unavailable(`the audit service answered ${answer.statusCode}`);
  }
  const code = answer.error?.code ?? /\bE[A-Z_]+\b/.exec(answer.message ?? "")?.[0];
  if (code && NETWORK.test(code)) {
    return unavailable(`the audit service can't be reached: ${code}`);
  }
  return broken(answer.error?.summary || answer.message || "npm audit gave neither a report nor a reason");
}

function run() {
  const audit = spawnSync("npm", ["audit", ...OPTIONS], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (audit.error) {
    return broken(`npm could not be run: ${audit.error.message}`);
  }
  let answer;
  try {
    answer = JSON.parse(audit.stdout);
  } catch {
    return broken("npm audit printed no JSON");
  }
  return verdict(answer);
}

process.exitCode = run();
