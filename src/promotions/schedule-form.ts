import { type FieldError, fieldErrors } from "../errors.ts";
import type { SiteContext } from "../http/context.ts";
import { formFields, readScheduledMoment } from "../http/forms.ts";
import { formatMoment } from "../time/parse-moment.ts";
import type { Plan } from "./schedule-rules.ts";

/** The fields of a plan as they were typed. The form, the API's body and the errors call them the same. */
export interface PlanForm {
  go_live_at: string;
  by_itself: string;
}

export const emptyPlan: PlanForm = { go_live_at: "", by_itself: "" };

export const readPlanForm = (c: SiteContext): Promise<PlanForm> => formFields(c, "go_live_at", "by_itself");

/** A plan as its form shows it. */
export const planForm = (plan: Plan | null, zone: string): PlanForm => ({
  go_live_at: plan?.go_live_at ? pickerValue(plan.go_live_at, zone) : "",
  by_itself: plan?.by_itself ? "1" : "",
});

/** As a picker for dates and times takes it, if it is a minute that the clock shows once. */
const pickerValue = (at: string, zone: string): string =>
  formatMoment(at, zone).replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d)$/, "$1T$2");

/** What was typed as a plan, with the fields that cannot be read. */
export function planOf(
  c: SiteContext,
  { go_live_at, by_itself }: { go_live_at?: string | null | undefined; by_itself?: string | boolean | undefined },
): { plan: Plan; errors: FieldError[] } {
  const goLive = readScheduledMoment(c, go_live_at ?? undefined);
  return {
    plan: { go_live_at: goLive.at ?? null, by_itself: Boolean(by_itself) },
    errors: fieldErrors({ go_live_at: goLive.wrong }),
  };
}
