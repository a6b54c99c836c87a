import { newId, sha256 } from "../../src/database/ids.ts";
import { batched } from "./batched.ts";
import { post } from "./load.ts";
import type { BenchWorld } from "./world.ts";

/** Opens promotions of one page each, and returns the requests with which a tester's browser approves them. */
export async function openPromotions({ db, other: site, cookie }: BenchWorld, count: number): Promise<Buffer[]> {
  const [beta, demo] = site.environments as [
    BenchWorld["site"]["environments"][0],
    BenchWorld["site"]["environments"][0],
  ];
  const { promotions, releases } = await db
    .selectFrom("sites")
    .select(["promotions", "releases"])
    .where("id", "=", site.id)
    .executeTakeFirstOrThrow();
  const requester = await db.selectFrom("people").select("id").where("name", "=", "Ada").executeTakeFirstOrThrow();
  const [placement] = await db
    .selectFrom("current_placements")
    .select(["artifact_id", "version_id"])
    .where("environment_id", "=", beta.id)
    .limit(1)
    .execute();
  const at = new Date().toISOString();
  const common = { site_id: site.id, person_id: requester.id };
  const write = batched(db);
  const release = { id: newId(), ...common, number: releases + 1, name: "One page", notes: null, digest: sha256("") };
  await write("releases", { ...release, environment_id: beta.id, created_at: at });
  await write("release_contents", { release_id: release.id, ...placement });
  const requests: Buffer[] = [];
  for (let number = promotions + 1; number <= promotions + count; number++) {
    const id = newId();
    const digest = sha256(id);
    const path = { from_id: beta.id, environment_id: demo.id, gate_id: demo.gate?.id ?? null };
    await write("promotions", {
      id,
      ...common,
      number,
      release_id: release.id,
      ...path,
      digest,
      note: null,
      asked_at: at,
    });
    await write("open_promotions", { promotion_id: id, site_id: site.id, environment_id: demo.id });
    const form = new URLSearchParams({ decision: "approve", digest }).toString();
    const headers = { cookie: cookie.theo, origin: "http://localhost", "sec-fetch-site": "same-origin" };
    const address = `/sites/${site.slug}/promotions/${number}/approvals`;
    requests.push(post(address, form, "application/x-www-form-urlencoded", headers));
  }
  await write.end();
  const numbers = { promotions: promotions + count, releases: release.number };
  await db.updateTable("sites").set(numbers).where("id", "=", site.id).execute();
  return requests;
}
