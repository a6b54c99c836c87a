import type { Blocker } from "../errors.ts";
import { type BadMark, badInWords, badReleaseCode } from "../record/release-marks.ts";
import type { Flag } from "../schema.ts";

/** Why a promotion cannot be requested: the same one is open already, or it would change nothing. */
export function whyNotRequest(
  release: { number: number; rollback_of: number | null; take_down_of: number | null; bad: BadMark | null },
  environment: { name: string },
  same: { number: number } | undefined,
  contents: { change: PromotionChange }[],
): Blocker | undefined {
  if (same) return { code: "already_asked", message: `Already requested: promotion ${same.number}.` };
  if (release.bad) return badRelease(release.number, release.bad);
  if (release.take_down_of)
    return {
      code: "take_down_release",
      message: `Release ${release.number} is the take-down of promotion ${release.take_down_of}, and is promoted only at its planned moment.`,
    };
  if (release.rollback_of)
    return {
      code: "rollback_release",
      message: `Release ${release.number} was created for a rollback of promotion ${release.rollback_of}. To roll back again, start from that promotion.`,
    };
  if (contents.every((content) => content.change === "same"))
    return {
      code: "nothing_to_change",
      message: `Release ${release.number} would not change anything on ${environment.name}.`,
    };
}

/** The blocker of everything that would promote a release that is marked as bad. */
export const badRelease = (release: number, bad: BadMark): Blocker => ({
  code: badReleaseCode,
  message: badInWords(release, bad),
});

/** `unapproved`: the target has it already, out of band; completing the promotion would approve it afterwards. */
export type PromotionChange = "new" | "changed" | "removed" | "unapproved" | "same";

/** What completing a promotion does to one artifact in its target; `inTarget` is undefined if it was never recorded there. */
export function changeOf(
  content: { version_id: string | null },
  inTarget: { version_id: string | null; out_of_band: Flag } | undefined,
): PromotionChange {
  if ((inTarget?.version_id ?? null) === content.version_id) return inTarget?.out_of_band ? "unapproved" : "same";
  if (content.version_id === null) return "removed";
  return inTarget?.version_id ? "changed" : "new";
}
