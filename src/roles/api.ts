import { OpenAPIHono, z } from "@hono/zod-openapi";
import { administersEverySite } from "../access/administrators.ts";
import { permissions } from "../access/permissions.ts";
import { listRoles } from "../access/roles.ts";
import { getCall, type Needs, postCall, putCall } from "../api/calls.ts";
import { slugSchema, textUpTo } from "../api/schemas.ts";
import { refuse } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { actingPerson } from "../http/session.ts";
import { holderCounts } from "./queries.ts";
import { changeRole, createRole, removeRole } from "./roles.ts";
import { whyNotAdministerRoles } from "./rules.ts";

const tags = ["Roles"];

export const roleApi = new OpenAPIHono<SiteEnv>();

/** A token has roles on one site only, so it administers every site only where there is no other. */
const mayAdministerRoles: Exclude<Needs, string> = async (c) =>
  whyNotAdministerRoles(await administersEverySite(c.var.db, c.var.person.id));

const roleSlug = slugSchema.openapi({ example: "legal" });

const permissionList = z.array(z.string()).openapi({
  description: `Some of ${permissions.join(", ")}. Every role may view.`,
  example: ["record", "promote"],
});

const role = z.object({ slug: roleSlug, name: z.string(), permissions: permissionList }).openapi("Role");

const listCall = getCall("/roles", {
  tags,
  operationId: "listRoles",
  summary: "The roles, which are the same on all sites, by name",
  description: "For tokens that administer every site.",
  needs: mayAdministerRoles,
  params: z.object({}),
  answer: z.object({
    items: z.array(role.extend({ holders: z.int().openapi({ description: "People and tokens who have it." }) })),
  }),
});

roleApi.openapi(listCall, async (c) => {
  refuse(await mayAdministerRoles(c as SiteContext), 403);
  const holders = await holderCounts(c.var.db);
  const roles = await listRoles(c.var.db);
  return c.json({ items: roles.map((one) => ({ ...one, holders: holders.get(one.slug) ?? 0 })) }, 200);
});

const createCall = postCall("/roles", {
  needs: mayAdministerRoles,
  tags,
  operationId: "createRole",
  summary: "Create a role",
  description: "A repeated request is refused: there is a role with this short name then.",
  params: z.object({}),
  body: z
    .strictObject({ slug: roleSlug, name: textUpTo(200), permissions: permissionList.optional() })
    .openapi("NewRole"),
  answer: role,
});

roleApi.openapi(createCall, async (c) => {
  const { permissions = [], ...body } = c.req.valid("json");
  const { slug } = await createRole(c.var.db, actingPerson(c), { ...body, permissions });
  return c.json(await roleJson(c as SiteContext, slug), 201);
});

const params = z.object({ role: roleSlug });

const changeCall = putCall("/roles/{role}", {
  needs: mayAdministerRoles,
  tags,
  operationId: "changeRole",
  summary: "Change the name and the permissions of a role",
  description:
    "What was done before keeps the name of then. 409 if a site would lose its last administrator. Repeating it changes nothing.",
  params,
  body: z.strictObject({ name: textUpTo(200), permissions: permissionList }).openapi("RoleChange"),
  answer: role,
});

roleApi.openapi(changeCall, async (c) => {
  const { role: slug } = c.req.valid("param");
  await changeRole(c.var.db, actingPerson(c), slug, c.req.valid("json"));
  return c.json(await roleJson(c as SiteContext, slug), 200);
});

const removeCall = postCall("/roles/{role}/removal", {
  needs: mayAdministerRoles,
  tags,
  operationId: "removeRole",
  summary: "Remove a role that nobody has and nothing needs",
  params,
  body: z.strictObject({}).openapi("RoleRemoval"),
  mayBeEmpty: true,
  answer: z.object({ slug: roleSlug, name: z.string() }).openapi("RemovedRole"),
});

roleApi.openapi(removeCall, async (c) => {
  const { role: slug } = c.req.valid("param");
  const { name } = await removeRole(c.var.db, actingPerson(c), slug);
  return c.json({ slug, name }, 201);
});

async function roleJson(c: SiteContext, slug: string): Promise<z.infer<typeof role>> {
  const { name, permissions } = (await listRoles(c.var.db)).find((one) => one.slug === slug) ?? {
    name: slug,
    permissions: [],
  };
  return { slug, name, permissions };
}
