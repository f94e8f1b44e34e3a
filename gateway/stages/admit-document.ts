import {
  getNamedType,
  GraphQLError,
  GraphQLFloat,
  Lexer,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  validate,
  visit,
  type DocumentNode,
  type FloatValueNode,
  type IntValueNode,
  type ValidationRule,
} from 'graphql';
import { refuse, type Refusal } from '../errors.ts';
import type { Graph } from '../graph.ts';
import type { Limits } from '../limits.ts';
import { documentError } from './admit-errors.ts';
import { measure, type Measures } from './admit-measures.ts';
import { renameVariables } from './admit-names.ts';

/**
 * Reads a document: held against every limit before the work that the limit bounds, then validated. Sizes first, because validation itself
 * can be made to take minutes (ATTACKS 10 and 11). Depends on text, schema and limits alone.
 */
export function readDocument(
  text: string,
  { graph, limits }: { readonly graph: Pick<Graph, 'apiSchema'>; readonly limits: Limits },
): DocumentNode | Refusal {
  let document: DocumentNode;
  try {
    const tooLong = excessOfTokens(text, limits);
    if (tooLong !== undefined) return refuse('OPERATION_TOO_LARGE', tooLong);
    document = parse(text);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { kind: 'refusal', code: 'GRAPHQL_PARSE_FAILED', errors: [documentError('GRAPHQL_PARSE_FAILED', error)] };
  }
  const measures = measure(document, limits);
  const excess = excessOf(measures, limits);
  if (excess !== undefined) return refuse('OPERATION_TOO_LARGE', excess);
  if (measures.reservedName) {
    return refuse(
      'GRAPHQL_VALIDATION_FAILED',
      'An alias or a variable has a reserved name. Choose one that does not begin with two underscores.',
    );
  }
  document = renameVariables(document);
  const errors = validate(graph.apiSchema, document, RULES, { maxErrors: limits.validationErrorsMax, hideSuggestions: true });
  if (errors.length === 0) return document;
  if (asksForIncrements(document)) return refuse('OPERATION_NOT_SUPPORTED');
  return {
    kind: 'refusal',
    code: 'GRAPHQL_VALIDATION_FAILED',
    errors: errors.map((error) => documentError('GRAPHQL_VALIDATION_FAILED', error)),
  };
}

/**
 * A number beyond those of IEEE 754 is no Float (GraphQL specification, 3.5.2, "Input Coercion"). graphql-js lets such literals pass as
 * infinite, and Apollo's planner fails on them.
 */
const finiteFloats: ValidationRule = (context) => {
  const check = (node: FloatValueNode | IntValueNode): void => {
    if (getNamedType(context.getInputType()) !== GraphQLFloat || Number.isFinite(Number(node.value))) return;
    context.reportError(new GraphQLError('Float cannot represent a number that is not finite.', { nodes: node }));
  };
  return { FloatValue: check, IntValue: check };
};

const RULES: readonly ValidationRule[] = [...specifiedRules, finiteFloats];

/** `@defer` and `@stream` are in no schema of ours; a client that sends them is told what it is about, not that they are unknown. */
function asksForIncrements(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive: ({ name }) => {
      found ||= name.value === 'defer' || name.value === 'stream';
    },
  });
  return found;
}

/** Lexes the text up to the limits: the parser calls itself for every bracket, so it must not see a text with thousands open. */
function excessOfTokens(text: string, limits: Limits): string | undefined {
  const lexer = new Lexer(new Source(text));
  let open = 0;
  for (let tokens = 1; lexer.advance().kind !== TokenKind.EOF; tokens += 1) {
    if (tokens > limits.tokensMax) return `A document may have ${limits.tokensMax} tokens. Ask for less at a time.`;
    if (OPENING.has(lexer.token.kind)) open += 1;
    else if (CLOSING.has(lexer.token.kind)) open -= 1;
    if (open > limits.nestingMax) return `A document may have ${limits.nestingMax} brackets open at once. Ask for less at a time.`;
  }
  return undefined;
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

function excessOf(measures: Measures, limits: Limits): string | undefined {
  if (measures.depth > limits.depthMax) return `A document may nest ${limits.depthMax} deep. Ask for less at a time.`;
  if (measures.aliases > limits.aliasesMax) return `A document may have ${limits.aliasesMax} aliases. Use variables and lists instead.`;
  if (measures.rootFields > limits.rootFieldsMax) return `An operation may have ${limits.rootFieldsMax} root fields. Use lists instead.`;
  if (measures.expandedSelections > limits.expandedSelectionsMax) {
    return `A document may select ${limits.expandedSelectionsMax} times with its fragments expanded. Ask for less at a time.`;
  }
  if (measures.repeatedSelections > limits.repeatedSelectionsMax) {
    return `A field may be selected ${limits.repeatedSelectionsMax} times in one place. Select it once.`;
  }
  return undefined;
}
