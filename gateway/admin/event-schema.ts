import { GraphQLError, type GraphQLFieldResolver } from 'graphql';
import { gql } from 'graphql-tag';
import type { Database } from '../../platform/database.ts';
import { recordEvent } from './events.ts';
import { countOf, numberAfter, pageOf, type PageArguments } from './page.ts';
import type { AdminContext } from './schema.ts';
import { readEvents } from './store.ts';

/** The part of the admin API that shows what was done by way of it. */
export const EVENT_TYPES = gql`
  extend type Query {
    "What was done by way of the admin API, or tried and refused; the newest first."
    adminEvents(first: Int, after: String): AdminEventPage!
  }

  type AdminEventPage {
    nodes: [AdminEvent!]!
    pageInfo: PageInfo!
  }

  type AdminEvent {
    at: DateTime!
    "What was done, such as policy.approve; policy.approve.refused when it was not."
    kind: String!
    "Account."
    actor: String!
    subject: String!
    "JSON: names of the registry and of rules, nothing of a person."
    body: String!
    "SHA-256 of the event, hex."
    hash: String!
  }
`;

export interface EventSources {
  readonly database: Database;
  readonly clock: () => number;
}

/** Resolvers of the root fields. */
export function eventRoot({ database }: EventSources) {
  return {
    adminEvents: async (args: PageArguments) => {
      const count = countOf(args);
      const rows = await readEvents(database, numberAfter(args) ?? Number.MAX_SAFE_INTEGER, count + 1);
      return pageOf(
        rows,
        count,
        ({ number }) => number,
        (row) => ({ ...row, body: JSON.stringify(row.body) }),
      );
    },
  };
}

type Resolve = GraphQLFieldResolver<unknown, AdminContext, Record<string, unknown>>;

/** Wraps each mutation: what was refused, by a rule, by role or for its input, is written down with the code and nothing else of it. */
export function recordRefused({ database, clock }: EventSources) {
  return async (
    resolve: Resolve,
    parent: unknown,
    args: Record<string, unknown>,
    context: AdminContext,
    info: Parameters<Resolve>[3],
  ): Promise<unknown> => {
    const refused = async (code: unknown): Promise<void> =>
      recordEvent(database, {
        kind: `${info.fieldName}.refused`,
        actor: context.actor,
        atMs: clock(),
        subject: '',
        body: { code: typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR' },
      });
    let answer: unknown;
    try {
      answer = await resolve(parent, args, context, info);
    } catch (error) {
      await refused(error instanceof GraphQLError ? error.extensions['code'] : undefined);
      throw error;
    }
    // graphql-shield gives the error of a denied field back as a value.
    if (answer instanceof Error) await refused(answer instanceof GraphQLError ? answer.extensions['code'] : undefined);
    else await refusedIn(answer, refused);
    return answer;
  };
}

async function refusedIn(answer: unknown, refused: (code: unknown) => Promise<void>): Promise<void> {
  if (typeof answer !== 'object' || answer === null || !('refusal' in answer)) return;
  const { refusal } = answer;
  if (typeof refusal === 'object' && refusal !== null && 'code' in refusal) await refused(refusal.code);
}
