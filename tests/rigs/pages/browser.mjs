// A browser as a person uses it: by the roles, labels and texts of the page.

import chromium from "@sparticuz/chromium";
import { launch } from "puppeteer-core";

const WAIT_MS = 5_000;

/** Starts Chromium and opens an empty page. What the pages log as errors goes to `logged`. */
export async function openBrowser(logged) {
  const browser = await launch({
    executablePath: process.env.CHROMIUM ?? (await chromium.executablePath()),
    headless: "shell",
    // The package's own arguments would switch off the same-origin rules; only what a container needs is kept.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-US"],
    env: { ...process.env, LANGUAGE: "en_US" },
  });
  const page = await browser.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.setViewport({ width: 1280, height: 800 });
  page.on("console", (message) => message.type() === "error" && logged(message.text()));
  page.on("pageerror", (error) => logged(error.message));
  page.on("requestfailed", (request) => logged(`${request.url()}: ${request.failure()?.errorText}`));
  return { browser, page };
}

/** What a person does and sees on a page. */
export class Person {
  constructor(page) {
    this.page = page;
  }

  async follow(link) {
    await this.#click("link", link);
  }

  async press(button) {
    await this.#click("button", button);
  }

  /** Fills in the field with that label; a choice is made by its text or value. */
  async enter(label, value) {
    const field = await this.#field(label);
    const isChoice = await field.evaluate((element) => element instanceof HTMLSelectElement);
    if (isChoice) return this.choose(label, value);
    const isTyped = await field.evaluate(({ type }) => !/^(date|time)/.test(type));
    if (isTyped && value.length < 80) {
      await field.click({ count: 3 });
      await field.press("Backspace");
      await field.type(value);
    } else {
      await field.evaluate(setValue, value);
    }
  }

  async choose(label, choice) {
    const field = await this.#field(label);
    const value = await field.evaluate((element, wanted) => {
      const options = [...element.options];
      return options.find(({ text, value }) => text === wanted || value === wanted)?.value;
    }, choice);
    if (value === undefined) throw new Error(`"${label}" offers no "${choice}"`);
    await field.select(value);
  }

  async hasField(label) {
    return (await this.#control(label)).asElement() !== null;
  }

  async entry(label) {
    return (await this.#field(label)).evaluate((element) => element.value);
  }

  /** The message at a field that was refused, or "". */
  async refusal(label) {
    return (await this.#field(label)).evaluate((element) => {
      const described = (element.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id));
      const alert = described.find((description) => description?.getAttribute("role") === "alert");
      return element.getAttribute("aria-invalid") === "true" ? (alert?.textContent.trim() ?? "") : "";
    });
  }

  async focused() {
    return this.page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return "the page as a whole";
      return element?.labels?.[0]?.textContent.trim() || element?.textContent.trim().slice(0, 40) || element?.tagName;
    });
  }

  /** Waits for the page with that heading. */
  async seeHeading(text) {
    await this.#until(`the heading "${text}"`, (wanted) => document.querySelector("h1")?.innerText.trim() === wanted, text);
    const title = await this.page.title();
    if (!title.includes(text)) throw new Error(`the browser's title is "${title}"`);
  }

  /** Waits for a page whose path matches the pattern. */
  async seeAddress(pattern) {
    await this.#until(`an address as ${pattern}`, (source) => new RegExp(source).test(location.pathname), pattern);
  }

  async heading() {
    return this.page.$eval("h1", (heading) => heading.innerText.trim());
  }

  async seeText(text) {
    await this.#until(`"${text}"`, (wanted) => document.body.innerText.includes(wanted), text);
  }

  /** Waits until what stands beside a term is that. */
  async seeDetail(term, shown) {
    const detail = (wanted, text) =>
      [...document.querySelectorAll("dt")].some(
        (element) => element.innerText.trim() === wanted && element.nextElementSibling?.innerText.trim() === text,
      );
    await this.#until(`"${term}" to be "${shown}"`, detail, term, shown);
  }

  /** Waits until the list does or does not name a record. */
  async seeInList(name, isListed) {
    const rows = (wanted, expected) => {
      const isEmpty = /\bNo [^.]+ (match these filters|here yet)\./.test(document.body.innerText);
      const names = [...document.querySelectorAll("tbody [scope=row]")].map((row) => row.querySelector("a")?.innerText.trim());
      return (isEmpty || names.length > 0) && names.includes(wanted) === expected;
    };
    await this.#until(`the list ${isListed ? "with" : "without"} "${name}"`, rows, name, isListed);
  }

  async alerts() {
    return this.page.$$eval("[role=alert]", (alerts) => alerts.map((alert) => alert.innerText.trim()));
  }

  async notice() {
    return this.page.$$eval("[role=status]", (notices) => notices.map((notice) => notice.innerText.trim()).join(""));
  }

  /** The link of the menu that is marked as where one is. */
  async currentInMenu() {
    return this.page.evaluate(() => document.querySelector("nav[aria-label=Main] [aria-current]")?.innerText.trim() ?? "");
  }

  async hasButton(name) {
    return (await this.page.$(`::-p-aria([name="${name}"][role="button"])`)) !== null;
  }

  /** By how many pixels the page is wider than the window. */
  async overflow() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  }

  async #click(role, name) {
    try {
      await this.page.locator(`::-p-aria([name="${name}"][role="${role}"])`).click();
    } catch {
      throw new Error(`there is no ${role} "${name}" that can be used; ${await this.#there()}`);
    }
  }

  #control(label) {
    return this.page.evaluateHandle((wanted) => {
      const labels = [...document.querySelectorAll("label")];
      return labels.find((element) => element.textContent.trim() === wanted)?.control ?? null;
    }, label);
  }

  async #field(label) {
    await this.#until(`a field "${label}"`, (wanted) =>
      [...document.querySelectorAll("label")].some((element) => element.textContent.trim() === wanted && element.control), label);
    return (await this.#control(label)).asElement();
  }

  async #until(what, condition, ...values) {
    try {
      await this.page.waitForFunction(condition, {}, ...values);
    } catch {
      throw new Error(`waited for ${what}; ${await this.#there()}`);
    }
  }

  async #there() {
    const text = await this.page.evaluate(() => (document.querySelector("main") ?? document.body).innerText);
    return `there is: ${text.replace(/\s+/g, " ").slice(0, 300)}`;
  }
}

/** Sets a value at once, as a date picker or pasting does; React only takes note of the prototype's setter. */
function setValue(element, value) {
  const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value");
  set.call(element, value);
  element.dispatchEvent(new Event("input", { bubbles: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
}
