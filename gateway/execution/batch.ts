import { readNow, unread, type CallAnswer, type FetchAnswer, type SubgraphOutcome } from './reply.ts';

/** Sends a fetch with these variables; the signal ends when nobody wants the answer any more. */
export type Send = (variables: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<CallAnswer>;

/** Sends one request's entity fetch, alone or with those of other requests that have the same object for a lane. */
export type SendBatched = (
  lane: object,
  variables: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  send: Send,
) => Promise<FetchAnswer>;

export interface BatchingOptions {
  /** Representations of one call; one request's own may be more. */
  readonly representationsMax: number;
  /** Nobody waits longer than this for a call under way to come back. */
  readonly waitMsMax: number;
}

interface Waiter {
  readonly variables: Readonly<Record<string, unknown>>;
  readonly representations: readonly unknown[];
  readonly signal: AbortSignal;
  readonly send: Send;
  readonly settle: (answer: FetchAnswer | Promise<FetchAnswer>) => void;
}

/** Requests that may share calls. */
interface Lane {
  underWay: number;
  waiting: Waiter[];
  /** Representations of those who wait. */
  size: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Batching across requests: while a call is under way, entities that the same fetch wants for other requests gather for the next one, as
 * records do for one commit. An idle gateway adds no delay. Who shares a lane shares the operation and its grant (stages/compile.ts), and with
 * it application, purpose and every other part of the decision's key; the variables beside the representations must be equal too.
 * INVARIANT: nobody's answer depends on who else was in the call.
 */
export function createBatching({ representationsMax, waitMsMax }: BatchingOptions): SendBatched {
  const lanes = new WeakMap<object, Map<string, Lane>>();

  const dispatch = (lane: Lane, leave: () => void): void => {
    clearTimeout(lane.timer);
    lane.timer = undefined;
    const group = takeGroup(lane, representationsMax);
    lane.underWay += 1;
    void sendGroup(group).finally(() => {
      lane.underWay -= 1;
      if (lane.waiting.length > 0) {
        if (lane.underWay === 0) dispatch(lane, leave);
      } else if (lane.underWay === 0) leave();
    });
    if (lane.waiting.length > 0) lane.timer = setTimeout(() => dispatch(lane, leave), waitMsMax);
  };

  return async (shared, variables, signal, send) => {
    const { representations } = variables;
    if (!Array.isArray(representations)) throw new Error('Only entity fetches are batched.');
    const byVariables = lanes.get(shared) ?? new Map<string, Lane>();
    lanes.set(shared, byVariables);
    const key = keyOfOthers(variables);
    const lane = byVariables.get(key) ?? { underWay: 0, waiting: [], size: 0, timer: undefined };
    byVariables.set(key, lane);
    const leave = (): void => void byVariables.delete(key);
    return new Promise((settle) => {
      lane.waiting.push({ variables, representations, signal, send, settle });
      lane.size += representations.length;
      if (lane.underWay === 0 || lane.size >= representationsMax) dispatch(lane, leave);
      else lane.timer ??= setTimeout(() => dispatch(lane, leave), waitMsMax);
    });
  };
}

function keyOfOthers(variables: Readonly<Record<string, unknown>>): string {
  const { representations: _, ...others } = variables;
  return JSON.stringify(others);
}

/** As many of those who wait as one call takes, the first at least. */
function takeGroup(lane: Lane, representationsMax: number): readonly Waiter[] {
  let size = 0;
  let count = 0;
  for (const { representations } of lane.waiting) {
    if (count > 0 && size + representations.length > representationsMax) break;
    size += representations.length;
    count += 1;
  }
  lane.size -= size;
  return lane.waiting.splice(0, count);
}

async function sendGroup(group: readonly Waiter[]): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  if (group.length === 1) return settleAlone(first);
  const representations = group.flatMap((waiter) => waiter.representations);
  try {
    const answer = await first.send({ ...first.variables, representations }, STAYS);
    const parts = unread(() => split(readNow(answer), group));
    // What cannot be told apart is asked for apart: another's entity must not cost anybody an answer.
    for (const [index, waiter] of group.entries()) waiter.settle(unread(() => parts.read()[index] ?? askAlone(waiter)));
  } catch (error) {
    for (const waiter of group) waiter.settle(Promise.reject(error));
  }
}

/** A call for several is not ended because one client has gone. */
const STAYS = new AbortController().signal;

async function askAlone({ variables, signal, send }: Waiter): Promise<SubgraphOutcome> {
  return readNow(await send(variables, signal));
}

async function settleAlone({ variables, signal, send, settle }: Waiter): Promise<void> {
  const sent = send(variables, signal);
  settle(sent);
  // Whoever waits is told of a failure; here only its end matters.
  await sent.catch(() => undefined);
}

/** Each one's part of an answer; none when the answer does not say what is whose. */
function split(outcome: SubgraphOutcome, group: readonly Waiter[]): readonly SubgraphOutcome[] {
  if (outcome.kind === 'unavailable') return outcome.fault === 'answer' ? [] : group.map(() => outcome);
  const entities = outcome.data?.['_entities'];
  const total = group.reduce((sum, { representations }) => sum + representations.length, 0);
  if (!Array.isArray(entities) || entities.length !== total) return [];
  const isOfOne = ({ path }: (typeof outcome.errors)[number]): boolean =>
    path?.[0] === '_entities' && typeof path[1] === 'number' && path[1] >= 0 && path[1] < total;
  if (!outcome.errors.every(isOfOne)) return [];
  let from = 0;
  return group.map(({ representations }) => {
    const begin = from;
    from += representations.length;
    const errors = outcome.errors.flatMap((error) => {
      const [, at, ...rest] = error.path ?? [];
      return typeof at === 'number' && at >= begin && at < from ? [{ ...error, path: ['_entities', at - begin, ...rest] }] : [];
    });
    return { kind: 'answered', data: { _entities: entities.slice(begin, from) }, errors };
  });
}
