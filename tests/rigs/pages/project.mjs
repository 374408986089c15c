// What a generated project's README says about its pages and records, and values to try on its forms.

/** The kinds of records the project keeps, those that others refer to first. */
export function recordKinds(readme) {
  const pages = rowsOf(section(readme, "## Pages"));
  const requests = rowsOf(section(readme, "## The API"));
  const kinds = section(readme, "## Records")
    .split(/^### /m)
    .slice(1)
    .map((text) => {
      const plural = text.slice(0, text.indexOf("\n")).trim();
      const path = `/${plural.toLowerCase().replaceAll(" ", "-")}`;
      const purpose = (end) => pages.find(([address]) => address === `\`${path}${end}\``)?.[1] ?? "";
      const transitions = requests
        .filter(([, address]) => address.replace("/api/", "/").startsWith(`\`${path}/:id/`))
        .map(([, , does]) => /^sets (.+) to (.+)$/.exec(does))
        .filter(Boolean);
      const buttons = purpose("/:id").split(", ").slice(1).filter((words) => words !== "deletes it");
      return {
        plural,
        path,
        one: purpose("/new").replace(/^makes an? /, ""),
        fields: rowsOf(text).map(([label, kind, rules]) => ({
          label,
          kind,
          optional: !/required|starts as/.test(rules),
          unique: rules.includes("unique"),
          initial: /starts as (\S+)/.exec(rules)?.[1],
          refersTo: /^id of an? (.+)$/.exec(kind)?.[1],
        })),
        filters: purpose("").split(", by ")[1]?.split(", ") ?? [],
        transitions: transitions.map(([, field, value], index) => ({ button: sentence(buttons[index]), field: sentence(field), value })),
        canEdit: purpose("/:id/edit") !== "",
        canDelete: purpose("/:id").includes("deletes it"),
      };
    });
  return referredToFirst(kinds);
}

/** Two good values of a field: what is entered, and what the pages show for it in American English. */
export function goodValues({ label, kind, refersTo }, run) {
  const plain = (...values) => values.map((value) => ({ entered: value, shown: value }));
  const { min, max } = limitsOf(kind);
  if (refersTo) return [];
  if (kind.startsWith("one of ")) return choicesIn(kind).map((value) => ({ entered: value, shown: sentence(value.replaceAll("_", " ")) }));
  if (kind.startsWith("whole number")) {
    return numbers(min, max, 1).map((value) => ({ entered: String(value), shown: value.toLocaleString("en-US") }));
  }
  if (kind.startsWith("number")) {
    const two = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
    return numbers(min, max, 0.5).map((value) => ({ entered: String(value), shown: value.toLocaleString("en-US", two) }));
  }
  if (kind === "true or false") return [{ entered: "true", shown: "Yes" }, { entered: "false", shown: "No" }];
  if (kind.startsWith("date and time")) {
    return ["2030-01-15T09:30", "2030-02-16T14:45"].map((value) => ({
      entered: value,
      shown: new Date(value).toLocaleString("en-US", { dateStyle: "medium", timeStyle: "short" }),
    }));
  }
  if (kind.startsWith("date")) {
    return ["2030-01-15", "2030-02-16"].map((value) => ({
      entered: value,
      shown: new Date(value).toLocaleDateString("en-US", { dateStyle: "medium", timeZone: "UTC" }),
    }));
  }
  if (kind.startsWith("time")) return plain("09:30", "14:45");
  if (kind === "e-mail address") return plain(`first-${run}@example.org`, `second-${run}@example.org`);
  if (kind === "telephone number") return plain("+49 30 123456", "+49 30 654321");
  return plain(`${label} A ${run}`, `${label} B ${run}`);
}

/** Values that a field has to refuse. */
export function badValues({ kind }) {
  const { min, max } = limitsOf(kind);
  const beyond = [min === undefined ? [] : [String(min - 1)], max === undefined ? [] : [String(max + 1)]].flat();
  if (kind.startsWith("whole number")) return ["many", "1.5", ...beyond];
  if (kind.startsWith("number")) return ["many", "1.005", ...beyond];
  if (kind.startsWith("text")) return ["x".repeat(max + 1)];
  if (kind === "e-mail address") return ["nobody"];
  if (kind === "telephone number") return ["call me"];
  return [];
}

/** `in_progress` and `due date` as the pages begin a label. */
export function sentence(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function choicesIn(kind) {
  return kind.replace("one of ", "").split(", ");
}

function limitsOf(kind) {
  const number = (found) => (found ? Number(found[1]) : undefined);
  return {
    min: number(/(?:from|of at least|of) (-?[\d.]+) to/.exec(kind) ?? /of at least (-?[\d.]+)/.exec(kind)),
    max: number(/ to (-?[\d.]+)/.exec(kind) ?? /of at most (-?[\d.]+)/.exec(kind)),
  };
}

function numbers(min, max, step) {
  const first = min ?? (max === undefined ? 10 : max - 10);
  return [first + step, first + 2 * step];
}

function section(text, heading) {
  const [, after = ""] = text.split(`${heading}\n`);
  return after.split(/^## /m)[0];
}

/** The cells of a table's rows, without its head. */
function rowsOf(text) {
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("\\", "")));
}

function referredToFirst(kinds) {
  const ordered = [];
  const add = (kind) => {
    if (ordered.includes(kind)) return;
    for (const { refersTo } of kind.fields) {
      const target = kinds.find(({ one }) => one === refersTo);
      if (target && target !== kind) add(target);
    }
    ordered.push(kind);
  };
  kinds.forEach(add);
  return ordered;
}
