import { expect, test } from "vitest";
import { validHtml } from "./support/html.ts";

test("a page like those of the views is valid", () => {
  const form = `<h1>Board</h1> <form method="post" hx-post="/x" hx-target:inherited="#a" hx-status:422="target:#a" hx-sync="this:drop">
    <label for="name">Name</label> <input id="name" name="name" type="text"> <button type="submit">Save</button></form>`;

  expect(validHtml(page(form))).toEqual([]);
});

test("a fragment, and text that looks like a script, are valid", () => {
  expect(validHtml(`<tr id="row"><td>&lt;script&gt;javascript:alert(1) style="x"&lt;/script&gt;</td></tr>`)).toEqual(
    [],
  );
});

test.each([
  ["an element left open", "<div><p>Hello</div>"],
  ["an id used twice", `<p id="a">One</p><p id="a">Two</p>`],
  ["a reference to nothing", `<p aria-describedby="b">One</p>`],
  [
    "a row without a cell",
    "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
  ],
  ["a field without a label", page(`<input name="a" type="text">`)],
  ["an inline style", `<p style="color: red">Hello</p>`],
  ["an inline script", "<script>alert(1)</script>"],
  ["an inline stylesheet", "<style>p { color: red }</style>"],
  ["a handler", `<p onclick="go()">Hello</p>`],
  ["htmx's handler", `<p hx-on::after-swap="go()">Hello</p>`],
  ["htmx's evaluated values", `<p hx-vals="js:{a: 1}">Hello</p>`],
  ["htmx's trigger filter", `<p hx-trigger="click[ctrlKey]">Hello</p>`],
  ["a link that runs a script", `<a href="JavaScript:go()">Go</a>`],
])("%s is found", (_, markup) => {
  expect(validHtml(markup)).not.toEqual([]);
});

test.each([
  ["a character reference", "<p>Bread &amp; butter</p>", "<p>Bread &butter; and jam</p>"],
  ["trailing space", "<ul>\n\n<li>One</li>\n</ul>", "<ul>\n \n<li>One</li>\n</ul>"],
  ["a length", `<img src="/a" alt="A" width="12">`, `<img src="/a" alt="A" width="12" width="13">`],
  ["a stylesheet in a value", `<p title="plain">One</p>`, `<p title="plain" STYLE=color:red>One</p>`],
  ["a handler without a value", `<b class="a">One</b>`, `<b class="a"onclick>One</b>`],
])("%s is found in what is like a part that was good", (_, good, bad) => {
  expect(validHtml(good)).toEqual([]);
  expect(validHtml(bad)).not.toEqual([]);
});

function page(content: string): string {
  const head = `<head><title>Board</title></head>`;
  return `<!doctype html>\n<html lang="en">${head}<body><main id="a">${content}</main></body></html>`;
}
