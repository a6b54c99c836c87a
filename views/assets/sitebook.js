// Conveniences beyond links and forms. Every page works without this script.

const find = (selector) => document.querySelector(selector);
const inputOf = (element) =>
  element?.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

// Keyboard shortcuts: `/` and `?` alone, the others after `g`. Each is named by data-key on the link or field it leads to, and
// none approves or promotes anything. People who use speech input can turn them off on the help page (WCAG 2.1.4).
const shortcutsOff = () => localStorage.getItem("keys") === "off";
let last = { key: "", timeStamp: 0 };

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return submit(inputOf(event.target)?.form);
  if (event.key === "Escape") return closeMenus();
  if (shortcutsOff() || event.ctrlKey || event.metaKey || event.altKey || inputOf(event.target)) return;
  const afterG = last.key === "g" && event.timeStamp - last.timeStamp < 2000;
  last = event;
  const target = find(`[data-key="${CSS.escape(afterG ? `g ${event.key}` : event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("a")) target.click();
  else target.focus();
});

// Ctrl or Cmd with Enter submits the form that is being filled in. If it has several buttons, such as Approve and Reject, the
// focus moves to the first of them instead.
function submit(form) {
  const [first, ...others] = [...(form?.elements ?? [])].filter(
    (element) => element.matches("[type=submit]:enabled") && element.checkVisibility(),
  );
  if (others.length > 0) first.focus();
  else form?.requestSubmit(first);
}

const setting = find("#keys-on");
if (setting) {
  setting.checked = !shortcutsOff();
  setting.disabled = false;
  setting.addEventListener("change", () => localStorage.setItem("keys", setting.checked ? "on" : "off"));
}

// A new site is most likely in the time zone of the person who creates it.
const zone = find("[data-browser-zone]");
if (zone) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? zone.value;

// On a telephone the menu is wider than the window: scroll to the current page.
const current = find(".masthead nav [aria-current]");
if (current) current.closest("nav").scrollLeft = current.offsetLeft - 64;

// Menus close on Escape, which moves the focus back to their button, and on a click elsewhere.
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

// A form that was refused has its first wrong field in view, with the focus; the field refers to its sentence.
find("main :is([aria-invalid=true], .boxes:has(> .rejected) input)")?.focus();

// How many rows are selected. A box can stand for many; without this script the stylesheet counts.
const boxes = (within) => [...document.querySelectorAll(`${within} input[type=checkbox]`)];
function countSelected() {
  const checked = boxes(".selecting :is(.tick, .elsewhere)").filter((box) => box.checked);
  const count = checked.reduce((sum, box) => sum + Number(box.dataset.rows ?? 1), 0);
  for (const place of document.querySelectorAll(".selected-count")) place.textContent = count.toLocaleString("en-GB");
}
countSelected();
document.addEventListener("change", countSelected);

// A click with Shift on a box does the same to all rows from the last clicked one to this.
let lastBox;
document.addEventListener("click", (event) => {
  if (!event.target.matches(".tick input")) return;
  const list = boxes(".selecting .tick").filter((box) => box.checkVisibility());
  const range = [list.indexOf(lastBox), list.indexOf(event.target)].sort((a, b) => a - b);
  if (event.shiftKey && range[0] >= 0)
    for (const box of list.slice(range[0], range[1] + 1)) box.checked = event.target.checked;
  lastBox = event.target;
});

// What htmx puts into the page is announced to screen readers: its data-announce, or else its first note. If the focused element
// was replaced by one with the same id, that one takes the focus.
let focusedId = "";
document.addEventListener("htmx:before:swap", () => (focusedId = document.activeElement?.id ?? ""));
document.addEventListener("htmx:after:swap", (event) => {
  const old = event.detail?.ctx?.target ?? event.target;
  const target = old?.id ? document.getElementById(old.id) : old; // it may have been replaced
  if (target?.dataset?.live) return showChange(target);
  const announcement =
    target?.closest?.("[data-announce]")?.dataset.announce ??
    find("[data-announce]")?.dataset.announce ??
    find("main .note")?.textContent;
  countSelected();
  if (announcement) find("#announcement").textContent = announcement.trim();
  if (focusedId && document.activeElement === document.body) document.getElementById(focusedId)?.focus();
});

// Changes of the site. One page of this browser listens for all its pages, since browsers open few connections to a server; it
// goes on in the background, where the count in the title is seen. Without locks, which need HTTPS, each page listens while it
// is in view.
const changes = find("#site-changes");
if (changes) {
  const [name] = changes.getAttribute("hx-sse:connect").split("?");
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", () => changes.dispatchEvent(new CustomEvent("changed")));
  changes.addEventListener("changed", ({ detail }) => detail?.id && channel.postMessage(detail.id));
  const listen = () => changes.dispatchEvent(new Event("listen"));
  // leaving the page before it listens is no error
  changes.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    ctx.fetch = (...request) => fetch(...request).catch(() => new Response(null, { status: 204 }));
  });
  const listenForAll = () => {
    changes.setAttribute("hx-config", '{"sse":{"pauseOnBackground":false}}');
    listen();
    return new Promise(() => {});
  };
  addEventListener("load", () => {
    if (navigator.locks) void navigator.locks.request(name, listenForAll);
    else if (document.hidden) document.addEventListener("visibilitychange", listen, { once: true });
    else listen();
  });
}

// What is loaded again then is announced if its words changed. The count in the title is that of the inbox.
const liveWords = new Map([...document.querySelectorAll("[data-live]")].map(({ id, dataset }) => [id, dataset.live]));
let needed = find("#inbox-count")?.dataset.count;
function showChange({ id, dataset: { live, count } }) {
  if (liveWords.get(id) === live) return;
  liveWords.set(id, live);
  find("#announcement").textContent = live;
  if (!count) return;
  const title = needed === "0" ? document.title : document.title.slice(`(${needed}) `.length);
  document.title = count === "0" ? title : `(${count}) ${title}`;
  needed = count;
}

// On paper the page names its address, which a filter may have changed.
addEventListener("beforeprint", () => {
  const address = find("#printed-from");
  if (address) address.textContent = location.href;
});

// Copies an address to the clipboard, which needs a secure context; the button says so.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copy]");
  if (!button) return;
  const copied = await navigator.clipboard?.writeText(button.dataset.copy).then(
    () => true,
    () => false,
  );
  button.textContent = copied ? "Link copied" : button.dataset.copy;
  find("#announcement").textContent = button.textContent;
});
