// Goes through the pages of a generated web project in a real browser.
// Usage: node pages.mjs PROJECT_DIR URL OUT_DIR
// PROJECT_DIR/README.md says which pages and records there are, URL is where the built pages are served, and
// OUT_DIR gets a screenshot of each page. Ends with 1 when a step fails or the browser logs an error.

import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { openBrowser, Person } from "./browser.mjs";
import { badValues, goodValues, recordKinds, sentence } from "./project.mjs";

const [project, address, out] = process.argv.slice(2);
if (!out) {
  console.error("usage: node pages.mjs PROJECT_DIR URL OUT_DIR");
  process.exit(2);
}

const kinds = recordKinds(await readFile(join(project, "README.md"), "utf8"));
if (kinds.length === 0) throw new Error(`${project}/README.md tells of no records`);
await mkdir(out, { recursive: true });

/** Marks the records of this run, as a server may keep those of others. */
const run = Date.now().toString(36).slice(-4);
/** The names of the records made, by what they are. */
const made = new Map();
const counts = { ok: 0, failed: 0, logged: 0, pictures: 0 };
/** The status that the server answers in the step under way, by which the browser logs an error. */
let refusal;

const { browser, page } = await openBrowser((text) => {
  if (refusal && text.includes(`status of ${refusal}`)) return;
  counts.logged += 1;
  console.log(`LOGGED ${text}`);
});
const person = new Person(page);
try {
  if (await start()) {
    for (const kind of kinds) await lookAtList(kind);
    for (const kind of kinds) await makeRecord(kind);
    for (const kind of kinds.filter(isMade)) await useRecord(kind);
    await lookElsewhere();
    for (const kind of kinds) await keepReferredTo(kind);
    for (const kind of kinds.filter(isMade).reverse()) await deleteRecord(kind);
  }
} finally {
  await browser.close();
}
console.log(`${counts.ok} ok, ${counts.failed} failed, ${counts.logged} errors in the console, ${counts.pictures} screenshots in ${out}`);
process.exitCode = counts.failed + counts.logged > 0 ? 1 : 0;

/** Whether there is anything to go on with. */
async function start() {
  return step("start page", async () => {
    await page.goto(address, { waitUntil: "networkidle0" });
    for (const { plural } of kinds) await person.seeText(plural);
    await picture("start");
    return `"${await person.heading()}"`;
  });
}

async function lookAtList(kind) {
  await step(`list of ${kind.plural.toLowerCase()}`, async () => {
    await open(kind);
    await person.seeInList("nothing of that name", false);
    await picture(`${kind.path.slice(1)}-first`);
  });
}

async function makeRecord(kind) {
  const { one, path } = kind;
  const fields = kind.fields.filter(({ initial }) => !initial);

  await step(`form for a new ${one}`, async () => {
    await open(kind);
    await person.follow(`New ${one}`);
    await person.seeHeading(`New ${one}`);
    for (const { label } of fields) {
      if (!(await person.hasField(label))) throw new Error(`there is no field "${label}"`);
    }
    await picture(`${one}-new`);
  });

  await step(`${one}: nothing filled in is refused`, async () => {
    const required = fields.filter(({ optional }) => !optional);
    await person.press("Save");
    for (const { label } of required) await refused(label);
    await picture(`${one}-empty-refused`);
    const focused = await person.focused();
    if (focused !== required[0].label) throw new Error(`the focus is on "${focused}" instead of "${required[0].label}"`);
    return `"${await person.refusal(required[0].label)}"`;
  });

  for (const field of fields) {
    for (const [index, value] of badValues(field).entries()) {
      await step(`${one}: ${field.label} "${short(value)}" is refused`, async () => {
        await person.enter(field.label, value);
        await person.press("Save");
        const message = await refused(field.label);
        if (index === 0) await picture(`${one}-${field.label}-refused`);
        return `"${message}"`;
      });
    }
  }

  const succeeded = await step(`${one} is made`, async () => {
    await fillIn(fields, 0);
    await picture(`${one}-filled-in`);
    await person.press("Save");
    await person.seeAddress(`^${path}/(?!new$)[^/]+$`);
    for (const field of kind.fields) await person.seeDetail(field.label, shownOf(field, 0));
    made.set(one, await person.heading());
    await picture(`${one}-made`);
    return `"${await person.notice()}"`;
  });

  if (!succeeded) return;
  await step(`${one}: the notice is gone after a reload`, async () => {
    await page.reload({ waitUntil: "networkidle0" });
    await person.seeHeading(made.get(one));
    const notice = await person.notice();
    if (notice) throw new Error(`still says "${notice}"`);
  });

  const unique = fields.find((field) => field.unique);
  if (unique) {
    await step(
      `${one}: the same ${unique.label} again is refused`,
      async () => {
        await open(kind);
        await person.follow(`New ${one}`);
        await fillIn(fields, 0);
        await person.press("Save");
        const message = await refused(unique.label);
        await picture(`${one}-twice-refused`);
        return `"${message}"`;
      },
      409,
    );
  }
}

async function useRecord(kind) {
  const { one } = kind;
  const name = made.get(one);

  await step(`${one} is in the list`, async () => {
    await open(kind);
    await person.seeInList(name, true);
    await picture(`${kind.path.slice(1)}`);
  });

  for (const words of kind.filters) {
    const field = kind.fields.find(({ label }) => label.toLowerCase() === words);
    await step(`list of ${kind.plural.toLowerCase()} by ${words}`, async () => {
      await open(kind);
      for (const [index, isListed] of [[startOf(field), true], [startOf(field) + 1, false]]) {
        if (!goodOf(field)[index]) continue;
        await person.enter(field.label, goodOf(field)[index].entered);
        await person.press("Filter");
        await person.seeInList(name, isListed);
        await picture(`${kind.path.slice(1)}-by-${words}-${isListed ? "same" : "other"}`);
      }
      await person.press("Clear");
      await person.seeInList(name, true);
    });
    await step(`Clear empties ${words} that was not yet filtered by`, async () => {
      await open(kind);
      await person.enter(field.label, goodOf(field)[0].entered);
      await person.press("Clear");
      await page.waitForNetworkIdle();
      const entry = await person.entry(field.label);
      if (entry !== "") throw new Error(`it still holds "${entry}"`);
    });
  }

  await step(`${one}: the menu marks ${kind.plural} on its page`, async () => {
    await openRecord(kind);
    const current = await person.currentInMenu();
    if (current !== kind.plural) throw new Error(`it marks ${current ? `"${current}"` : "nothing"}`);
  });

  if (kind.canEdit) {
    await step(`${one} is edited`, async () => {
      const field = kind.fields.find(({ kind }) => /number/.test(kind)) ?? kind.fields.find(({ refersTo }) => !refersTo);
      await openRecord(kind);
      await person.follow("Edit");
      await person.seeHeading(`Edit ${name}`);
      const [before, after] = goodOf(field);
      if ((await person.entry(field.label)) !== before.entered) throw new Error(`"${field.label}" does not hold "${before.entered}"`);
      await person.enter(field.label, after.entered);
      await picture(`${one}-edit`);
      await person.press("Save");
      await person.seeDetail(field.label, after.shown);
      await picture(`${one}-edited`);
      made.set(one, await person.heading());
      return `"${await person.notice()}"`;
    });
  }

  for (const { button, field, value } of kind.transitions) {
    await step(`${one}: ${button}`, async () => {
      await openRecord(kind);
      if (!(await person.hasButton(button))) throw new Error(`there is no button "${button}"`);
      await picture(`${one}-before-${button}`);
      await person.press(button);
      await person.seeDetail(field, sentence(value.replaceAll("_", " ")));
      if (await person.hasButton(button)) throw new Error("the button is still there");
      await picture(`${one}-after-${button}`);
    });
    await step(`${one}: ${button} is told`, async () => {
      const notice = await person.notice();
      if (!notice) throw new Error("no status message says that it was done");
      return `"${notice}"`;
    });
  }
}

async function lookElsewhere() {
  await step("unknown address", async () => {
    await page.goto(new URL("/no/such/page", address).href, { waitUntil: "networkidle0" });
    await person.seeText("There is no page at this address.");
    await picture("unknown-address");
  });
  await step(
    "unknown record",
    async () => {
      await page.goto(new URL(`${kinds[0].path}/unknown`, address).href, { waitUntil: "networkidle0" });
      await person.seeText("It may have been deleted.");
      await picture("unknown-record");
      await person.follow("Go to the start");
      await person.seeText(kinds[0].plural);
    },
    404,
  );
  // Becoming a telephone, and no longer being one, loads the page again.
  await page.setViewport({ width: 360, height: 740, isMobile: true, hasTouch: true });
  for (const kind of kinds.filter(isMade)) {
    await step(`${kind.plural.toLowerCase()} on a telephone`, async () => {
      for (const end of ["", "/new"]) {
        await page.goto(new URL(kind.path + end, address).href, { waitUntil: "networkidle0" });
        await fits();
        await picture(`telephone-${kind.path.slice(1)}${end.replace("/", "-")}`);
      }
      await openRecord(kind);
      await fits();
      await picture(`telephone-${kind.one}`);
    });
  }
  await page.setViewport({ width: 1280, height: 800 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: "dark" }]);
  await step("dark colours", async () => {
    await open(kinds[0]);
    await person.seeInList("nothing of that name", false);
    await picture("dark");
  });
  await page.emulateMediaFeatures([]);
}

async function keepReferredTo(kind) {
  const { one, canDelete } = kind;
  const referring = kinds.find(({ fields }) => fields.some(({ refersTo }) => refersTo === one));
  if (!canDelete || !isMade(kind) || !referring || !isMade(referring)) return;
  await step(
    `${one} stays while a ${referring.one} refers to it`,
    async () => {
      await openRecord(kind);
      await person.press("Delete");
      await person.press("Yes, delete");
      await person.seeText("can't be deleted");
      await picture(`${one}-delete-refused`);
      return `"${(await person.alerts()).join(" ")}"`;
    },
    409,
  );
}

async function deleteRecord(kind) {
  const { one, canDelete } = kind;
  const name = made.get(one);
  if (!canDelete) return;

  await step(`${one}: Delete asks, and the keyboard can go on`, async () => {
    await openRecord(kind);
    await person.press("Delete");
    await person.seeText(`Delete this ${one}?`);
    await picture(`${one}-delete-asked`);
    const focused = await person.focused();
    if (!["Yes, delete", "Keep"].includes(focused)) throw new Error(`the focus is on "${focused}"`);
  });

  await step(`${one} is deleted`, async () => {
    await openRecord(kind);
    await person.press("Delete");
    await person.press("Yes, delete");
    await person.seeHeading(kind.plural);
    await person.seeInList(name, false);
    made.delete(one);
    await picture(`${one}-deleted`);
    return `"${await person.notice()}"`;
  });
}

function isMade({ one }) {
  return made.has(one);
}

async function open({ plural }) {
  await person.follow(plural);
  await person.seeHeading(plural);
}

async function openRecord(kind) {
  const name = made.get(kind.one);
  if (!name) throw new Error(`no ${kind.one} was made`);
  await open(kind);
  await person.follow(name);
  await person.seeHeading(name);
}

async function fillIn(fields, index) {
  for (const field of fields) await person.enter(field.label, goodOf(field)[index].entered);
}

/** Values of a field; the one to choose of a reference is the record made before. */
function goodOf(field) {
  if (!field.refersTo) return goodValues(field, run);
  const name = made.get(field.refersTo);
  if (!name) throw new Error(`no ${field.refersTo} was made`);
  return [{ entered: name, shown: name }];
}

function shownOf(field, index) {
  return field.initial ? sentence(field.initial) : goodOf(field)[index].shown;
}

/** Which of a field's values a new record has. */
function startOf(field) {
  return Math.max(0, goodOf(field).findIndex(({ entered }) => entered === field.initial));
}

async function refused(label) {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const message = await person.refusal(label);
    if (message) return message;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`"${label}" is not refused; alerts: ${(await person.alerts()).join(" | ") || "none"}`);
}

async function fits() {
  const overflow = await person.overflow();
  if (overflow > 0) throw new Error(`${page.url()} is ${overflow} pixels too wide`);
}

async function picture(name) {
  counts.pictures += 1;
  await page.screenshot({ path: join(out, `${String(counts.pictures).padStart(2, "0")}-${slug(name)}.png`), fullPage: true });
}

/** Does a step, tells how it went, and whether well. In a step that the server refuses, the browser logs `status`. */
async function step(name, work, status) {
  refusal = status;
  try {
    const seen = await work();
    counts.ok += 1;
    console.log(`ok     ${name}${seen ? `: ${seen}` : ""}`);
    return true;
  } catch (error) {
    counts.failed += 1;
    console.log(`FAILS  ${name}: ${error.message}`);
    await picture(`failed-${name}`).catch(() => {});
    return false;
  }
}

function slug(text) {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
}

function short(text) {
  return text.length > 20 ? `${text.slice(0, 5)}… (${text.length})` : text;
}
