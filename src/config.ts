export interface Config {
  port: number;
  host: string;
  databaseUrl: string;
  /** Where people reach Sitebook, without a slash at the end; links and the CSRF check use it. */
  baseUrl: string;
}

/** Reads the environment as a set. Throws one Error whose message has a sentence for every wrong value. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const wrong: string[] = [];
  const port = Number(env.PORT ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    wrong.push(`PORT is "${env.PORT}"; set a number from 0 to 65535.`);
  const databaseUrl = env.DATABASE_URL ?? "file:data/sitebook.db";
  if (!/^(file:.|postgres(ql)?:\/\/.)/.test(databaseUrl))
    wrong.push(`DATABASE_URL is "${databaseUrl}"; set file:PATH for SQLite or postgres://USER:PASSWORD@HOST/DATABASE.`);
  const host = env.HOST ?? "127.0.0.1";
  const baseUrl = (env.BASE_URL ?? `http://localhost:${port}`).replace(/\/$/, "");
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? ""))
    wrong.push(`BASE_URL is "${env.BASE_URL}"; set the address that people open, like https://sitebook.example.com.`);
  if (wrong.length) throw new Error(wrong.join("\n"));
  return { port, host, databaseUrl, baseUrl };
}
