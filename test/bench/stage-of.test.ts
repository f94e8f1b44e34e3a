import { expect, test } from 'vitest';
import { timeByStage, type CpuProfile, type ProfileNode } from '../../bench/report/stage-of.ts';
import { stagesTable } from '../../bench/studies/stages.ts';

const node = (id: number, functionName: string, url = '', children: readonly number[] = []): ProfileNode => ({
  id,
  callFrame: { functionName, url },
  children,
});

/** A profile in which each node named ran for 100 µs. */
function profileOf(nodes: readonly ProfileNode[], samples: readonly number[]): CpuProfile {
  return { nodes, samples: [...samples, 1], timeDeltas: [7, ...samples.map(() => 100)] };
}

test('gives a stage what it calls, in the files of other stages and in packages too', () => {
  const times = timeByStage(
    profileOf(
      [
        node(1, '(root)', '', [2, 5]),
        node(2, 'admit', 'file:///p/gateway/stages/admit.ts', [3]),
        node(3, 'parse', 'file:///p/node_modules/graphql/language/parser.mjs'),
        node(5, 'record', 'file:///p/gateway/stages/record.ts', [6]),
        node(6, 'size', 'file:///p/gateway/policy/transforms.ts'),
      ],
      [2, 3, 3, 5, 6],
    ),
  );
  expect(times).toMatchObject({ admit: 300, record: 200, prepare: 0, rest: 0 });
});

test('tells compiling a plan from running what was compiled, which is code of the same file', () => {
  const times = timeByStage(
    profileOf(
      [
        node(1, '(root)', '', [2, 4, 5]),
        node(2, 'compile', 'file:///p/gateway/stages/compile.ts', [3]),
        node(3, 'compilePlan', 'file:///p/gateway/execution/plan-compile.ts'),
        node(4, 'step', 'file:///p/gateway/execution/plan-compile.ts'),
        node(5, 'onData', 'file:///p/node_modules/undici/lib/dispatcher/client-h1.js'),
      ],
      [3, 4, 5],
    ),
  );
  expect(times).toMatchObject({ prepare: 100, execute: 200 });
});

test('counts garbage collection and waiting apart, wherever they happen, and what fits no stage as rest', () => {
  const times = timeByStage(
    profileOf(
      [
        node(1, '(root)', '', [2, 3, 4, 5]),
        node(2, 'admit', 'file:///p/gateway/stages/admit.ts', [6]),
        node(3, '(idle)'),
        node(4, '(program)'),
        node(5, 'onRequest', 'node:_http_server'),
        node(6, '(garbage collector)'),
      ],
      [2, 3, 4, 5, 6],
    ),
  );
  expect(times).toMatchObject({ admit: 100, idle: 100, native: 100, rest: 100, garbage: 100 });
});

test('the table divides by the requests and leaves idle out of the shares', () => {
  const timesUs = timeByStage(
    profileOf(
      [node(1, '(root)', '', [2, 3]), node(2, 'admit', 'file:///p/gateway/stages/admit.ts'), node(3, '(idle)')],
      [2, 2, 3, 3, 3, 3],
    ),
  );
  const { rows } = stagesTable([{ work: 'q1', requests: 10, timesUs, cpuUs: 21, othersOnGatewayCore: 0.1 }]);
  expect(rows).toContainEqual(['admit', '20', '100.0 %']);
  expect(rows).toContainEqual(['idle', '40', '-']);
  expect(rows).toContainEqual(['main thread without idle', '20', '100 %']);
});
