// What is said of several runs: median, and the middle half around it.

export function median(values) {
  return quantile(values, 0.5);
}

/** Linear interpolation between the two nearest values. */
export function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** `12.3 (11.9–12.8)`: median and quartiles. */
export function spread(values, digits = 2) {
  const [low, mid, high] = [0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(digits));
  return `${mid} (${low}–${high})`;
}
