// What the pages do beyond links and forms. Every page works without it.

const find = (selector) => document.querySelector(selector);
const typing = (element) =>
  element?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

// Keys: `/` and `?` alone, the rest after `g`. They are named by data-key on the link or field they lead to, and none of them
// approves or promotes anything. Who speaks to the machine, or types with it, can turn them off (WCAG 2.1.4) on the help page.
const off = () => localStorage.getItem("keys") === "off";
let last = { key: "", timeStamp: 0 };

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return send(typing(event.target)?.form);
  if (event.key === "Escape") return closeMenus();
  if (off() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const afterG = last.key === "g" && event.timeStamp - last.timeStamp < 2000;
  last = event;
  const there = find(`[data-key="${CSS.escape(afterG ? `g ${event.key}` : event.key)}"]`);
  if (!there) return;
  event.preventDefault();
  if (there.matches("a")) there.click();
  else there.focus();
});

// Ctrl or Cmd and Enter send what is being written. Where there is a choice to make, such as approve or reject, they only lead to it.
function send(form) {
  const [first, ...others] = [...(form?.elements ?? [])].filter(
    (one) => one.matches("[type=submit]:enabled") && one.checkVisibility(),
  );
  if (others.length > 0) first.focus();
  else form?.requestSubmit(first);
}

const choice = find("#keys-on");
if (choice) {
  choice.checked = !off();
  choice.disabled = false;
  choice.addEventListener("change", () => localStorage.setItem("keys", choice.checked ? "on" : "off"));
}

// On a telephone the menu is wider than the window: it starts at where one is.
const here = find(".masthead nav [aria-current]");
if (here) here.closest("nav").scrollLeft = here.offsetLeft - 64;

// Menus close on Escape, with focus back where they were opened, and on a click elsewhere.
const menus = () => document.querySelectorAll(".switch[open]");
function closeMenus() {
  for (const menu of menus()) {
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
}
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});

// An answer that htmx puts into the page is said aloud: what it carries in data-said, or else its first note. And focus stays:
// where the element that had it was replaced by one with the same id, that one takes it.
let focused = "";
document.addEventListener("htmx:before:swap", () => (focused = document.activeElement?.id ?? ""));
document.addEventListener("htmx:after:swap", (event) => {
  const old = event.detail?.ctx?.target ?? event.target;
  const target = old?.id ? document.getElementById(old.id) : old; // it may have been replaced
  const said =
    target?.closest?.("[data-said]")?.dataset.said ??
    find("[data-said]")?.dataset.said ??
    find("main .note")?.textContent;
  if (said) find("#said").textContent = said.trim();
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
});
