import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/e2e/**', 'test/native-host/faults/**', 'test/vm/**/*.vm.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/native-host/faults/**/*.test.ts'],
          // Many hosts in one process: each holds threads of Node's pool while it waits for its reader.
          env: { UV_THREADPOOL_SIZE: '96' },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Dozens of hosts with short deadlines: not while browsers take the cores.
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.e2e.test.ts'],
          // One browser at a time: two cores, and focus is part of what is tested.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'vm',
          include: ['test/vm/**/*.vm.test.ts'],
          // Its emulated processors take both cores of a small machine: after everything else.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
