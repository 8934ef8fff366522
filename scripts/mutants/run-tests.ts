/** In charge of running test files on a database of one's choice, again and again without starting anew. */
import { join } from "node:path";
import { createVitest, type TestModule } from "vitest/node";
import type { TestCluster } from "../../test/support/global-setup.js";

/** Where the tests run: a cluster, and the database that each file copies. */
export interface TestGround {
  readonly cluster: TestCluster;
  readonly template: string;
}

/** A test file, and which of its tests. */
export interface Tests {
  readonly path: string;
  readonly named?: RegExp;
}

/** A runner that keeps what it has compiled. */
export interface TestRunner {
  /** The name of the test that failed first; null when none did. What ran out of time says nothing. */
  run(tests: Tests): Promise<string | null>;
  close(): Promise<void>;
}

const root = new URL("../../", import.meta.url).pathname;

/** Starts a runner of one file at a time. */
export async function startTestRunner({ cluster, template }: TestGround): Promise<TestRunner> {
  // read by this process's own global setup, and by the files' processes
  process.env.PORTCULLIS_TEST_CLUSTER = JSON.stringify(cluster);
  const vitest = await createVitest("test", {
    root,
    watch: false,
    reporters: [{}],
    maxWorkers: 1,
    bail: 1,
    env: { PORTCULLIS_TEST_TEMPLATE: template, PORTCULLIS_TEST_CLUSTER: JSON.stringify(cluster) },
  });
  await vitest.standalone();
  const runOnce = async ({ path, named }: Tests): Promise<Failure | null> => {
    const options = named === undefined ? {} : { testNamePattern: named };
    const file = vitest.getRootProject().createSpecification(join(root, path), options);
    const { testModules } = await vitest.runTestSpecifications([file]);
    const ran = testModules.find(({ moduleId }) => moduleId === file.moduleId);
    return ran === undefined ? null : firstFailure(ran);
  };
  return {
    run: async (tests) => {
      const failure = await runOnce(tests);
      const again = failure?.isLate ? await runOnce(tests) : failure;
      return again === null || again.isLate ? null : again.name;
    },
    close: () => vitest.close(),
  };
}

interface Failure {
  readonly name: string;
  /** Whether it only took too long, on a machine with more to do. */
  readonly isLate: boolean;
}

function firstFailure(file: TestModule): Failure | null {
  const [test] = file.children.allTests("failed");
  if (test !== undefined) return { name: test.name, isLate: isLate(test.result().errors) };
  const errors = [...file.errors(), ...[...file.children.allSuites()].flatMap((suite) => suite.errors())];
  return errors.length === 0 ? null : { name: "nothing can be arranged", isLate: isLate(errors) };
}

function isLate(errors: ReadonlyArray<{ readonly message: string }> = []): boolean {
  return errors.some(({ message }) => /timed out|timeout/i.test(message));
}
