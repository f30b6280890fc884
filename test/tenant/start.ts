import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { AccessCodes } from './access-codes.ts';
import { Challenges } from './challenges.ts';
import { TenantEvents } from './events.ts';
import { Listener } from './http/listener.ts';
import { loadModelNames } from './models.ts';
import { type AcceptedOrigin, type Attestation, RelyingParty } from './relying-party.ts';
import { apiRoutes } from './routes/api.ts';
import { loadAssetRoutes } from './routes/assets.ts';
import { labRoutes } from './routes/lab.ts';
import { type RouteParts } from './routes/parts.ts';
import { securityInfoRoutes } from './routes/security-info.ts';
import { signInRoutes } from './routes/sign-in.ts';
import { Sessions } from './sessions.ts';
import { TenantStore } from './store.ts';

const REQUEST_TIMEOUT_MS = 30_000;
const DEFAULT_CODE_LIFETIME_MS = 60 * 60_000;

/** A person the tenant knows. */
export interface TenantUserSeed {
  readonly name: string;
  /** Temporary access code: 6 to 64 visible ASCII characters. */
  readonly code?: string;
  readonly displayName?: string;
}

/** Options of `startTenant`. */
export interface TenantOptions {
  /** Path of the data file; made when missing. */
  readonly dataFile: string;
  readonly users?: readonly TenantUserSeed[];
  /** TCP port on 127.0.0.1; 0 (the default) takes a free one. */
  readonly port?: number;
  /** Milliseconds since the epoch; `Date.now` by default. */
  readonly clock?: () => number;
  /** Certificate and key in PEM: the tenant then speaks https. */
  readonly https?: { readonly cert: string; readonly key: string };
  /** Default `direct`. */
  readonly attestation?: Attestation;
  /** Host name of the tenant's origin, and its RP ID; default `localhost`. */
  readonly hostName?: string;
  /** More origins to answer as and to accept answers from, each with its RP ID. */
  readonly origins?: readonly AcceptedOrigin[];
  /** Top-level origins that may frame the tenant while a credential is made or used; default none. */
  readonly topOrigins?: readonly string[];
  /** JSON file `{aaguid: model name}`. */
  readonly aaguidNamesFile?: string;
  /** How long an access code is good, in milliseconds; default one hour. */
  readonly codeLifetimeMs?: number;
  /** Told of a bug met while answering; by default it goes to the error stream. */
  readonly onInternalError?: (error: unknown) => void;
}

/** A running tenant. */
export interface Tenant {
  /** For example `http://localhost:8080`. */
  readonly origin: string;
  readonly port: number;
  readonly events: TenantEvents;
  /** Gives a user (made when missing) a new access code. */
  issueCode(userName: string): Promise<string>;
  /** Stops listening, ends open connections, and waits until the data is on disk. May be called again. */
  close(): Promise<void>;
}

/**
 * Starts a tenant on 127.0.0.1.
 * @throws TenantDataError when the data file is unusable; Error when the port is taken or a user or a list is malformed.
 */
export async function startTenant(options: TenantOptions): Promise<Tenant> {
  const clock = options.clock ?? Date.now;
  const store = await TenantStore.open(options.dataFile);
  const codes = new AccessCodes(store, clock, options.codeLifetimeMs ?? DEFAULT_CODE_LIFETIME_MS);
  for (const { name, code, displayName } of options.users ?? []) await codes.seed(name, code, displayName);
  const [assetRoutes, modelName] = await Promise.all([loadAssetRoutes(), loadModelNames(options.aaguidNamesFile)]);

  // The origin holds the port, which is known only once the server listens.
  const late: { listener?: Listener } = {};
  const server = createServer(options, (request, response) => {
    void late.listener?.answer(request, response);
  });
  const port = await listen(server, options.port ?? 0);

  const hostName = options.hostName ?? 'localhost';
  const { origin } = new URL(`${options.https ? 'https' : 'http'}://${hostName}:${port.toString()}`);
  const origins = [{ origin, rpId: hostName }, ...(options.origins ?? [])] as const;
  const events = new TenantEvents();
  const sessions = new Sessions(clock);
  const relyingParty = new RelyingParty({
    store,
    challenges: new Challenges(clock),
    clock,
    rpName: 'Example Tenant',
    origins,
    topOrigins: options.topOrigins ?? [],
    attestation: options.attestation ?? 'direct',
  });
  const parts: RouteParts = { store, sessions, codes, relyingParty, events, modelName, clock };
  late.listener = new Listener({
    routes: [...signInRoutes(parts), ...securityInfoRoutes(parts), ...apiRoutes(parts), ...labRoutes(), ...assetRoutes],
    sessions,
    origins,
    isHttps: options.https !== undefined,
    // Cookies do not keep ports apart: two tenants on one machine need two names.
    cookieName: `tenant-session-${port.toString()}`,
    onRefused: ({ reason, detail }) => events.add({ type: 'refused', at: clock(), during: 'request', reason, detail }),
    onInternalError: options.onInternalError ?? ((error) => console.error('The tenant met an unexpected error:', error)),
  });

  let closed: Promise<void> | undefined;
  return {
    origin,
    port,
    events,
    issueCode: (userName) => codes.issue(userName),
    close: () => (closed ??= stop(server).then(() => store.settle())),
  };
}

function createServer({ https }: TenantOptions, onRequest: RequestListener): Server {
  const settings = { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS };
  return https ? createHttpsServer({ ...settings, cert: https.cert, key: https.key }, onRequest) : createHttpServer(settings, onRequest);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('The server has no TCP address.'));
      else resolve(address.port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => {
      if (error) reject(error);
      else resolve();
    });
    server.closeAllConnections();
  });
}
