// What people ask the demo's agents, and what these find and answer. Invented;
// any likeness is accidental.

/** @import { Topic } from "../types.d.ts" */

/** Conversations with the support agent, turn by turn.
 *  @type {Topic[]} */
export const SUPPORT = [
  {
    order: "A-20417",
    policy:
      "Refunds: unopened items may be returned within 30 days at no cost. The amount goes back to the original payment method within 5 business days after the parcel has arrived.",
    turns: [
      [
        "Hi, I'd like to return the headphones from order A-20417. They're still sealed.",
        "Of course. Your order A-20417 was delivered 9 days ago and the headphones are unopened, so you can return them at no cost. I have sent a prepaid label to your e-mail address; the $129.00 will be back on your card within 5 business days after the parcel has arrived.",
      ],
      [
        "How long is the label valid?",
        "The label is valid for 14 days from today. If you need more time, write to me and I will renew it.",
      ],
      [
        "And can I drop it off at any post office?",
        "Yes, at any post office or parcel locker of the carrier on the label. Please keep the receipt until the refund has arrived.",
      ],
    ],
  },
  {
    order: "B-88123",
    policy:
      "Shipping: standard delivery takes 3–5 business days. A parcel without a scan for 7 days counts as lost and is replaced or refunded, as the customer prefers.",
    turns: [
      [
        "Where is my package? Order B-88123, it should have been here last week.",
        "I'm sorry about the wait. The last scan of order B-88123 was 8 days ago in Rotterdam, so we treat it as lost. Would you like a replacement or a refund?",
      ],
      [
        "A replacement please.",
        "Done: a replacement is on its way with express shipping, order B-88123-R. You will get the tracking number within the hour.",
      ],
    ],
  },
  {
    order: "C-10054",
    policy:
      "Warranty: 24 months from delivery, battery 12 months. Repairs take 7–10 business days; a loan device can be had where one is in stock.",
    turns: [
      [
        "Mein Kopfhörer lädt nicht mehr, gekauft im März. Bestellung C-10054. Gibt es Garantie?",
        "Ja – auf C-10054 haben Sie noch bis März 2028 Garantie. Ich habe eine Reparatur angelegt; das Versandetikett ist in Ihrem Postfach. Die Reparatur dauert 7–10 Werktage.",
      ],
      ["Bekomme ich solange ein Ersatzgerät?", "Ja, ein Leihgerät ist vorrätig und geht morgen an Ihre Adresse."],
    ],
  },
  {
    order: "D-55310",
    policy:
      "Billing: duplicate charges are released automatically within 3 business days. Agents may refund up to $50 themselves; larger amounts need a human.",
    turns: [
      [
        "I was charged twice for order D-55310!!",
        "I can see two authorisations of $249.90 for order D-55310. One of them is a hold that is released within 3 business days. As the amount is above what I may refund myself, I have passed this to a colleague who will confirm it today.",
      ],
    ],
  },
  {
    order: "E-00719",
    policy: "Gift cards cannot be exchanged for cash. A card that has expired can be renewed once, within 12 months of its expiry.",
    turns: [
      [
        "注文 E-00719 のギフトカードの有効期限が切れてしまいました。延長できますか?",
        "はい、有効期限から12か月以内ですので、一度だけ延長できます。新しい有効期限は来年の11月30日です。",
      ],
    ],
  },
  {
    order: "F-31337",
    policy: "Address changes are possible until the parcel has been handed to the carrier.",
    turns: [
      [
        "Can you still change the delivery address of F-31337? I moved.",
        "Yes, F-31337 has not been handed to the carrier yet. Which address should it go to?",
      ],
      [
        "Elm Street 12, Apt 4, Portland, OR 97205",
        "Thank you. F-31337 now goes to Elm Street 12, Apt 4, Portland, OR 97205, and should arrive on Thursday.",
      ],
      ["Perfect, thanks!", "You're welcome. Enjoy your new home!"],
    ],
  },
];

/** What the research agent is sent to find out. */
export const RESEARCH = [
  {
    question: "How do heat pumps perform below -15 °C, and which refrigerant matters most?",
    angles: [
      "heat pump COP at -15 °C field study",
      "R290 vs R32 cold climate",
      "defrost cycle losses heat pump",
      "Norway heat pump statistics 2025",
    ],
  },
  {
    question: "Compare Raft and Viewstamped Replication for a small embedded database.",
    angles: [
      "Raft leader election latency",
      "Viewstamped Replication Revisited summary",
      "log compaction embedded consensus",
      "formal proofs Raft TLA+",
    ],
  },
  {
    question: "What changed in EU rules for AI systems this autumn that affects a 20-person company?",
    angles: ["AI Act obligations timeline 2026", "general-purpose AI code of practice small providers", "AI Act SME exemptions"],
  },
  {
    question: "Which open data sets exist on urban tree cover, and how fresh are they?",
    angles: ["urban tree canopy dataset global", "Sentinel-2 tree cover update frequency", "city tree inventory open data licence"],
  },
];

/** Questions to the documentation, and passages that answer them.
 *  @type {[question: string, passage: string][]} */
export const DOCS = [
  ["How do I rotate an API key without downtime?", "Create the new key with --keep-old, deploy it, then revoke the old one."],
  ["What is the maximum size of a batch?", "A batch may have 1,000 events and 5 MB after decompression."],
  ["Why do I get 429 although I send only a few requests?", "Limits are counted by key and location; several processes may share one key."],
  ["Can spans arrive before their trace?", "Yes. The order does not matter, neither within a batch nor across batches."],
  ["How are costs computed?", "The client sends the cost of each span; the trace's is their sum."],
  ["Is gzip supported?", "Yes: gzip and deflate, by Content-Encoding."],
];

export const FILES = [
  "src/billing/invoice.ts",
  "src/billing/tax.ts",
  "src/api/orders.ts",
  "src/lib/retry.ts",
  "migrations/0042_add_tax_region.sql",
  "src/api/webhooks.ts",
  "tests/tax.test.ts",
];

export const DIFF = `@@ -41,9 +41,14 @@ export async function chargeTax(order: Order, region: Region) {
-  const rate = RATES[region.code];
-  return order.total * rate;
+  const rate = RATES.get(region.code);
+  if (rate === undefined) {
+    throw new UnknownRegion(region.code);
+  }
+  return Math.round(order.totalCents * rate);
 }`;

export const COMPANIES = [
  "Nordlicht GmbH",
  "Acme Logistics",
  "Société Générale de Papier",
  "Müller & Söhne KG",
  "Blue Harbor Foods",
  "株式会社みらい",
];

/** A telephone call to the hotel, turn by turn.
 *  @type {Topic["turns"]} */
export const CALLS = [
  ["Hi, do you have a room for tonight?", "Yes, we have a double for 140 euros, breakfast included. Shall I book it?"],
  ["Is there parking?", "There is a garage next door, 18 euros a night. I can reserve a space."],
  ["Great, please book both.", "Done. You will get a confirmation by text message. See you tonight!"],
];
