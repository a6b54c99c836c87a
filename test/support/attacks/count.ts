/** What became of an attack's requests and connections. */
export interface Tally {
  /** By status; `429 later` are those that said when to come again. */
  answers: Record<string, number>;
  /** Connections that ended without an answer. */
  cut: number;
}

export class Count {
  readonly tally: Tally = { answers: {}, cut: 0 };

  answered(status: string | number, retryAfter: string | undefined): void {
    const kind = retryAfter ? `${status} later` : String(status);
    this.tally.answers[kind] = (this.tally.answers[kind] ?? 0) + 1;
  }

  /** What a bare connection brought until it ended. */
  ended(received: string): void {
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(received) ?? [];
    if (status) this.answered(status, /^retry-after: *(.+)$/im.exec(received)?.[1]);
    else this.tally.cut += 1;
  }
}
