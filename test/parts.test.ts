import { expect, test } from "vitest";
import { artifactLink, artifactPath, digest, versionTag } from "../views/parts/artifact.ts";
import { button } from "../views/parts/button.ts";
import { area, input } from "../views/parts/field.ts";
import { attr, attrs, classes, each, html, withoutMarkup } from "../views/parts/html.ts";
import { statusBadge } from "../views/parts/status-badge.ts";

const hostile = `<script>alert("it's & done")</script>`;
const escaped = "&lt;script&gt;alert(&quot;it&#39;s &amp; done&quot;)&lt;/script&gt;";

test("texts in a list are escaped once, and its markup is not", () => {
  const list = html`<ul>${each([hostile, "b"], (item) => html`<li>${item}</li>`)}</ul>`;

  expect(String(list)).toBe(`<ul><li>${escaped}</li><li>b</li></ul>`);
});

test("in a text, names from right to left are isolated, and each is in one piece", () => {
  expect(String(html`${"Wait for דנה כהן-לוי, then نور 2.1 approves."}`)).toBe(
    "Wait for <bdi>דנה כהן-לוי</bdi>, then <bdi>نور</bdi> 2.1 approves.",
  );
  expect(String(html`<p title="a > b">on ${hostile} ${["דנה", "Ada"]}</p>`)).toBe(
    `<p title="a > b">on ${escaped} <bdi>דנה</bdi>Ada</p>`,
  );
});

test("but not in attributes, nor where they are isolated already or elements are not shown", () => {
  const name = "דנה";
  expect(String(html`<a href="/${name}" title="${name}">x</a>`)).toBe(`<a href="/${name}" title="${name}">x</a>`);
  expect(String(html` aria-label="To ${name}, ${name}"`)).toBe(` aria-label="To ${name}, ${name}"`);
  expect(String(html`<bdi class="a"${attr("id", "b")}>${name}</bdi> of ${name}`)).toBe(
    `<bdi class="a" id="b">${name}</bdi> of <bdi>${name}</bdi>`,
  );
  expect(String(html`<option value="${name}">${name}</option>`)).toBe(`<option value="${name}">${name}</option>`);
  expect(String(withoutMarkup(html`On ${name}: <bdi>${"a&b"}</bdi>`))).toBe(`On ${name}: a&amp;b`);
});

test("an attribute is escaped, and left out if it has no value", () => {
  expect(String(attr("disabled", true))).toBe(" disabled");
  expect(String(attr("aria-pressed", "true"))).toBe(' aria-pressed="true"');
  expect(String(attr("value", ""))).toBe(' value=""');
  expect(String(attr("value", 0))).toBe(' value="0"');
  expect(String(attr("title", hostile))).toBe(` title="${escaped}"`);
  expect([attr("a", false), attr("a", undefined), attr("a", null)].map(String)).toEqual(["", "", ""]);
  expect(String(attrs({ id: "x", hidden: true, title: undefined }))).toBe(' id="x" hidden');
});

test("empty classes are left out, and without any there is no attribute", () => {
  expect(String(classes("is", false, undefined, "wrap"))).toBe(' class="is wrap"');
  expect(String(classes(false))).toBe("");
});

test("a field connects its label, hint and error with its control", () => {
  const field = String(input({ name: "email", label: "E-mail", hint: "Yours", error: "It has no @.", required: true }));

  expect(field).toContain('<label for="email">E-mail</label>');
  expect(field).toContain('required aria-invalid="true" aria-describedby="email-hint email-error"');
  expect(field).toContain('id="email-error">It has no @.</span>');
  expect(String(input({ name: "email", label: "E-mail" }))).not.toMatch(/aria-|required|value/);
});

test("a text area keeps its content, with an empty first line", () => {
  expect(String(area({ name: "lines", label: "Lines", value: "\n</textarea>" }))).toContain(
    'rows="3">\n\n&lt;/textarea&gt;</textarea>',
  );
});

test("a disabled button shows the reason beside it", () => {
  const refused = String(button({ text: "Approve", name: "decision", value: "approve", why: "You asked for it." }));

  expect(refused).toContain('disabled aria-describedby="why-decision-approve"');
  expect(refused).toContain('id="why-decision-approve">You asked for it.</span>');
  expect(String(button({ text: "Approve" }))).toBe('<button type="submit">Approve</button>');
});

test("several disabled buttons can share one reason", () => {
  expect(String(button({ text: "Approve", because: "over" }))).toBe(
    '<button type="submit" disabled aria-describedby="over">Approve</button>',
  );
});

test("a status has its word, and more text for screen readers", () => {
  expect(String(statusBadge("ahead", "ahead", { more: " of demo" }))).toBe(
    '<span class="is ahead">ahead<span class="more"> of demo</span></span>',
  );
  expect(String(statusBadge("waiting", "waiting", { href: "/x" }))).toBe('<a class="is waiting" href="/x">waiting</a>');
});

test("an artifact's link escapes its key and title", () => {
  expect(artifactPath("shop", { kind: "page", key: "/größe/a&b?" })).toBe(
    "/sites/shop/artifacts/page?key=%2Fgr%C3%B6%C3%9Fe%2Fa%26b%3F",
  );
  expect(String(artifactLink("shop", { kind: "page", key: "/a", title: hostile }))).toContain(
    `<bdi class="title">${escaped}</bdi>`,
  );
});

test("a missing version is shown as a word, and a digest in groups of four", () => {
  expect(String(versionTag("v3"))).toBe('<bdi class="version">v3</bdi>');
  expect(String(versionTag(null))).toBe('<span class="none">removed</span>');
  expect(String(versionTag(undefined, "not here"))).toContain("not here");
  expect(String(digest("9f2c41d7b0aa9988"))).toBe('<code title="9f2c41d7b0aa9988">9f2c 41d7 b0aa</code>');
});
