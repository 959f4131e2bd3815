/**
 * The formats that `format` asserts, one table for all engines. Each test takes time linear in the text, whatever the text.
 */

export type FormatTest = (text: string) => boolean;

const matches =
  (pattern: RegExp): FormatTest =>
  (text) =>
    pattern.test(text);

const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = matches(new RegExp(`^(?:${octet}\\.){3}${octet}$`));

const hextet = /^[\da-f]{1,4}$/i;

/** RFC 4291 §2.2. */
function ipv6(text: string): boolean {
  if (text.length > 45) return false;
  const halves = text.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  const last = groups.at(-1) ?? "";
  let length = groups.length;
  if (ipv4(last) && text.endsWith(last)) {
    groups.pop();
    length++;
  }
  return (
    (halves.length === 1 ? length === 8 : halves.length === 2 && length < 8) &&
    groups.every((g) => hextet.test(g))
  );
}

const datePattern = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** RFC 3339 `full-date`. */
function date(text: string): boolean {
  const [, year, month, day] = (datePattern.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= (month === 2 ? (isLeapYear ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31);
}

const timePattern =
  /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

/** RFC 3339 `full-time`; second 60 only where a leap second can be, at 23:59 UTC. */
function time(text: string): boolean {
  const parts = timePattern.exec(text);
  if (parts === null) return false;
  if (parts[3] !== "60") return true;
  const minutes = Number(parts[1]) * 60 + Number(parts[2]);
  const offset = (Number(parts[5] ?? 0) * 60 + Number(parts[6] ?? 0)) * (parts[4] === "-" ? -1 : 1);
  return (minutes - offset + 2880) % 1440 === 1439;
}

const label = "[a-z\\d](?:[a-z\\d-]{0,61}[a-z\\d])?";
const atom = "[\\w!#$%&'*+/=?^`{|}~-]+";
const email = new RegExp(`^${atom}(?:\\.${atom})*@${label}(?:\\.${label})+$`, "i");

const pathCharacter = "(?:[\\w.~!$&'()*+,;=:@/-]|%[\\da-f]{2})*";
const hostCharacter = "(?:[\\w.~!$&'()*+,;=-]|%[\\da-f]{2})*";
const userCharacter = "(?:[\\w.~!$&'()*+,;=:-]|%[\\da-f]{2})*";
const rest = "(?:[\\w.~!$&'()*+,;=:@/?-]|%[\\da-f]{2})*";
const authority = `(?:${userCharacter}@)?(?:\\[([\\da-f:.]+)\\]|\\[v[\\da-f]+\\.[\\w.~!$&'()*+,;=:-]+\\]|${hostCharacter})(?::\\d*)?`;
const uriPattern = new RegExp(
  `^[a-z][a-z\\d+.-]*:(?://${authority}(?:/${pathCharacter})?|(?!//)${pathCharacter})(?:\\?${rest})?(?:#${rest})?$`,
  "i",
);

/** RFC 3986 `URI`: with a scheme. */
function uri(text: string): boolean {
  const parts = uriPattern.exec(text);
  return parts !== null && (parts[1] === undefined || ipv6(parts[1]));
}

/** Format name to its test. An unknown name is an error when a schema is compiled. */
export const formats: ReadonlyMap<string, FormatTest> = new Map<string, FormatTest>([
  ["uuid", matches(/^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i)],
  ["date-time", (text) => /^.{10}t/i.test(text) && date(text.slice(0, 10)) && time(text.slice(11))],
  ["date", date],
  ["time", time],
  ["email", (text) => text.length <= 320 && email.test(text)],
  ["uri", uri],
  ["ipv4", ipv4],
  ["ipv6", ipv6],
]);
