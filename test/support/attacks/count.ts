/** The results of an attack's requests and connections. */
export interface Tally {
  /** By status; `429 later` is a response with Retry-After. */
  answers: Record<string, number>;
  /** Connections that ended without a response. */
  cut: number;
}

export class Count {
  readonly tally: Tally = { answers: {}, cut: 0 };

  answered(status: string | number, retryAfter: string | undefined): void {
    const kind = retryAfter ? `${status} later` : String(status);
    this.tally.answers[kind] = (this.tally.answers[kind] ?? 0) + 1;
  }

  /** Counts a connection that has ended, by the bytes that it received. */
  ended(received: string): void {
    const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(received) ?? [];
    if (status) this.answered(status, /^retry-after: *(.+)$/im.exec(received)?.[1]);
    else this.tally.cut += 1;
  }
}
