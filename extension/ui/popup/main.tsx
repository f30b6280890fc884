import { createUiPlatform } from '../../platform/ui-platform.ts';
import { startPopup } from './popup-page.tsx';

startPopup(document, createUiPlatform());
