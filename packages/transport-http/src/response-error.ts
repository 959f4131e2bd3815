/**
 * What a refusal over HTTP means to who wanted a link: whether it is worth another try, and what the server says.
 *
 * Spec: docs/wire.md §5, §6.
 */
import { type ErrorCode, SluiceError } from "@sluice/protocol";
import type { HttpAnswer } from "./http-answer.ts";
import { codeOfStatus } from "./http-status.ts";

/** Bytes of a refusal's body that are read. */
const mostBytes = 4_096;

/** The error that `response`, which brings no link, stands for. Reads the beginning of its body. */
export async function errorOfResponse(response: HttpAnswer, url: string): Promise<SluiceError> {
  const { status } = response;
  const said = await messageOf(response);
  return new SluiceError(codeOfRefusal(status), `${url} answered ${status}${said}`, { processed: "no" });
}

/** Codes that say "try again" end no client: `INVALID_ARGUMENT` and `UNIMPLEMENTED` do. */
function codeOfRefusal(status: number): ErrorCode {
  // A redirect is not followed: it could lead the token of the link away.
  if (status === 0 || (status >= 300 && status < 400)) return "INVALID_ARGUMENT";
  // The same HELLO will be as large the next time.
  if (status === 413 || status === 431) return "INVALID_ARGUMENT";
  const code = codeOfStatus(status);
  return code === "UNKNOWN" || code === "INTERNAL" || code === "SESSION_LOST" ? "UNAVAILABLE" : code;
}

/** What the body says for people, behind a colon. */
async function messageOf(response: HttpAnswer): Promise<string> {
  try {
    const text = await beginningOf(response);
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? `: ${message}` : "";
  } catch {
    // It is not one of ours: the status has to do.
    return "";
  }
}

async function beginningOf({ body }: HttpAnswer): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += decoder.decode(next.value, { stream: true });
    if (text.length < mostBytes) continue;
    await reader.cancel();
    break;
  }
  return text;
}
