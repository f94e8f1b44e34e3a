import type { PolicyJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs';

/** What a policy looks at: the entities it names, the context it reads, the texts it compares with, and what it may not do. */
export interface PolicyReading {
  readonly entities: readonly TypeAndId[];
  /** Context attributes, `assurance` or `arguments.age`. */
  readonly context: ReadonlySet<string>;
  /** String literals by what they are compared with: `context.purpose`, `context.officer.role`, `resource.class`, `resource.owner`. */
  readonly compared: ReadonlyMap<string, ReadonlySet<string>>;
  /** Literals of the conditions: what arguments may be compared with. */
  readonly literals: ReadonlySet<string | number | boolean>;
  /** Whether it can apply for purposes that it names and for no other. */
  readonly boundToPurpose: boolean;
  /** Why the policy is not accepted, as sentences. */
  readonly refusals: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const COMPARISONS = new Set(['==', '!=', 'contains', 'containsAll', 'containsAny', 'in', 'like']);
const OTHER_OPERATORS = new Set(['Slot', '!', '<', '<=', '>', '>=', '&&', '||', 'is', 'isEmpty', 'if-then-else', 'Set', 'Record']);

/**
 * Walks a policy's JSON (Cedar's JSON policy format). Refused are the things that could fail to evaluate although strict validation
 * passed, arithmetic that overflows and extension functions, and reading `context` or `context.arguments` as a whole, which would decide
 * by values that are not in the decision's key.
 */
export function readPolicy(policy: PolicyJson): PolicyReading {
  const entities: TypeAndId[] = [];
  const context = new Set<string>();
  const compared = new Map<string, Set<string>>();
  const refusals = new Set<string>();
  const literals = new Set<string | number | boolean>();

  collectEntities(policy.principal);
  collectEntities(policy.resource);
  for (const condition of policy.conditions) visit(condition.body);
  const boundToPurpose = policy.conditions.some((condition) => condition.kind === 'when' && isBound(condition.body));
  return { entities, context, compared, literals, boundToPurpose, refusals: [...refusals] };

  function visit(node: unknown): void {
    if (!isJson(node)) return;
    for (const [operator, operand] of Object.entries(node)) {
      if (operator === 'Value') {
        collectEntities(operand);
        collectLiterals(operand);
      } else if (operator === 'Var') record(operand === 'context' ? [] : undefined);
      else if (operator === '.' || operator === 'has') visitAccess(node, operand);
      else if (operator === '+' || operator === '-' || operator === '*' || operator === 'neg') {
        refusals.add('Arithmetic can overflow, and a rule that fails to evaluate refuses everything it touches. Compare with constants.');
      } else if (COMPARISONS.has(operator)) {
        noteComparison(operand);
        if (operator === 'like' && isJson(operand)) collectPattern(operand['pattern']);
        visitOperands(operand);
      } else if (OTHER_OPERATORS.has(operator)) visitOperands(operand);
      else refusals.add(`The function ${operator} can fail to evaluate and is not used here. Compare with constants.`);
    }
  }

  function visitOperands(operand: unknown): void {
    if (Array.isArray(operand)) for (const item of operand) visit(item);
    else if (isJson(operand)) for (const item of Object.values(operand)) visit(item);
  }

  function visitAccess(node: Json, operand: unknown): void {
    const path = pathOf(node);
    if (path === undefined) visit(isJson(operand) ? operand['left'] : undefined);
    else record(path[0] === 'context' ? path.slice(1) : undefined);
  }

  function record(path: readonly string[] | undefined): void {
    if (path === undefined) return;
    if (path.length === 0 || (path.length === 1 && path[0] === 'arguments')) {
      refusals.add(
        'The context is read attribute by attribute: name the one that is meant, such as context.purpose or context.arguments.age.',
      );
    } else context.add(path.join('.'));
  }

  function noteComparison(operand: unknown): void {
    if (!isJson(operand)) return;
    const sides = [operand['left'], operand['right']];
    for (const [index, side] of sides.entries()) {
      const path = isJson(side) ? pathOf(side)?.join('.') : undefined;
      if (path === undefined) continue;
      const texts = compared.get(path) ?? new Set<string>();
      for (const text of stringsIn(sides[1 - index])) texts.add(text);
      compared.set(path, texts);
    }
  }

  function collectLiterals(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) collectLiterals(item);
    else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') literals.add(value);
  }

  /** A text that `like` takes: what stands between the wildcards. */
  function collectPattern(value: unknown): void {
    if (!Array.isArray(value)) return;
    literals.add(value.map((part) => (isJson(part) && typeof part['Literal'] === 'string' ? part['Literal'] : '')).join(''));
  }

  function collectEntities(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) collectEntities(item);
    else if (isJson(value)) {
      if (typeof value['type'] === 'string' && typeof value['id'] === 'string') entities.push({ type: value['type'], id: value['id'] });
      else for (const item of Object.values(value)) collectEntities(item);
    }
  }
}

/** `context.purpose == "a"` or `["a", "b"].contains(context.purpose)`, on one side of an `&&` or on both sides of an `||`. */
function isBound(node: unknown): boolean {
  if (!isJson(node)) return false;
  const operand = node['&&'] ?? node['||'] ?? node['=='] ?? node['contains'];
  if (!isJson(operand)) return false;
  const { left, right } = operand;
  if ('&&' in node) return isBound(left) || isBound(right);
  if ('||' in node) return isBound(left) && isBound(right);
  const isPurpose = (side: unknown): boolean => isJson(side) && pathOf(side)?.join('.') === 'context.purpose';
  if ('contains' in node) return isPurpose(right) && stringsIn(left).length > 0;
  return (isPurpose(left) && stringsIn(right).length > 0) || (isPurpose(right) && stringsIn(left).length > 0);
}

/** `context.arguments.age`, or `context has arguments.age`, as `['context', 'arguments', 'age']`; undefined when no variable is its root. */
function pathOf(node: Json): readonly string[] | undefined {
  if (typeof node['Var'] === 'string') return [node['Var']];
  const access = node['.'] ?? node['has'];
  if (!isJson(access) || !isJson(access['left'])) return undefined;
  const left = pathOf(access['left']);
  const attributes = [access['attr']].flat().map(String);
  return left && [...left, ...attributes];
}

/** The strings of a literal: `"a"`, or `["a", "b"]` in either way that Cedar writes a set. */
function stringsIn(node: unknown): readonly string[] {
  if (!isJson(node)) return [];
  if ('Set' in node) return Array.isArray(node['Set']) ? node['Set'].flatMap(stringsIn) : [];
  return [node['Value']].flat().filter((value) => typeof value === 'string');
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
