import type { NewSite } from "../sites/rules.ts";

/** The example shop: its pages, its software and its people. Its history is in story.ts. */
export const shop: NewSite & { slug: string } = {
  slug: "example",
  name: "Fennel & Co",
  time_zone: "Europe/London",
  environments: [
    { slug: "beta", tier: "development", servers: [{ name: "web", base_url: "https://beta.example.test" }] },
    { slug: "demo", tier: "staging", servers: [{ name: "web", base_url: "https://demo.example.test" }] },
    { slug: "live", tier: "production", servers: [{ name: "web", base_url: "https://www.example.test" }] },
  ],
};

/** The people of the shop, at least one in each role. Each has an account such as priya@example.test. */
export const people = {
  ruth: { name: "Ruth Adeyemi", role: "administrator" },
  clara: { name: "Clara Hughes", role: "account-manager" },
  tom: { name: "Tom Okafor", role: "contributor" },
  nina: { name: "Nina Berg", role: "tester" },
  priya: { name: "Priya Shah", role: "marketing" },
  jon: { name: "Jon Bell", role: "marketing" },
  sam: { name: "Sam Reyes", role: "viewer" },
} as const;
export type ExamplePerson = keyof typeof people;

/** Every page of the story: its title, and its version on the first day if it existed then. */
export const pages: Record<string, [title: string, first?: string]> = {
  "/": ["Home", "v56"],
  "/about": ["About us", "v12"],
  "/gift-cards": ["Gift cards", "v5"],
  "/privacy": ["Privacy notice", "v9"],
  "/shops": ["Our shops", "v7"],
  "/terms": ["Terms of sale", "v13"],

  "/kitchen": ["Kitchen", "v21"],
  "/kitchen/boards": ["Chopping boards", "v6"],
  "/kitchen/knives": ["Knives", "v15"],
  "/kitchen/linen": ["Kitchen linen", "v8"],
  "/kitchen/pans": ["Pans", "v18"],
  "/kitchen/scales": ["Scales", "v4"],
  "/kitchen/storage": ["Jars and tins", "v9"],
  "/kitchen/tools": ["Small tools", "v11"],

  "/table": ["Table", "v17"],
  "/table/candles": ["Candles", "v5"],
  "/table/cutlery": ["Cutlery", "v10"],
  "/table/glasses": ["Glasses", "v14"],
  "/table/linen": ["Napkins and cloths", "v7"],
  "/table/outdoors": ["Eating outdoors", "v3"],
  "/table/plates": ["Plates", "v12"],

  "/pantry": ["Pantry", "v13"],
  "/pantry/hampers": ["Hampers", "v4"],
  "/pantry/oil": ["Olive oil", "v8"],
  "/pantry/pasta": ["Pasta", "v9"],
  "/pantry/salt": ["Salt and pepper", "v6"],
  "/pantry/tea": ["Tea and coffee", "v11"],

  "/recipes": ["Recipes", "v26"],
  "/recipes/baked-ricotta": ["Baked ricotta"],
  "/recipes/fennel-salad": ["Fennel and orange salad", "v3"],
  "/recipes/focaccia": ["Focaccia", "v4"],
  "/recipes/leek-tart": ["Leek tart", "v2"],
  "/recipes/minestrone": ["Minestrone"],
  "/recipes/planner": ["Plan the week"],
  "/recipes/plum-cake": ["Plum cake", "v6"],
  "/recipes/roast-chicken": ["Roast chicken", "v5"],

  "/journal": ["Journal", "v19"],
  "/journal/glass-makers": ["The glass makers", "v2"],
  "/journal/knife-care": ["How to keep a knife sharp", "v3"],
  "/journal/letters": ["Letters from readers"],
  "/journal/olive-harvest": ["A week in the olives", "v1"],
  "/journal/salt-road": ["Along the salt road"],
  "/journal/small-kitchen": ["Six people, one small kitchen"],
  "/journal/table-for-twelve": ["A table for twelve", "v4"],

  "/sale": ["Sale", "v31"],
  "/sale/last-chance": ["Last chance", "v22"],
  "/sale/members": ["Members’ prices"],
  "/sale/members/questions": ["Members’ prices: questions"],
  "/sale/seconds": ["Seconds", "v8"],

  "/checkout": ["Checkout", "v39"],
  "/checkout/delivery": ["Delivery", "v18"],
  "/checkout/gift-wrap": ["Gift wrapping"],
  "/checkout/thank-you": ["Thank you", "v7"],

  "/help": ["Help", "v16"],
  "/help/care": ["Looking after things", "v5"],
  "/help/contact": ["Talk to us", "v9"],
  "/help/delivery": ["Delivery and collection", "v10"],
  "/help/payment": ["Paying", "v8"],
  "/help/returns": ["Returns", "v11"],
  "/help/size-guide": ["Which pan fits"],
};

const software: Record<string, string> = {
  catalogue: "4.1.6",
  "checkout-service": "3.3.9",
  "image-resizer": "2.0.4",
  mailer: "5.1.0",
  "payment-gateway": "2.8.1",
  "recipe-search": "2.0.3",
  "stock-feed": "1.2.0",
};

export const inventory = [
  ...Object.entries(pages).flatMap(([path, [, first]]) => (first ? [`${path} ${first}`] : [])),
  ...Object.entries(software).map(([name, first]) => `${name} ${first}`),
];

/** The software that a version requires. */
export const requires: Record<string, Record<string, string>> = {
  "/checkout v40": { "checkout-service": ">=3.4 <4" },
  "/checkout/gift-wrap v1": { "checkout-service": ">=3.4 <4" },
  "/recipes/planner v1": { "recipe-search": ">=2.1 <3" },
  "/sale/members v1": { catalogue: ">=4.2" },
  "/sale/members v2": { catalogue: ">=4.2" },
  "catalogue 4.2.0": { "stock-feed": ">=1.2" },
  "checkout-service 3.4.0": { "payment-gateway": ">=2.9 <3" },
  "checkout-service 3.4.1": { "payment-gateway": ">=2.9 <3" },
};
