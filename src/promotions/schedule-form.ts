import { type FieldError, fieldErrors } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { formFields, readScheduledMoment } from "../http/forms.ts";
import { normalRedirect } from "../intake/redirects.ts";
import { formatMoment } from "../time/parse-moment.ts";
import type { Plan } from "./schedule-rules.ts";
import { takeDowns } from "./take-down-rules.ts";

/** The fields of a plan as they were typed. The form, the API's body and the errors call them the same. */
export interface PlanForm {
  go_live_at: string;
  by_itself: string;
  take_down_at: string;
  take_down: string;
  take_down_redirect: string;
  take_down_by_itself: string;
}

export const emptyPlan: PlanForm = {
  go_live_at: "",
  by_itself: "",
  take_down_at: "",
  take_down: "",
  take_down_redirect: "",
  take_down_by_itself: "",
};

export const readPlanForm = (c: SiteContext): Promise<PlanForm> =>
  formFields(c, ...(Object.keys(emptyPlan) as (keyof PlanForm)[]));

/** A plan as its form shows it. */
export const planForm = (plan: Plan | null, zone: string): PlanForm => ({
  go_live_at: plan?.go_live_at ? pickerValue(plan.go_live_at, zone) : "",
  by_itself: plan?.by_itself ? "1" : "",
  take_down_at: plan?.take_down_at ? pickerValue(plan.take_down_at, zone) : "",
  take_down: plan?.take_down ?? "",
  take_down_redirect: plan?.take_down_redirect ?? "",
  take_down_by_itself: plan?.take_down_by_itself ? "1" : "",
});

/** As a picker for dates and times takes it, if it is a minute that the clock shows once. */
const pickerValue = (at: string, zone: string): string =>
  formatMoment(at, zone).replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d)$/, "$1T$2");

/** What was typed as a plan, with the fields that cannot be read. */
export function planOf(c: SiteContext, typed: TypedPlan): { plan: Plan; errors: FieldError[] } {
  const goLive = readScheduledMoment(c, typed.go_live_at ?? undefined);
  const takeDown = readScheduledMoment(c, typed.take_down_at ?? undefined);
  const plan = {
    go_live_at: goLive.at ?? null,
    by_itself: Boolean(typed.by_itself),
    take_down_at: takeDown.at ?? null,
    // without a moment it is not planned, whatever is selected in the form
    take_down: (takeDown.at && takeDowns.find((one) => one === typed.take_down)) || null,
    take_down_redirect: takeDown.at ? normalRedirect(typed.take_down_redirect) : null,
    take_down_by_itself: Boolean(typed.take_down_by_itself),
  };
  return { plan, errors: fieldErrors({ go_live_at: goLive.wrong, take_down_at: takeDown.wrong }) };
}

/** The fields of a plan in a form or in the body of a call, where they may be missing. */
export interface TypedPlan {
  go_live_at?: string | null | undefined;
  by_itself?: string | boolean | undefined;
  take_down_at?: string | null | undefined;
  take_down?: string | null | undefined;
  take_down_redirect?: string | null | undefined;
  take_down_by_itself?: string | boolean | undefined;
}
