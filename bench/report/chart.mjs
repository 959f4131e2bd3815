// The chart: CPU per operation of W2 and W4, every adapter on every transport, on a scale of powers of ten.
import { short, transportTitles } from "./tables.mjs";

const width = 1000;
const rowHeight = 18;
const labelWidth = 150;
const panelWidth = width / 2;
const barWidth = panelWidth - labelWidth - 70;
const colours = { limit: "#8a8f98", sluice: "#1f6feb", peer: "#d9822b" };
const panels = [
  ["W2", "unary echo, 64 in flight"],
  ["W4", "server stream"],
];
const [least, most] = [0.1, 1000];
const escapeText = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const text = (x, y, content, more = "") => `<text x="${x}" y="${y}"${more}>${escapeText(content)}</text>`;
/** Pixels from the least value. */
const lengthOf = (value) => {
  const share = Math.log10(Math.min(most, Math.max(least, value)) / least) / Math.log10(most / least);
  return Math.round(share * barWidth * 10) / 10;
};

/** @returns the SVG of one Node's figures */
export function chart(figures, version) {
  const parts = [];
  let height = 0;
  for (const [at, [workload, title]] of panels.entries()) {
    const x = at * panelWidth;
    let y = 56;
    parts.push(text(x + 10, 24, `PERF-${workload}: ${title}`, ' font-weight="bold"'));
    parts.push(
      text(
        x + 10,
        42,
        `µs of CPU of both processes, Node ${version.slice(1)}; logarithmic, short is good`,
        ' fill="#666"',
      ),
    );
    for (const transport of figures.transports) {
      const measured = figures.entries(workload, transport).filter(({ samples }) => samples !== undefined);
      if (measured.length === 0) continue;
      parts.push(text(x + 10, y + 14, transportTitles[transport], ' font-weight="bold"'));
      y += rowHeight + 2;
      for (const { name, role } of measured) {
        const value = figures.median(workload, transport, name, "cpu");
        const length = lengthOf(value);
        const left = x + labelWidth;
        parts.push(text(left - 6, y + 12, name, ' text-anchor="end"'));
        parts.push(
          `<rect x="${left}" y="${y + 2}" width="${length}" height="${rowHeight - 5}" fill="${colours[role]}"/>`,
        );
        parts.push(text(left + length + 4, y + 12, short(value)));
        y += rowHeight;
      }
      y += 8;
    }
    height = Math.max(height, y);
  }
  const key = Object.entries({ limit: "limit", sluice: "Sluice", peer: "peer" }).map(
    ([role, title], at) =>
      `<rect x="${10 + at * 90}" y="${height + 6}" width="12" height="12" fill="${colours[role]}"/>` +
      text(26 + at * 90, height + 16, title),
  );
  height += 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    "<title>CPU per operation of Sluice, the limits and peers</title>",
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    ...key,
    "</svg>\n",
  ].join("\n");
}
