import { createUiPlatform } from '../../platform/ui-platform.ts';
import { startPrompt } from './prompt-page.tsx';

startPrompt(document, createUiPlatform(), location.hash.slice(1));
