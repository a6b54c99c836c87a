import { Hono } from "hono";
import { masksPage } from "../../views/settings/masks.ts";
import { besideFields } from "../errors.ts";
import type { SiteContext, SiteEnv } from "../http/context.ts";
import { formFields } from "../http/forms.ts";
import { flash, sitePage } from "../http/pages.ts";
import { sessionActor } from "../http/session.ts";
import { masksOf } from "../observations/filters.ts";
import { type MaskPreview, previewMask } from "../observations/mask-preview.ts";
import { addMask, refuseMask, removeMask } from "../observations/masks.ts";
import type { Mask } from "../observations/view.ts";

/** What visits leave out of the pages that they compare. */
export const maskSettingsRoutes = new Hono<SiteEnv>();

maskSettingsRoutes.get("/", (c) => show(c, { kind: "selector", expression: "" }));

maskSettingsRoutes.post("/", async (c) => {
  const { site } = c.var.access;
  const { kind, expression, previewed } = await formFields(c, "kind", "expression", "previewed");
  const mask: Mask = { kind: kind === "pattern" ? "pattern" : "selector", expression: expression.trim() };
  try {
    if (previewed !== previewOf(mask)) {
      await refuseMask(c.var.db, sessionActor(c), site, mask);
      return show(c, mask, { preview: await previewMask(c.var.db, site, mask) });
    }
    await addMask(c.var.db, sessionActor(c), site, mask);
  } catch (error) {
    return show(c, mask, { error: besideFields(error, "expression").errors.expression });
  }
  flash(c, "Mask added.");
  return c.redirect(c.req.path, 303);
});

maskSettingsRoutes.post("/:mask{[0-9a-f-]{36}}/removal", async (c) => {
  const { site } = c.var.access;
  const { expression } = await removeMask(c.var.db, sessionActor(c), site, c.req.param("mask"));
  flash(c, `Mask ${expression} removed.`);
  return c.redirect(`/sites/${site.slug}/settings/masks`, 303);
});

/** What the form sends with a mask that was previewed: another one is previewed first. */
const previewOf = ({ kind, expression }: Mask): string => `${kind} ${expression}`;

async function show(c: SiteContext, form: Mask, shown: { preview?: MaskPreview; error?: string | undefined } = {}) {
  const { site } = c.var.access;
  const content = masksPage({
    site,
    masks: await masksOf(c.var.db, site.id),
    form,
    ...shown,
    previewed: shown.preview && previewOf(form),
  });
  return sitePage(c, { title: "Masks", here: "settings" }, content, shown.error ? 422 : 200);
}
