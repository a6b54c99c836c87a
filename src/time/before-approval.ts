/** Whether something was there before the last approval that its gate needed. Recorded nevertheless, and flagged. */
export const isBeforeApproval = (
  { effective_at }: { effective_at: string },
  approvals: { decided_at: string; counts: boolean }[],
): boolean => approvals.some(({ decided_at, counts }) => counts && decided_at > effective_at);
