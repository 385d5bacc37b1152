// The black-box tests: the built Worker (build/), in workerd, over HTTP.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    // Every file starts a Worker of its own with storage of its own, so files
    // run side by side; tests within a file share the Worker, not a project.
    // More than there are cores, because they mostly wait.
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: 30_000,
    hookTimeout: 120_000,
    reporters: ["verbose"],
    // What the Worker printed is shown with the tests that failed.
    silent: "passed-only",
    env: { WRANGLER_SEND_METRICS: "false", WRANGLER_LOG: "error" },
  },
});
