import { FIDO_REPORT_DESCRIPTOR_START, UDEV_RELOAD_COMMANDS, UDEV_RULE, UDEV_RULE_FILE, UDEV_RULE_PATH } from '../udev-rule.ts';
import { Platform, type System } from '../system.ts';
import type { Check, CheckRunner } from './check.ts';

const SYSFS = '/sys/class/hidraw';
const RULE_FOLDERS = ['/etc/udev/rules.d', '/run/udev/rules.d', '/usr/local/lib/udev/rules.d', '/usr/lib/udev/rules.d', '/lib/udev/rules.d'];

/** Rules that open FIDO keys: ours, systemd's (244 and newer), libfido2's and libu2f's. */
const KNOWN_RULES = [UDEV_RULE_FILE, '60-fido-id.rules', '70-libfido2-u2f.rules', '70-u2f.rules', '60-libfido2-u2f.rules', '70-fido.rules'];

/** Bytes of a report descriptor: HID_MAX_DESCRIPTOR_SIZE of Linux. */
const DESCRIPTOR_LIMIT = 4096;

/** Whether this person may open FIDO keys over USB on Linux. */
export const checkUdev: CheckRunner = async ({ system }): Promise<readonly Check[]> => {
  if (system.platform !== Platform.linux) {
    return [{ id: 'udev', state: 'skipped', title: 'udev rule: a matter of Linux only', detail: '' }];
  }
  const nodes = await findFidoNodes(system);
  if (nodes.length > 0) return [await checkNodes(system, nodes)];
  return [await checkRules(system)];
};

/** Device files of the FIDO keys that are plugged in. */
async function findFidoNodes(system: System): Promise<readonly string[]> {
  const nodes: string[] = [];
  for (const name of await system.files.list(SYSFS)) {
    const descriptor = await system.files.read(`${SYSFS}/${name}/device/report_descriptor`, DESCRIPTOR_LIMIT);
    if (descriptor.ok && FIDO_REPORT_DESCRIPTOR_START.every((byte, index) => descriptor.value[index] === byte)) {
      nodes.push(`/dev/${name}`);
    }
  }
  return nodes;
}

async function checkNodes(system: System, nodes: readonly string[]): Promise<Check> {
  const denied: string[] = [];
  const absent: string[] = [];
  for (const node of nodes) {
    if ((await system.files.kind(node)) === undefined) absent.push(node);
    else if (!(await system.files.isAllowed(node, 'readWrite'))) denied.push(node);
  }
  if (denied.length > 0) {
    return {
      id: 'udev',
      state: 'problem',
      title: 'A security key is plugged in, but may not be opened',
      detail: `No access to ${denied.join(', ')}: there is no udev rule for it, or it was plugged in before the rule.`,
      remedy: `${ruleRemedy()}\nThe rule serves the person at the machine. Over SSH, or without a login manager, add GROUP="plugdev", MODE="0660" to it and join that group.`,
    };
  }
  if (absent.length > 0) {
    return {
      id: 'udev',
      state: 'problem',
      title: 'A security key is plugged in, but has no device file',
      detail: `There is no ${absent.join(', ')}: probably a container, which sees the key but not the device.`,
      remedy: 'Pass the device into the container, or run Keystile outside it.',
    };
  }
  return { id: 'udev', state: 'ok', title: 'The security key can be opened', detail: nodes.join(', ') };
}

async function checkRules(system: System): Promise<Check> {
  for (const folder of RULE_FOLDERS) {
    const rule = (await system.files.list(folder)).find((name) => KNOWN_RULES.includes(name));
    if (rule !== undefined) {
      return {
        id: 'udev',
        state: 'ok',
        title: 'A udev rule for security keys is installed',
        detail: `${folder}/${rule}. No USB key is plugged in, so whether one can be opened was not tried.`,
      };
    }
  }
  return {
    id: 'udev',
    state: 'warning',
    title: 'No udev rule for security keys was found',
    detail: 'No USB key is plugged in. When one is, it can probably not be opened.',
    remedy: ruleRemedy(),
  };
}

function ruleRemedy(): string {
  const commands = UDEV_RELOAD_COMMANDS.map((command) => `sudo ${command}`).join(' && ');
  return `Save this as ${UDEV_RULE_PATH}, then run: ${commands}, and plug the key in again.\n\n${UDEV_RULE}`;
}
