import { type AccessCodes } from '../access-codes.ts';
import { type TenantEvents } from '../events.ts';
import { type ModelNames } from '../models.ts';
import { type RelyingParty } from '../relying-party.ts';
import { type Sessions } from '../sessions.ts';
import { type TenantStore } from '../store.ts';

/** What the routes work with. */
export interface RouteParts {
  readonly store: TenantStore;
  readonly sessions: Sessions;
  readonly codes: AccessCodes;
  readonly relyingParty: RelyingParty;
  readonly events: TenantEvents;
  readonly modelName: ModelNames;
  readonly clock: () => number;
}
