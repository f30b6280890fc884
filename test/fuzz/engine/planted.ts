/** A decoder with a fault behind three conditions, which chance alone would need millions of attempts for. */
export function decodePlanted(bytes: Uint8Array): string {
  if (bytes[0] !== 0x61) return 'no first';
  if (bytes[1] !== 0x18) return 'no second';
  if (bytes[2] !== 0xbf) return 'no third';
  throw new Error('The planted fault.');
}

/** Takes more than half a second for 30 bytes and more. */
export function decodeSlowly(bytes: Uint8Array): string {
  const end = performance.now() + (bytes.length < 30 ? 0 : 600);
  while (performance.now() < end);
  return 'done';
}
