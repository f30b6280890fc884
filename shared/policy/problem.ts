/** Something in a policy that is not valid. Whatever it was to restrict is refused. */
export interface PolicyProblem {
  /** Where, as `sites[0].fido2.keyRestrictions.aaGuids[2]`. */
  readonly path: string;
  /** What is wrong, in plain words. */
  readonly reason: string;
  readonly restricts: 'registration' | 'everything';
}

/** Members that say something about registrations only. */
const REGISTRATION_ONLY: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'isSelfServiceRegistrationAllowed',
  'isAttestationEnforced',
  'attestationEnforcement',
]);

/** A plain object, as JSON has it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether an object has a member; JSON of others writes null for what is not there. */
export function has(parent: JsonObject, member: string): boolean {
  return (parent[member] ?? undefined) !== undefined;
}

/** Reads the members of a policy one by one, and notes what is wrong with its place. */
export class PolicyReader {
  readonly problems: PolicyProblem[] = [];

  /** Notes a problem. */
  problem(path: string, reason: string): void {
    const member = path.split('.').at(-1) ?? '';
    this.problems.push({ path, reason, restricts: REGISTRATION_ONLY.has(member) ? 'registration' : 'everything' });
  }

  object(value: unknown, path: string): JsonObject | undefined {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
    this.problem(path, 'has to be an object');
    return undefined;
  }

  /**
   * Notes members that do not exist: mostly they are misspelt, and what they were to say would be passed over.
   *
   * @param isOpen others may exist, but for those that differ from a known one in case.
   */
  members(parent: JsonObject, path: string, known: readonly string[], isOpen: boolean): void {
    for (const member of Object.keys(parent)) {
      if (known.includes(member)) continue;
      const meant = known.find((each) => each.toLowerCase() === member.toLowerCase());
      const place = `${path}.${member.slice(0, 64)}`;
      if (meant !== undefined) this.problem(place, `has to be written ${meant}`);
      else if (!isOpen) this.problem(place, 'does not exist');
    }
  }

  /** `absent` where there is nothing or null; a value of another kind is a problem. */
  boolean(parent: JsonObject, member: string, path: string, absent: boolean): boolean {
    const value = parent[member] ?? absent;
    if (typeof value === 'boolean') return value;
    this.problem(`${path}.${member}`, 'has to be true or false');
    return absent;
  }

  /** One of the words; `undefined` where there is nothing, or (with a problem) anything else. */
  word<Word extends string>(parent: JsonObject, member: string, path: string, words: readonly Word[]): Word | undefined {
    const value = parent[member] ?? undefined;
    if (value === undefined) return undefined;
    const known = words.find((word) => word === value);
    if (known === undefined) this.problem(`${path}.${member}`, `has to be one of: ${words.join(', ')}`);
    return known;
  }

  /** The entries of a list with their places; none where there is nothing, a problem where it is no list. */
  list(parent: JsonObject, member: string, path: string, limit: number): readonly { readonly value: unknown; readonly path: string }[] {
    const value = parent[member] ?? [];
    if (!Array.isArray(value)) {
      this.problem(`${path}.${member}`, 'has to be a list');
      return [];
    }
    if (value.length > limit) this.problem(`${path}.${member}`, `has more than ${limit.toString()} entries`);
    return (value as unknown[]).slice(0, limit).map((entry, index) => ({ value: entry, path: `${path}.${member}[${index.toString()}]` }));
  }

  /** A list of texts; entries of another kind are problems. */
  texts(parent: JsonObject, member: string, path: string, limit: number): readonly string[] {
    return this.list(parent, member, path, limit).flatMap((entry) => {
      if (typeof entry.value === 'string' && entry.value !== '' && entry.value.length <= 512) return [entry.value];
      this.problem(entry.path, 'has to be a text');
      return [];
    });
  }
}
