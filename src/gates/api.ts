import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type GateRules, gateDefaults } from "../access/gates.ts";
import { roleNames } from "../access/roles.ts";
import { findAnyEnvironment, findEnvironment } from "../access/sites.ts";
import { tokenActor } from "../api/auth.ts";
import { getCall, putCall } from "../api/calls.ts";
import { environmentSlug, slugSchema, textUpTo } from "../api/schemas.ts";
import type { Database } from "../database/connect.ts";
import type { SiteEnv } from "../http/context.ts";
import { type CheckedGate, changeGate, checkedGate } from "./gates.ts";
import { checklistLimits, maxReason } from "./rules.ts";
import { gateSentence } from "./sentences.ts";

const tags = ["Gates"];

export const gateApi = new OpenAPIHono<SiteEnv>();

/** Ranges are documented here and checked by the rules, so that page and API refuse with the same sentence. */
const whole = (minimum: number, maximum: number) => z.number().openapi({ type: "integer", minimum, maximum });

const role = textUpTo(60).openapi({ description: "The slug of a role.", example: "marketing" });

const options = {
  requester_may_approve: z.boolean().openapi({ default: false }),
  machines_may_approve: z.boolean().openapi({ default: true }),
  recorders_may_approve: z.boolean().openapi({
    default: true,
    description: "Whether people may approve what they recorded themselves on the previous environment.",
  }),
  soak_hours: whole(0, 8760).openapi({
    default: 0,
    description: "For how many hours the contents must have been on the previous environment.",
  }),
  approval_days: whole(0, 3650).openapi({
    default: 0,
    description: "After how many days an approval expires; 0: never.",
  }),
  promotion_days: whole(0, 3650).openapi({
    default: 0,
    description: "After how many days a promotion that was not completed expires; 0: never.",
  }),
  all_reviewed: z.boolean().openapi({
    default: false,
    description: "Whether all pages must be marked as reviewed before approving.",
  }),
  check_requirements: z.boolean().openapi({
    default: true,
    description: "Whether the target must have the software that versions require.",
  }),
  checklist: z.array(textUpTo(checklistLimits.characters)).openapi({
    default: [],
    maxItems: checklistLimits.lines,
    description: "What has to be ticked before completion.",
    example: ["The price list is signed off"],
  }),
  fresh_sign_in: z
    .boolean()
    .openapi({ default: false, description: "Whether who approves must have signed in within the last 15 minutes." }),
  carry_over: z.enum(["never", "page", "release"]).openapi({
    default: "never",
    description:
      "Whether approvals of pages that stay the same carry over to a release that was made from an earlier one: never, page by page, or only if all of them were approved.",
  }),
  rollback_needs_approval: z.boolean().openapi({ default: true }),
  guest_roles: z.array(role).openapi({
    default: [],
    description: "The roles in which guests without an account can be invited to decide on one promotion.",
  }),
  completed_by_observation: z.boolean().openapi({
    default: false,
    description:
      "Whether a promotion is completed by itself once Sitebook sees all of its pages on every server as they were approved, and nothing blocks it.",
  }),
  rollback_roles: z.array(role).openapi({
    default: [],
    description: "The roles that may roll back; empty: everyone who may complete promotions.",
  }),
};

const requirements = z
  .array(z.strictObject({ role, count: whole(1, 99) }))
  .openapi({ description: "How many approvals of each role it needs. Nobody counts twice." });

const version = z.int().openapi({ minimum: 0, description: "0: the environment has no gate.", example: 2 });

const gate = z
  .object({
    version,
    requirements,
    ...options,
    sentence: z.string().openapi({
      description: "What it asks, in words.",
      example: "Needs 1 approval from Marketing; the requester’s own approval does not count.",
    }),
    warnings: z.array(z.string()).openapi({ description: "What nobody could meet of it now, each as a sentence." }),
  })
  .openapi("Gate");

const params = z.object({ site: slugSchema, env: environmentSlug });

const showCall = getCall("/sites/{site}/environments/{env}/gate", {
  tags,
  operationId: "getGate",
  summary: "What an environment asks of promotions into it",
  params,
  answer: gate,
});

gateApi.openapi(showCall, async (c) => {
  const { site } = c.var.access;
  const environment = findAnyEnvironment(site, c.req.valid("param").env);
  return c.json(await gateJson(c.var.db, await checkedGate(c.var.db, site, environment, c.var.at)), 200);
});

const optional = Object.fromEntries(Object.entries(options).map(([name, schema]) => [name, schema.optional()])) as {
  [Name in keyof typeof options]: z.ZodOptional<(typeof options)[Name]>;
};

const changeCall = putCall("/sites/{site}/environments/{env}/gate", {
  needs: "administer",
  tags,
  operationId: "changeGate",
  summary: "Give an environment a new gate",
  description:
    "For administrators. Rules that are left out get their default. Open promotions keep the gate under which they were requested. The same rules again change nothing.",
  params,
  body: z
    .strictObject({
      version: version
        .optional()
        .openapi({ description: "The version that you saw: 409 if somebody else has changed it since." }),
      requirements,
      ...optional,
      reason: textUpTo(maxReason).openapi({ example: "Prices are checked by two people from now on" }),
    })
    .openapi("GateChange"),
  answer: gate,
});

gateApi.openapi(changeCall, async (c) => {
  const body = c.req.valid("json");
  const { site } = c.var.access;
  const environment = findEnvironment(site, c.req.valid("param").env);
  const { version: expectedVersion, reason, ...rules } = body;
  const change = { rules: readRules(rules), reason, expectedVersion };
  return c.json(
    await gateJson(c.var.db, await changeGate(c.var.db, tokenActor(c, body), site, environment, change)),
    200,
  );
});

type RulesJson = Omit<z.infer<typeof gate>, "version" | "sentence" | "warnings">;

function readRules(
  json: Pick<RulesJson, "requirements"> & { [Name in keyof RulesJson]?: RulesJson[Name] | undefined },
) {
  const { requester_may_approve = false, ...rules } = json;
  const given = Object.fromEntries(Object.entries(rules).filter(([, value]) => value !== undefined));
  return { ...gateDefaults, ...given, asker_may_approve: requester_may_approve } as GateRules;
}

async function gateJson(db: Database, { version, rules, warnings }: CheckedGate): Promise<z.infer<typeof gate>> {
  const { asker_may_approve, ...others } = rules;
  const sentence = gateSentence(version ? rules : null, await roleNames(db));
  return { version, ...others, requester_may_approve: asker_may_approve, sentence, warnings };
}
