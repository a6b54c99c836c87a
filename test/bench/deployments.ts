import { post } from "./load.ts";

/** It changes in every round of the history, so that it has more than 300 changes on each environment. */
export const busyPage = "/section-0000/page-000003";

let versions = 0;

/** A deployment of this many pages on beta, each with a new version. */
export function deploymentRequest(
  { token }: { token: string },
  lines: number,
  keyOf: (i: number) => string = () => busyPage,
): Buffer {
  versions += 1;
  const version = `bench-${versions}`;
  const placements = Array.from({ length: lines }, (_, i) => ({ kind: "page", key: keyOf(i), version }));
  const path = `/api/v1/sites/bench/environments/beta/deployments`;
  return post(path, JSON.stringify({ placements }), "application/json", { authorization: `Bearer ${token}` });
}
