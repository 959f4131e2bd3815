/** The small schemas of which the cases of keywords are made. */

export const text = { type: "string" } as const;
export const count = { type: "integer" } as const;
export const bytes = { type: "string", contentEncoding: "base64" } as const;
