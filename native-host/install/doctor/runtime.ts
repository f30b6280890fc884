import type { CheckRunner } from './check.ts';

const MINIMUM = [20, 19] as const;

/** Whether the Node that runs is new enough. */
export const checkRuntime: CheckRunner = ({ system, version }) => {
  const [major = 0, minor = 0] = system.nodeVersion.split('.').map(Number);
  const enough = major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
  const check = { id: 'runtime', detail: `Keystile ${version}, ${system.platform} ${system.release}.` };
  if (enough) return [{ ...check, state: 'ok', title: `Node ${system.nodeVersion}` }];
  return [
    {
      ...check,
      state: 'problem',
      title: `Node ${system.nodeVersion} is too old`,
      remedy: `Install Node ${MINIMUM.join('.')} or newer and run keystile install again.`,
    },
  ];
};
