import { GraphQLError } from 'graphql';
import { isUuid } from '../../platform/uuid.ts';
import type { ConsentHistory } from '../consent/record.ts';
import type { Actor } from '../consent/minors.ts';
import type { NotConsentable } from '../consent/rules.ts';
import { receiptOf } from '../consent/shown.ts';
import type { Caller } from '../request.ts';
import type { HistoryArguments } from '../oversight/history/shown.ts';
import type { CitizenParts } from './subgraph.ts';

export interface CitizenContext {
  readonly caller: Caller;
}

interface Chosen {
  readonly agency: string;
  readonly purpose: string;
  readonly groups: readonly string[];
  readonly until?: string | null;
}
interface ForChild {
  readonly child?: string | null;
}
type Input<Fields> = { readonly input: Fields };

/** Citizens write down nothing beside what they did: the login is the evidence. */
const BY_CITIZEN = { channel: 'citizen', evidence: undefined } as const;

/** Resolvers of schema.graphql. What may be asked at all, policies have decided; here each person is given their own only. */
export function citizenResolvers(parts: CitizenParts) {
  const { consents } = parts;
  const shown = (history: ConsentHistory) => ({
    ...consents.show(history),
    receipt: receiptOf(history.record),
  });
  const change = (answer: ConsentHistory | NotConsentable) => ('kind' in answer ? { refusal: answer.message } : { consent: shown(answer) });

  return {
    Query: {
      me: (_: unknown, _arguments: unknown, { caller }: CitizenContext) =>
        caller.citizen === undefined ? null : { idNumber: caller.citizen },
      childConsents: async (_: unknown, { child }: { readonly child: string }, context: CitizenContext) => {
        const listed = await consents.list(actorOf(context, child));
        return 'kind' in listed ? [] : listed.map(shown);
      },
      consentNotice: (_: unknown, { input: { until, ...chosen } }: Input<Chosen>) => {
        const notice = consents.notice({ ...chosen, until: until ?? undefined });
        return 'kind' in notice ? { refusal: notice.message } : { terms: notice };
      },
    },
    Mutation: {
      giveConsent: async (
        _: unknown,
        { input }: Input<Chosen & ForChild & { childAgreement?: string | null }>,
        context: CitizenContext,
      ) => {
        const { child, until, childAgreement, agency, purpose, groups } = input;
        const more = { until: until ?? undefined, childAgreement: childAgreement ?? undefined };
        return change(await consents.give({ agency, purpose, groups, ...more, ...actorOf(context, child) }, BY_CITIZEN));
      },
      withdrawConsent: async (
        _: unknown,
        { input }: Input<Omit<Chosen, 'groups'> & ForChild & { groups?: readonly string[] | null }>,
        context: CitizenContext,
      ) => {
        const { child, agency, purpose, groups } = input;
        const answer = await consents.withdraw({ agency, purpose, groups: groups ?? undefined, ...actorOf(context, child) }, BY_CITIZEN);
        return answer.kind === 'refused' ? { refusal: answer.message } : { withdrawn: answer.groups };
      },
      extendConsent: async (_: unknown, { input }: Input<ForChild & { id: string; until: string }>, context: CitizenContext) => {
        const { id, until, child } = input;
        if (!isUuid(id)) return { refusal: 'The id of a consent is a UUID, as me { consents { id } } gives it.' };
        return change(await consents.extend(id, until, BY_CITIZEN, actorOf(context, child)));
      },
    },
    Resident: {
      __resolveReference: ({ idNumber }: { readonly idNumber: string }) => ({ idNumber }),
      consents: async ({ idNumber }: { readonly idNumber: string }, _arguments: unknown, context: CitizenContext) => {
        if (idNumber !== loggedIn(context)) throw notTheirs();
        const listed = await consents.list({ idNumber, representative: undefined });
        return 'kind' in listed ? [] : listed.map(shown);
      },
      // INVARIANT: a history is shown to nobody but the person who is logged in.
      accessHistory: async ({ idNumber }: { readonly idNumber: string }, page: HistoryArguments, context: CitizenContext) => {
        if (idNumber !== loggedIn(context)) throw notTheirs();
        return parts.showHistory(idNumber, page);
      },
    },
    AccessHistory: {
      nodes: ({ edges }: { readonly edges: readonly { readonly node: unknown }[] }) => edges.map(({ node }) => node),
    },
    ConsentChannel: { CITIZEN: 'citizen', OPERATOR: 'operator' },
  };
}

/** The citizen for themselves, or in place of a child. */
function actorOf(context: CitizenContext, child: string | null | undefined): Actor {
  const citizen = loggedIn(context);
  return child === null || child === undefined
    ? { idNumber: citizen, representative: undefined }
    : { idNumber: child, representative: citizen };
}

function loggedIn({ caller }: CitizenContext): string {
  if (caller.citizen === undefined) throw notTheirs();
  return caller.citizen;
}

function notTheirs(): GraphQLError {
  return new GraphQLError('Consents and history are shown to the citizen who is logged in only.', { extensions: { code: 'FORBIDDEN' } });
}
