// The protocol of curves.mjs: an echo under as many names as asked for, texts of any size, streams that wait.

const text = { type: "string" };

export function protocolOf(procedures) {
  const echo = { type: "request", param: text, result: text };
  const more = Array.from({ length: procedures - 3 }, (_, i) => [`echo${i}`, echo]);
  return {
    echo,
    texts: {
      type: "stream",
      param: {
        type: "object",
        properties: { count: { type: "integer" }, text },
        required: ["count", "text"],
      },
      receive: text,
    },
    wait: { type: "stream", receive: text },
    ...Object.fromEntries(more),
  };
}
