/**
 * Names of the headers and the media type by which client and server of a session find each other in HTTP.
 *
 * Spec: docs/wire.md §5.
 */

/** Of all bodies that go to the server. No form and no simple request has it, so a browser asks before a page may send it. */
export const framesType = "application/vnd.sluice.frames";
/** Of the answer that brings what comes from the server. */
export const eventsType = "text/event-stream";
/** Which link a batch belongs to: a secret of the one who made it. Never in a URL. */
export const linkHeader = "sluice-link";
/** The number of a batch. */
export const batchHeader = "sluice-batch";
/** How many bytes every write of the server shall have at least, for the sake of who collects them on the way. */
export const paddingHeader = "sluice-padding";
/** Headers of sessions that a page must be allowed to send from another origin. */
export const sessionRequestHeaders: readonly string[] = [
  "content-type",
  linkHeader,
  batchHeader,
  paddingHeader,
];
/** The most bytes that open a link: a HELLO of the largest size, in its frame. */
export const maxOpeningBytes: number = 65_536 + 9;
