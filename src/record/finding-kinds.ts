/** What can be found: what it is called, and what to do about it. */
export const findingKinds = {
  server_down: {
    word: "server down",
    advice: "Check the server. Nothing is known about its pages until it answers again.",
  },
  missing: { word: "missing", advice: "Deploy the page again, or record its removal." },
  still_there: { word: "still there", advice: "Take the page off the server, or correct the record." },
  unrecorded: { word: "unrecorded", advice: "Record the page, or take it off the server." },
  drifted: { word: "drifted", advice: "Record what was deployed, or restore what was there." },
  not_as_approved: {
    word: "not as approved",
    advice: "Deploy the approved version, or record the one that is there.",
  },
  not_there_yet: { word: "not there yet", advice: "Deploy the version, or correct the record." },
  servers_disagree: {
    word: "servers disagree",
    advice: "Deploy the same version to all servers of the environment.",
  },
  wrong_software: { word: "wrong version", advice: "Deploy the recorded version, or record the one that is there." },
  noindex: { word: "noindex", advice: "Remove the directive, or search engines will drop the page." },
  indexed: {
    word: "open to search engines",
    advice: "Have the server tell search engines not to list its pages.",
  },
  canonical_elsewhere: {
    word: "canonical elsewhere",
    advice: "Name the address on this environment, or search engines will list the other one.",
  },
  links_elsewhere: {
    word: "links elsewhere",
    advice: "Link to the same page on this environment: visitors may not be able to open the other one.",
  },
  broken_asset: { word: "broken link or file", advice: "Put the file on the server, or correct the address." },
  stale: { word: "stale", advice: "Review the page, and give it another date; or take it off the server." },
  title_empty: { word: "no title", advice: "Give the page a title." },
  title_doubled: { word: "same title", advice: "Give each page a title of its own." },
  unobserved: {
    word: "could not be observed",
    advice: "Let Sitebook read the page: an administrator can enter credentials, or say that it is your own site.",
  },
  not_observed_since: {
    word: "not observed for days",
    advice: "Look at the page yourself: its record may be out of date.",
  },
} as const;
export type FindingCode = keyof typeof findingKinds;
export const findingCodes = Object.keys(findingKinds) as [FindingCode, ...FindingCode[]];

/** Those that say that the record, or what is there, is wrong: their opening and settling are events. */
export const recordCodes: string[] = [
  "missing",
  "still_there",
  "unrecorded",
  "drifted",
  "not_as_approved",
  "not_there_yet",
] satisfies FindingCode[];

/** Whether such a finding is about the record, rather than about good order. */
export const isAboutRecord = (code: string): boolean => recordCodes.includes(code);

/** What the board marks. */
export const boardCodes: string[] = [...recordCodes, "servers_disagree", "wrong_software"];
