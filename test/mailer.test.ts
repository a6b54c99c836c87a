import { once } from "node:events";
import { createServer } from "node:net";
import type { SMTPServerOptions } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import { createMailer, type Mail, MailRefused } from "../src/mail/mailer.ts";
import { type MailServer, mailServer } from "./support/mail-server.ts";

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function serve(options: SMTPServerOptions = {}): Promise<MailServer> {
  const server = await mailServer(options);
  open.push(server);
  return server;
}

const from = "Sitebook <sitebook@example.test>";

const mail = (more: Partial<Mail> = {}): Mail => ({
  to: { name: "Mara", address: "mara@example.test" },
  subject: "Approval needed",
  text: "Please review.",
  html: "<p>Please review.</p>",
  messageId: "notice-1@sitebook.test",
  ...more,
});

test("a mail arrives with both texts, its id, its conversation and one-click unsubscribing", async () => {
  const { url, mails } = await serve();
  const unsubscribe = "https://sitebook.test/unsubscribe?key=secret";
  await createMailer({ url, from })(mail({ conversation: "promotion-1@sitebook.test", unsubscribe }));
  const [received] = mails;
  expect(received?.from?.text).toBe('"Sitebook" <sitebook@example.test>');
  expect(received).toMatchObject({
    subject: "Approval needed",
    messageId: "<notice-1@sitebook.test>",
    inReplyTo: "<promotion-1@sitebook.test>",
    text: expect.stringContaining("Please review."),
    html: expect.stringContaining("<p>Please review.</p>"),
  });
  expect(received?.headers.get("auto-submitted")).toBe("auto-generated");
  const header = (key: string) => received?.headerLines.find((one) => one.key === key)?.line;
  expect(header("list-unsubscribe")).toContain(`<${unsubscribe}>`);
  expect(header("list-unsubscribe-post")).toContain("List-Unsubscribe=One-Click");
});

test("names and addresses in any script arrive as they are", async () => {
  const { url, mails } = await serve();
  const to = { name: 'Søren "Sø" Żółć, 日本 🙂', address: "søren@exämple.test" };
  await createMailer({ url, from })(mail({ to, subject: "Żółć – 日本 🙂" }));
  expect(mails[0]?.subject).toBe("Żółć – 日本 🙂");
  const [received] = [mails[0]?.to ?? []].flat();
  expect(received?.value[0]?.name).toBe(to.name);
  expect(received?.value[0]?.address).toMatch(/^søren@/);
});

test("line breaks in a name, an address or a subject add no header and no receiver", async () => {
  const { url, mails } = await serve();
  const evil = "x\r\nBcc: thief@example.test\r\n\r\nHello";
  await createMailer({ url, from })(mail({ to: { name: evil, address: "mara@example.test" }, subject: evil }));
  expect(mails).toHaveLength(1);
  expect(mails[0]?.headers.has("bcc")).toBe(false);
  const attempt = createMailer({ url, from })(
    mail({ to: { name: "M", address: "mara@example.test>\r\nRCPT TO:<thief@example.test" } }),
  );
  await attempt.catch(() => undefined);
  expect(
    mails.flatMap(({ to }) => [to ?? []].flat().flatMap(({ value }) => value)).map(({ address }) => address),
  ).not.toContain("thief@example.test");
});

test("a server with a password is given it, over TLS", async () => {
  const seen: object[] = [];
  const { url, mails } = await serve({
    secure: false,
    disabledCommands: [],
    authOptional: false,
    onAuth: ({ username, password }, { secure }, done) => {
      seen.push({ username, password, secure });
      done(null, { user: username });
    },
  });
  const withPassword = url.replace("//", "//book:hunter2@");
  await createMailer({ url: `${withPassword}?tls.rejectUnauthorized=false`, from })(mail());
  expect(seen).toEqual([{ username: "book", password: "hunter2", secure: true }]);
  expect(mails).toHaveLength(1);
  // the certificate of the test's server is signed by nobody
  await expect(createMailer({ url: withPassword, from })(mail())).rejects.toThrow(/certificate/);
  expect(mails).toHaveLength(1);
});

test("a wrong password, a full server and a closed port may work later, and an unknown receiver never", async () => {
  const wrong = await serve({
    authOptional: false,
    onAuth: (_auth, _session, done) => done(new Error("Wrong password")),
  });
  const failure = (url: string) =>
    createMailer({ url, from }, { timeoutMs: 1_000 })(mail()).catch((error: unknown) => error);
  const reply = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });
  expect(await failure(wrong.url.replace("//", "//book:x@"))).not.toBeInstanceOf(MailRefused);
  const full = await serve({ onRcptTo: (_to, _session, done) => done(reply(452, "Mailbox full")) });
  expect(await failure(full.url)).not.toBeInstanceOf(MailRefused);
  const unknown = await serve({ onRcptTo: (_to, _session, done) => done(reply(550, "No such user here")) });
  const refused = await failure(unknown.url);
  expect(refused).toBeInstanceOf(MailRefused);
  expect((refused as Error).message).toContain("No such user here");
  await unknown.close();
  open.splice(open.indexOf(unknown), 1);
  expect(await failure(unknown.url)).not.toBeInstanceOf(MailRefused);
});

test("a server that accepts the connection and says nothing holds nobody up for ever", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  open.push({ close: () => silent.close() });
  const { port } = silent.address() as { port: number };
  const sending = createMailer({ url: `smtp://127.0.0.1:${port}`, from }, { timeoutMs: 200 })(mail());
  await expect(sending).rejects.toThrow(/timeout|greeting/i);
});

test("a server that answers slowly gets the mail, though all of it takes longer than it may be silent", async () => {
  const slowly = (done: (error?: Error | null) => void) => void setTimeout(done, 400);
  const { url, mails } = await serve({
    onMailFrom: (_from, _session, done) => slowly(done),
    onRcptTo: (_to, _session, done) => slowly(done),
  });
  await createMailer({ url, from }, { timeoutMs: 600 })(mail());
  expect(mails).toHaveLength(1);
});
