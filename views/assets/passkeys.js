// Passkeys: the device answers a challenge of the server, and the form is sent with that answer. The server checks it.

const area = document.querySelector("[data-passkey]");
const form = area.querySelector("form");
const credentials = {
  create: (options) =>
    navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  get: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

if (globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) area.hidden = false;
else document.querySelector("[data-no-passkeys]").hidden = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  show();
  try {
    const options = await challenge();
    if (!options) return;
    form.elements.credential.value = JSON.stringify(await credentials[area.dataset.passkey](options));
    form.submit();
  } catch (error) {
    show(error.name);
  } finally {
    button.disabled = false;
  }
});

async function challenge() {
  const address = new URL(form.action);
  address.pathname += "/challenge";
  const answer = await fetch(address, { method: "POST" });
  const json = await answer.json();
  if (answer.ok) return json;
  show("other", json.refused);
}

// The sentence for an error, or none.
function show(name, sentence) {
  const all = [...area.querySelectorAll("[data-error]")];
  const shown = name && (all.find((one) => one.dataset.error === name) ?? all.at(-1));
  for (const one of all) one.hidden = one !== shown;
  if (sentence) shown.firstElementChild.textContent = sentence;
}
