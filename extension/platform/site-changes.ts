import type { BrowserIdentity, HeaderRule, PageScript, SiteChangesPort } from './ports.ts';

/** Every kind of request: its document decides what it offers, its requests what the server answers. */
const RESOURCE_TYPES = [
  'main_frame',
  'sub_frame',
  'script',
  'xmlhttprequest',
  'ping',
  'other',
] as const satisfies readonly `${chrome.declarativeNetRequest.ResourceType}`[];

/** What the browser's worker says of the browser. */
export function browserIdentity(): BrowserIdentity {
  const { userAgentData } = navigator as { userAgentData?: { brands: BrowserIdentity['brands'] } };
  return { userAgent: navigator.userAgent, brands: userAgentData?.brands };
}

/** Registered content scripts and dynamic rules of the browser. */
export function createSiteChanges(): SiteChangesPort {
  const { scripting, declarativeNetRequest } = (globalThis as { browser?: typeof chrome }).browser ?? chrome;
  return {
    async setPageScripts(scripts) {
      const known = new Set((await scripting.getRegisteredContentScripts()).map(({ id }) => id));
      const unwanted = [...known].filter((id) => !scripts.some((script) => script.id === id));
      if (unwanted.length > 0) await scripting.unregisterContentScripts({ ids: unwanted });
      // Updated in place, so that no page loads without a script that is wanted before and after.
      const [kept, missing] = [scripts.filter(({ id }) => known.has(id)), scripts.filter(({ id }) => !known.has(id))];
      if (kept.length > 0) await scripting.updateContentScripts(kept.map(registration));
      if (missing.length > 0) await scripting.registerContentScripts(missing.map(registration));
    },
    async setRequestHeaders(rules) {
      const known = await declarativeNetRequest.getDynamicRules();
      if (known.length === 0 && rules.length === 0) return;
      await declarativeNetRequest.updateDynamicRules({
        removeRuleIds: known.map(({ id }) => id),
        addRules: rules.map((rule, index) => headerRule(rule, index + 1)),
      });
    },
  };
}

function registration({ id, file, origins }: PageScript): chrome.scripting.RegisteredContentScript {
  return {
    id,
    js: [file],
    matches: origins.map((origin) => `${origin}/*`),
    runAt: 'document_start',
    allFrames: true,
    world: 'MAIN',
    persistAcrossSessions: true,
  };
}

function headerRule({ origin, headers }: HeaderRule, id: number): chrome.declarativeNetRequest.Rule {
  return {
    id,
    // `|` is the start of the address: the origin itself, and nothing below its domain.
    condition: { urlFilter: `|${origin}/`, resourceTypes: [...RESOURCE_TYPES] },
    action: {
      type: 'modifyHeaders',
      requestHeaders: Object.entries(headers).map(([header, value]) =>
        value === undefined ? { header, operation: 'remove' } : { header, operation: 'set', value },
      ),
    },
  };
}
