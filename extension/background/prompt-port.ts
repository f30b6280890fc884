import { failure, success, type Result } from '../../shared/bytes/result.ts';
import type { ErrorOf } from '../../shared/wire/hop.ts';
import { createResponder } from '../../shared/wire/responder.ts';
import { promptHop, type PromptHop } from '../../shared/wire/ui.ts';
import type { RuntimePort } from '../platform/ports.ts';
import type { AttachedPrompt, Prompts } from './prompts.ts';

type Outcome = Result<object, ErrorOf<PromptHop>>;

const NOT_ATTACHED: Outcome = failure({ message: 'No prompt is attached.' });
const NOT_EXPECTED: Outcome = failure({ message: 'This is not expected now.' });
const DONE: Outcome = success({});

/** Serves the page of the prompt window: the views of its ceremony out, the user's inputs in. */
export function servePrompt(
  port: RuntimePort,
  prompts: Prompts,
  reportFault: (fault: unknown, where: string) => void,
): void {
  let attached: AttachedPrompt | undefined;

  function act(action: (prompt: AttachedPrompt) => void): Outcome {
    if (attached === undefined) return NOT_ATTACHED;
    action(attached);
    return DONE;
  }

  async function input(action: (prompt: AttachedPrompt) => Promise<boolean>): Promise<Outcome> {
    if (attached === undefined) return NOT_ATTACHED;
    return (await action(attached)) ? DONE : NOT_EXPECTED;
  }

  const responder = createResponder({
    hop: promptHop,
    caller: undefined,
    send: (message) => port.post(message),
    onViolation() {
      end();
      return undefined;
    },
    onFault(fault, method) {
      reportFault(fault, method);
      return { message: 'A fault of the extension.' };
    },
    handlers: {
      async 'prompt.attach'({ promptId }, { emit, signal }) {
        if (attached !== undefined) return NOT_EXPECTED;
        const prompt = prompts.attach(promptId, (view) => emit({ event: 'prompt.view', data: view }));
        if (prompt === undefined) return failure({ message: 'This prompt is over.' });
        attached = prompt;
        signal.addEventListener('abort', () => prompt.detached(), { once: true });
        await prompt.ended;
        return DONE;
      },
      'prompt.visible': () => act(({ actions }) => actions.visible()),
      'prompt.submitPin': ({ pin }) => input(({ actions }) => actions.submitPin(pin)),
      'prompt.submitNewPin': ({ pin }) => input(({ actions }) => actions.submitNewPin(pin)),
      'prompt.selectCredential': ({ index }) => input(({ actions }) => actions.selectCredential(index)),
      'prompt.useCard': ({ readerName }) => input(({ actions }) => actions.useCard(readerName)),
      'prompt.shareAttestation': ({ shared }) => act(({ actions }) => actions.shareAttestation(shared)),
      'prompt.deleteCredential': ({ pin }) => act(({ actions }) => actions.deleteCredential(pin)),
      'prompt.cancel': () => act(({ actions }) => actions.cancel()),
      'prompt.useBrowser': () => act(({ actions }) => actions.useBrowser()),
    },
  });

  function end(): void {
    responder.disconnected();
    port.disconnect();
  }

  port.onMessage((message) => responder.receive(message));
  port.onDisconnect(() => responder.disconnected());
}
