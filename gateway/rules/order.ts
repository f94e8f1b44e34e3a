import type { Decision, Rung } from '../policy/decision.ts';

/** How much a decision gives: nothing, something of those who consent, a part of the value, all of it. */
export type Level = 'refused' | 'consent' | 'transformed' | 'released';

/** What a change of rules does to one question. `apart`: something else than before, neither more nor less. */
export type Direction = 'same' | 'wider' | 'narrower' | 'apart';

export function levelOf(decision: Decision): Level {
  if (decision.kind === 'refused') return 'refused';
  if (decision.law === undefined) return 'consent';
  return decision.law.transform === undefined ? 'released' : 'transformed';
}

/**
 * Whether a decision gives more than another: to people who have not consented, and to those who have. More to either and not less to the
 * other is wider. A bound on questions is less than none, and a smaller one less than a larger.
 */
export function compareDecisions(before: Decision, after: Decision): Direction {
  const [lawBefore, bestBefore] = given(before);
  const [lawAfter, bestAfter] = given(after);
  return both(compareRungs(lawBefore, lawAfter), compareRungs(bestBefore, bestAfter));
}

/** What everybody's data is given by, and that of people who consented. */
function given(decision: Decision): readonly [Rung | undefined, Rung | undefined] {
  if (decision.kind === 'refused') return [undefined, undefined];
  return [decision.law, decision.consent ?? decision.law];
}

function compareRungs(before: Rung | undefined, after: Rung | undefined): Direction {
  if (before === undefined || after === undefined) {
    if (before === after) return 'same';
    return before === undefined ? 'wider' : 'narrower';
  }
  // Told later is given more freely.
  const hidden = compareBounds(before.hiddenDays ?? 0, after.hiddenDays ?? 0);
  return both(hidden, both(compareTransforms(before.transform, after.transform), compareBounds(before.probesMax, after.probesMax)));
}

function compareTransforms(before: string | undefined, after: string | undefined): Direction {
  if (before === after) return 'same';
  if (after === undefined) return 'wider';
  return before === undefined ? 'narrower' : 'apart';
}

function compareBounds(before = Infinity, after = Infinity): Direction {
  if (before === after) return 'same';
  return after > before ? 'wider' : 'narrower';
}

function both(one: Direction, other: Direction): Direction {
  if (one === 'same' || one === other) return other;
  return other === 'same' ? one : 'apart';
}
