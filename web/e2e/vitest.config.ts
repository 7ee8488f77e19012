import { defineConfig } from "vitest/config";

const PATIENCE_MS = 600_000;

// One browser at a time: the tests share one desk, and the machines they run on have two processors.
export default defineConfig({
  test: {
    include: ["e2e/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
    environment: "node",
  },
});
