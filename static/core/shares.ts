type Sender = Pick<RTCRtpSender, "getParameters" | "setParameters">;

/** Let a picture have so many bit/s at most; what is so already is left alone. */
export async function limit(sender: Sender, bits: number): Promise<void> {
  const parameters = sender.getParameters();
  const encodings = parameters.encodings ?? [];
  // Before the first answer, and after the end, there is nothing to set.
  if (encodings.length === 0 || encodings.every((each) => each.maxBitrate === bits)) return;
  for (const each of encodings) each.maxBitrate = bits;
  await sender.setParameters(parameters);
}
