import { type ExamplePerson, inventory } from "./shop.ts";

/** How many working days ago, and the time of day in UTC. */
export type StoryMoment = [daysAgo: number, time: string];

/** A line is `key version` or, if removed, `-key`; release notes follow after a bar. */
export interface StoryDeployment {
  on: string;
  lines: string[];
  note?: string;
  source?: string;
  /** Hours between the deployment and its recording. */
  hoursLate?: number;
}

export type Step = { when: StoryMoment } & (
  | { contributor: StoryDeployment }
  | { releases: { name: string; notes?: string; only?: string[] } }
  | { requests: string; into: string; note?: string }
  | { approves: string; as: ExamplePerson; into: string; comment?: string }
  | { rejects: string; as: ExamplePerson; into: string; comment: string }
  | { completes: string; into: string }
);

const ci = (build: number) => `https://ci.example.test/builds/${build}`;

/** Three months of the shop, oldest first. At the end one promotion is waiting for Marketing. */
export const story: Step[] = [
  { when: [64, "09:10"], contributor: { on: "beta", note: "First inventory of the site.", lines: inventory } },
  { when: [64, "11:00"], releases: { name: "Initial contents", notes: "Everything, so that the record is complete." } },
  { when: [64, "11:05"], requests: "Initial contents", into: "demo" },
  {
    when: [63, "10:00"],
    approves: "Initial contents",
    as: "nina",
    into: "demo",
    comment: "Checked every section.",
  },
  { when: [63, "10:15"], completes: "Initial contents", into: "demo" },
  { when: [63, "10:20"], requests: "Initial contents", into: "live" },
  { when: [63, "15:10"], approves: "Initial contents", as: "priya", into: "live" },
  { when: [62, "09:00"], completes: "Initial contents", into: "live" },

  {
    when: [60, "14:20"],
    contributor: {
      on: "beta",
      lines: [
        "/recipes v27 | Two more recipes; the soups come first.",
        "/recipes/minestrone v1 | Serves six; an hour and a half.",
        "/recipes/baked-ricotta v1 | Serves four; forty minutes.",
      ],
    },
  },
  {
    when: [59, "10:05"],
    contributor: { on: "beta", lines: ["/recipes/minestrone v2 | The beans are soaked overnight."] },
  },
  { when: [59, "15:02"], contributor: { on: "beta", source: ci(4391), lines: ["image-resizer 2.0.5"] } },
  { when: [58, "09:30"], releases: { name: "Two more recipes" } },
  { when: [58, "09:35"], requests: "Two more recipes", into: "demo" },
  { when: [57, "11:20"], approves: "Two more recipes", as: "nina", into: "demo" },
  { when: [57, "11:40"], completes: "Two more recipes", into: "demo" },
  { when: [57, "11:45"], requests: "Two more recipes", into: "live" },
  {
    when: [56, "16:05"],
    approves: "Two more recipes",
    as: "jon",
    into: "live",
    comment: "Lovely photographs.",
  },
  { when: [55, "09:00"], completes: "Two more recipes", into: "live" },

  {
    when: [53, "10:12"],
    contributor: { on: "beta", source: ci(4417), lines: ["checkout-service 3.4.0", "payment-gateway 2.9.0"] },
  },
  {
    when: [52, "13:40"],
    contributor: {
      on: "beta",
      lines: [
        "/checkout v40 | Asks whether it is a gift.",
        "/checkout/gift-wrap v1 | Three papers, and a card to write on.",
      ],
    },
  },
  {
    when: [51, "11:00"],
    contributor: {
      on: "beta",
      source: ci(4422),
      lines: ["checkout-service 3.4.1 | Wraps each parcel once, not each item."],
    },
  },
  {
    when: [50, "09:20"],
    releases: { name: "Gift wrapping", notes: "The new checkout needs its new software." },
  },
  { when: [50, "09:25"], requests: "Gift wrapping", into: "demo" },
  {
    when: [49, "14:00"],
    approves: "Gift wrapping",
    as: "nina",
    into: "demo",
    comment: "Paid with three cards, and wrapped twice.",
  },
  { when: [49, "14:30"], completes: "Gift wrapping", into: "demo" },
  { when: [49, "14:35"], requests: "Gift wrapping", into: "live" },
  { when: [48, "10:10"], approves: "Gift wrapping", as: "priya", into: "live" },
  { when: [47, "09:00"], completes: "Gift wrapping", into: "live" },

  {
    when: [45, "11:41"],
    contributor: {
      on: "beta",
      lines: [
        "/terms v14 | Section 6 gives sixty days instead of thirty.",
        "/help/returns v12 | Sixty days, and where to print the label.",
        "/help/contact v10 | Open on Saturdays, too.",
      ],
    },
  },
  { when: [44, "16:20"], contributor: { on: "beta", source: ci(4460), lines: ["mailer 5.2.0"] } },
  { when: [43, "10:00"], releases: { name: "Sixty days to return" } },
  { when: [43, "10:05"], requests: "Sixty days to return", into: "demo" },
  { when: [42, "09:50"], approves: "Sixty days to return", as: "nina", into: "demo" },
  { when: [42, "10:15"], completes: "Sixty days to return", into: "demo" },
  { when: [42, "10:20"], requests: "Sixty days to return", into: "live" },
  {
    when: [41, "14:40"],
    approves: "Sixty days to return",
    as: "jon",
    into: "live",
    comment: "Legal has read section 6.",
  },
  { when: [40, "09:00"], completes: "Sixty days to return", into: "live" },

  {
    when: [38, "15:10"],
    contributor: {
      on: "beta",
      lines: [
        "/kitchen v22 | Larger pictures, fewer words.",
        "/kitchen/boards v7 | Olive wood is back.",
        "/kitchen/knives v16 | Five new knives.",
        "/kitchen/pans v19 | Lids are sold with their pans.",
      ],
    },
  },
  { when: [37, "09:45"], releases: { name: "Kitchen, refreshed" } },
  { when: [37, "09:50"], requests: "Kitchen, refreshed", into: "demo" },
  { when: [36, "11:00"], approves: "Kitchen, refreshed", as: "nina", into: "demo" },
  { when: [36, "11:20"], completes: "Kitchen, refreshed", into: "demo" },
  { when: [36, "11:30"], requests: "Kitchen, refreshed", into: "live" },
  {
    when: [35, "15:25"],
    rejects: "Kitchen, refreshed",
    as: "priya",
    into: "live",
    comment: "Three prices in the table of knives are last year’s. Please correct them and request it again.",
  },
  {
    when: [33, "10:20"],
    contributor: { on: "beta", lines: ["/kitchen/knives v17 | This year’s prices in the table."] },
  },
  {
    when: [32, "09:30"],
    releases: {
      name: "Kitchen, with the right prices",
      only: ["/kitchen", "/kitchen/boards", "/kitchen/knives", "/kitchen/pans"],
    },
  },
  { when: [32, "09:35"], requests: "Kitchen, with the right prices", into: "demo" },
  { when: [32, "14:00"], approves: "Kitchen, with the right prices", as: "nina", into: "demo" },
  { when: [31, "10:00"], completes: "Kitchen, with the right prices", into: "demo" },
  { when: [31, "10:05"], requests: "Kitchen, with the right prices", into: "live" },
  {
    when: [30, "11:15"],
    approves: "Kitchen, with the right prices",
    as: "priya",
    into: "live",
    comment: "The prices are correct now, thank you.",
  },
  { when: [29, "09:00"], completes: "Kitchen, with the right prices", into: "live" },

  {
    when: [27, "13:30"],
    contributor: {
      on: "beta",
      lines: ["/journal v20", "/journal/salt-road v1 | Eleven photographs and a map.", "/table v18"],
    },
  },
  {
    when: [26, "10:50"],
    contributor: {
      on: "beta",
      lines: [
        "/journal v21 | Two new stories on top.",
        "/journal/small-kitchen v1 | What fits on two square metres.",
        "/table/outdoors v4 | Blankets, and lamps for the evening.",
      ],
    },
  },
  { when: [26, "15:31"], contributor: { on: "beta", source: ci(4502), lines: ["catalogue 4.1.7"] } },
  {
    when: [25, "09:30"],
    releases: {
      name: "Journal: two stories",
      only: ["/journal", "/journal/salt-road", "/journal/small-kitchen", "catalogue"],
    },
  },
  { when: [25, "09:35"], requests: "Journal: two stories", into: "demo" },
  { when: [24, "10:20"], approves: "Journal: two stories", as: "nina", into: "demo" },
  { when: [24, "10:40"], completes: "Journal: two stories", into: "demo" },
  { when: [24, "10:45"], requests: "Journal: two stories", into: "live" },
  { when: [23, "13:05"], approves: "Journal: two stories", as: "priya", into: "live" },
  { when: [22, "09:00"], completes: "Journal: two stories", into: "live" },

  {
    when: [21, "16:10"],
    contributor: { on: "beta", lines: ["/pantry/hampers v5 | A hamper for two, and one for ten."] },
  },
  { when: [20, "09:40"], releases: { name: "Eating outdoors" } },
  { when: [20, "09:45"], requests: "Eating outdoors", into: "demo" },
  { when: [19, "11:30"], approves: "Eating outdoors", as: "nina", into: "demo" },
  { when: [19, "11:50"], completes: "Eating outdoors", into: "demo" },
  { when: [19, "11:55"], requests: "Eating outdoors", into: "live" },
  { when: [18, "15:45"], approves: "Eating outdoors", as: "jon", into: "live" },
  { when: [17, "09:00"], completes: "Eating outdoors", into: "live" },

  { when: [16, "10:02"], contributor: { on: "beta", source: ci(4533), lines: ["search-index 1.9.1"] } },
  {
    when: [15, "09:30"],
    releases: { name: "Search index trial", notes: "To be measured on demo before we request live." },
  },
  { when: [15, "09:35"], requests: "Search index trial", into: "demo" },
  { when: [14, "14:20"], approves: "Search index trial", as: "nina", into: "demo" },
  { when: [14, "14:40"], completes: "Search index trial", into: "demo" },

  { when: [12, "11:00"], contributor: { on: "beta", source: ci(4547), lines: ["catalogue 4.2.0"] } },
  {
    when: [10, "14:18"],
    contributor: {
      on: "beta",
      lines: ["/sale/members v1", "/sale/members/questions v1 | Eight answers on joining, leaving and giving."],
    },
  },
  { when: [9, "16:40"], contributor: { on: "beta", lines: ["/sale v32", "/gift-cards v6 | Cards for members, too."] } },
  {
    when: [8, "12:30"],
    contributor: {
      on: "beta",
      note: "Last chance redirects to the sale.",
      lines: ["-/sale/last-chance", "/terms v15 | Section 3 defines who is a member."],
    },
  },
  {
    when: [7, "17:48"],
    contributor: {
      on: "beta",
      lines: [
        "/ v57 | The banner speaks to members.",
        "/sale v33 | Members’ prices come first; Last chance is removed from the list.",
        "/sale/members v2 | Prices with and without membership, side by side.",
        "/shops v8 | Opening hours of the new shop in Leeds.",
      ],
    },
  },
  { when: [7, "18:05"], contributor: { on: "beta", source: ci(4561), lines: ["stock-feed 1.3.0"] } },
  {
    when: [5, "09:30"],
    releases: {
      name: "Members’ prices",
      notes: "Gift cards, the shops and the stock feed follow later.",
      only: ["/", "/sale", "/sale/last-chance", "/sale/members", "/sale/members/questions", "/terms", "catalogue"],
    },
  },
  { when: [5, "09:35"], requests: "Members’ prices", into: "demo" },
  {
    when: [4, "09:05"],
    contributor: {
      on: "beta",
      source: ci(4566),
      note: "Deployed at night; nobody recorded it at the time.",
      hoursLate: 50,
      lines: ["recipe-search 2.1.0"],
    },
  },
  {
    when: [4, "11:00"],
    approves: "Members’ prices",
    as: "nina",
    into: "demo",
    comment: "Bought one thing as a member and one as a guest.",
  },
  { when: [4, "11:20"], completes: "Members’ prices", into: "demo" },
  {
    when: [3, "17:20"],
    contributor: {
      on: "live",
      note: "The carrier is on strike: delivery times corrected by hand, directly on live.",
      lines: ["/checkout/delivery v19 | Two more days until the strike is over."],
    },
  },
  { when: [2, "10:31"], contributor: { on: "beta", lines: ["/journal/letters v1 | Nine letters, three answers."] } },
  {
    when: [2, "15:24"],
    requests: "Members’ prices",
    into: "live",
    note: "The newsletter to members goes out once this is live.",
  },
  { when: [1, "09:12"], contributor: { on: "beta", source: ci(4579), lines: ["catalogue 4.3.0-rc.1"] } },
  { when: [1, "10:08"], contributor: { on: "beta", lines: ["/help/size-guide v1 | Measure the hob first."] } },
  {
    when: [1, "16:20"],
    contributor: {
      on: "beta",
      lines: ["/ v58 | A place for the planner.", "/recipes/planner v1 | Seven evenings, one list for the shop."],
    },
  },
];
