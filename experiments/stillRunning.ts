import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** How often the reporter looks, and how long a file may run before it is named. */
const INTERVAL_MS = 60_000;
const LONG_MS = 180_000;

/** What runs in a file now. */
interface Running {
  readonly since: number;
  test: string | null;
}

/** Vitest reporter that names each minute what has been running for three: where a run hangs, its last lines say where. */
export default class StillRunning implements Reporter {
  private readonly running = new Map<string, Running>();
  private timer: NodeJS.Timeout | undefined;

  onTestRunStart(): void {
    this.timer = setInterval(() => this.say(performance.now()), INTERVAL_MS);
    this.timer.unref();
  }

  onTestModuleStart(module: TestModule): void {
    this.running.set(module.relativeModuleId, { since: performance.now(), test: null });
  }

  onTestCaseReady(test: TestCase): void {
    const running = this.running.get(test.module.relativeModuleId);
    if (running !== undefined) running.test = test.fullName;
  }

  onTestModuleEnd(module: TestModule): void {
    this.running.delete(module.relativeModuleId);
  }

  onTestRunEnd(): void {
    clearInterval(this.timer);
  }

  private say(now: number): void {
    for (const [file, { since, test }] of this.running) {
      const seconds = Math.round((now - since) / 1000);
      if (now - since >= LONG_MS)
        process.stdout.write(
          `still running after ${seconds} s: ${file}${test === null ? '' : ` > ${test}`}\n`,
        );
    }
  }
}
