import { startCardBench } from './card-bench.ts';
import { CARD_FAULTS, HID_FAULTS } from './faults.ts';
import { startHidBench } from './hid-bench.ts';
import { defineMatrix } from './run-matrix.ts';

defineMatrix('HID', HID_FAULTS, startHidBench);
defineMatrix('card', CARD_FAULTS, startCardBench);
