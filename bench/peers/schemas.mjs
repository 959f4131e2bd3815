// The values of the workloads as schemas of zod, for the peers that validate with it.
import { z } from "zod";

export const person = z.strictObject({ id: z.number(), name: z.string(), tags: z.array(z.string()) });
export const tick = z.strictObject({ seq: z.number(), ts: z.number(), value: z.number() });
export const record = z.strictObject({
  id: z.number(),
  title: z.string(),
  lines: z.array(
    z.strictObject({
      sku: z.string(),
      text: z.string(),
      amount: z.number(),
      price: z.number(),
      isGift: z.boolean(),
    }),
  ),
});
export const integer = z.int();
