import type { BrowserDefinition } from '../browsers.ts';
import type { Check, CheckRunner, DoctorContext } from './check.ts';
import type { HelloError, HostHello } from './hello.ts';

/** Whether the host that each browser would start really starts and introduces itself. */
export const checkHost: CheckRunner = async (context) => {
  const checks = await Promise.all(
    context.browsers.map(async ({ definition, registration }): Promise<readonly Check[]> => {
      if (registration?.content.ok !== true) return [];
      const { system, probes, version } = context;
      const { manifest, content } = registration;
      const path = system.path.resolve(system.path.dirname(manifest), content.value.path);
      const hello = await probes.hello({ path, manifest, family: definition.family, version });
      return [hello.ok ? describeHello(context, definition, hello.value) : describeError(definition, hello.error)];
    }),
  );
  return checks.flat();
};

function describeHello({ version }: DoctorContext, { id, name }: BrowserDefinition, hello: HostHello): Check {
  const transports = hello.transports.map(({ kind, available }) => `${kind}${available ? '' : ' (not available)'}`);
  const list = transports.length === 0 ? 'none' : transports.join(', ');
  const check = {
    id: `host.${id}`,
    title: `${name}: the host starts and answers`,
    detail: `Version ${hello.version} on ${hello.platform}; transports: ${list}${hello.development ? '; development transport enabled' : ''}.`,
  };
  if (hello.version === version) return { ...check, state: 'ok' };
  return {
    ...check,
    state: 'warning',
    detail: `${check.detail} This command is version ${version}: the browser starts another installation.`,
    remedy: `To use this one, run: keystile install --browser ${id}`,
  };
}

const REMEDIES: Record<HelloError['problem'], (install: string) => string> = {
  notStarted: (install) => `Run: ${install}. If that changes nothing, look for a rule that forbids starting the program (AppLocker, noexec).`,
  ended: (install) => `Run: ${install}. If that changes nothing, what the host said tells why it ended.`,
  noAnswer: (install) => `Run: ${install}. If that changes nothing, look for security software that holds the program back.`,
  refused: (install) => `Run: ${install}, and update the extension: both must be of one version.`,
  malformed: (install) => `Run: ${install}, and update the extension: both must be of one version.`,
};

function describeError({ id, name }: BrowserDefinition, { problem, detail }: HelloError): Check {
  return {
    id: `host.${id}`,
    state: 'problem',
    title: `${name}: the host does not work`,
    detail,
    remedy: REMEDIES[problem](`keystile install --browser ${id}`),
  };
}
