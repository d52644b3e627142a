import type { DeviceError } from "@/core/devices";
import { zh } from "../messages/zh";

/** The message key of an error code; codes that the page does not know get one plain sentence. */
export function errorKey(code: string): string {
  return Object.hasOwn(zh.errors, code) ? `errors.${code}` : "errors.unknown";
}

/** The message key of an error in a call: a visitor who already talks is not told to call again. */
export function callErrorKey(code: string): string {
  return code.startsWith("microphone_") ? "talking.noMicrophone" : errorKey(code);
}

/** The message keys of an end: why, and what happens next. */
export function endKeys(reason: string | null): { why: string; next: string } {
  const known = reason !== null && Object.hasOwn(zh.ends, reason) ? reason : "unknown";
  return { why: `ends.${known}.why`, next: `ends.${known}.next` };
}

/** The message key of a broken link, by what the agent or the socket says of it. */
export function linkKey(reason: string): string {
  return Object.hasOwn(zh.link.reasons, reason) ? `link.reasons.${reason}` : "link.reasons.unreachable";
}

/** Error code of a microphone that did not open. */
export function microphoneCode(why: DeviceError): string {
  return `microphone_${why}`;
}
