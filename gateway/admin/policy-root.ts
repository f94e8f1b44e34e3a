import type { Database } from '../../platform/database.ts';
import { isIdNumber } from '../../platform/id-number.ts';
import type { Graph } from '../graph.ts';
import type { CheckReport } from '../policy/check.ts';
import { exampleOf } from '../rules/example.ts';
import type { Explanation, ExplainQuestion } from '../rules/explain.ts';
import type { Impact } from '../rules/impact.ts';
import { overviewOf } from '../rules/overview.ts';
import { replay } from '../rules/replay.ts';
import { ownerOf, verifyStep, type VerifiedStep } from '../rules/round.ts';
import { draft, versionMeant, type RulesContext, type StepOutcome } from '../rules/service.ts';
import type { SignedStatement } from '../rules/signature.ts';
import { activate, approve, narrow, reject, review, rollback, submit, versionBefore } from '../rules/steps.ts';
import { readRecorded, readSteps, readVersions, type RecordedBounds } from '../rules/store.ts';
import { RulesError } from '../rules/thread.ts';
import type { OperationImpact } from '../operations/impact.ts';
import type { PreparedRules } from '../rules/thread-protocol.ts';
import { recordEvent } from './events.ts';
import { ADMINISTRATOR_ROLES } from '../policy/officers.ts';
import type { EventLedger } from '../ledger/recording.ts';
import { isThePerson, noteLook } from './look.ts';
import { countOf, numberAfter, pageOf, type PageArguments } from './page.ts';
import { passes } from './policy-report.ts';
import type { AdminContext, AdminRoot } from './schema.ts';
import { badInput } from './field-error.ts';

export interface PolicySources {
  readonly rules: RulesContext;
  readonly database: Database;
  readonly events: EventLedger;
  readonly graph: Pick<Graph, 'apiSchema' | 'classification'>;
  readonly cedarSchema: string;
  /** How much of the record is looked at for a replay. */
  readonly replayed: Omit<RecordedBounds, 'since'>;
  /** What other rules would do to approved operations. */
  readonly operationsUnder: (prepared: PreparedRules) => Promise<readonly OperationImpact[]>;
  /** Whether a person's consent opens a field to an agency for a purpose. */
  readonly hasConsent: (question: {
    readonly agency: string;
    readonly purpose: string;
    readonly idNumber: string;
    readonly coordinate: string;
  }) => Promise<boolean>;
  readonly clock: () => number;
}

const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 7;
const DAYS_MAX = 90;
/** Widenings told with an example: beyond them the reader has seen how it goes. */
const EXAMPLES_MAX = 200;

/** Resolvers of the root fields. */
export function policyRoot(sources: PolicySources): AdminRoot {
  const { rules, database, clock } = sources;
  const { active, registry, findSigner } = rules;

  const overview = async (version: string) => {
    const steps = (await readSteps(database, version))
      .map((row) => verifyStep(row, findSigner))
      .filter((step): step is VerifiedStep => !('kind' in step));
    return overviewOf(version, steps, active.activation().chain, registry.current(), clock());
  };
  const answered = async (outcome: StepOutcome) => ({
    version: outcome.kind === 'done' ? await overview(outcome.version) : null,
    refusal: outcome.kind === 'refused' ? outcome.refusal : null,
    report: outcome.report === undefined ? null : reportOf(outcome.report),
    difference: outcome.kind === 'refused' ? (outcome.difference ?? null) : null,
  });
  const step =
    (take: typeof submit) =>
    async ({ statement }: { readonly statement: SignedStatement }, { actor }: AdminContext) =>
      sayRulesErrors(async () => answered(await take(statement, actor, rules)));

  return {
    policyVersions: async (args: PageArguments) => {
      await active.refresh();
      const count = countOf(args);
      const rows = await readVersions(database, numberAfter(args) ?? 2_147_483_647, count + 1);
      return pageOf(
        rows,
        count,
        ({ number }) => number,
        async ({ version }) => overview(version),
      );
    },
    policyVersion: async ({ version }: { readonly version: string }) => {
      await active.refresh();
      const meant = await versionMeant(database, version);
      return typeof meant === 'string' ? { version: await overview(meant), refusal: null } : { version: null, refusal: meant };
    },
    policyActive: async () => {
      await active.refresh();
      const { version, hash, chain } = active.activation();
      return { version, activation: hash, before: versionBefore(chain) ?? null };
    },
    policyFiles: async ({ version }: { readonly version?: string | null }) => {
      const meant = version === undefined || version === null ? active.activation().version : await versionMeant(database, version);
      if (typeof meant !== 'string') return { version: null, refusal: meant, files: [], context: [] };
      return {
        version: meant,
        refusal: null,
        files: filesOf(await rules.files(meant)),
        context: filesOf({ 'registry.yaml': registry.text(), 'schema.cedarschema': sources.cedarSchema }),
      };
    },
    policyImpact: async ({ version, days }: { readonly version: string; readonly days?: number | null }) => {
      await active.refresh();
      const meant = await versionMeant(database, version);
      if (typeof meant !== 'string') return { refusal: meant, impact: null };
      return sayRulesErrors(async () => ({ refusal: null, impact: await impactOf(meant, days ?? DAYS_DEFAULT, sources) }));
    },
    explain: async ({ input }: { readonly input: ExplainInput }, context: AdminContext) =>
      sayRulesErrors(async () => explained(input, context, sources)),
    draftPolicies: async (
      { files, statement }: { readonly files: readonly { name: string; text: string }[]; readonly statement: SignedStatement },
      { actor }: AdminContext,
    ) =>
      sayRulesErrors(async () =>
        answered(await draft(statement, Object.fromEntries(files.map(({ name, text }) => [name, text])), actor, rules)),
      ),
    submitPolicies: step(submit),
    approvePolicies: step(approve),
    rejectPolicies: step(reject),
    activatePolicies: step(activate),
    narrowPolicies: step(narrow),
    rollbackPolicies: step(rollback),
    reviewPolicies: step(review),
  };
}

/** What costs more than the impact itself is worked out only where it is asked for. */
async function impactOf(version: string, days: number, { rules, database, graph, replayed, operationsUnder, clock }: PolicySources) {
  if (days < 1 || days > DAYS_MAX) throw badInput(`days is a whole number from 1 to ${DAYS_MAX}.`);
  const impact: Impact = await rules.impact(rules.active.activation().version, version);
  let examples = 0;
  return {
    ...impact,
    operations: async () =>
      sayRulesErrors(async () => {
        const registry = rules.registry.text();
        return operationsUnder(await rules.thread.ask({ kind: 'prepare', files: await rules.files(version), registry, nowMs: clock() }));
      }),
    ownersConcerned: [...new Set(impact.registersWidened.map((register) => ownerOf(register, rules.registry.current())))].toSorted(),
    rows: impact.rows.map((row) => {
      const wanted = row.direction !== 'narrower' && examples < EXAMPLES_MAX;
      const example = wanted ? exampleOf(row, graph.apiSchema, graph.classification) : undefined;
      if (example) examples += 1;
      return {
        ...row,
        arguments: row.arguments === null ? null : JSON.stringify(row.arguments),
        example: example ? { ...example, headers: JSON.stringify(example.headers), variables: JSON.stringify(example.variables) } : null,
      };
    }),
    replay: async () => {
      const { recorded, partial } = await readRecorded(database, { since: new Date(clock() - days * DAY_MS), ...replayed });
      return { days, partial, ...replay(impact, recorded) };
    },
  };
}

interface ExplainInput {
  readonly application: string;
  readonly purpose: string;
  readonly coordinate: string;
  readonly action?: string | null;
  readonly officerRole?: string | null;
  readonly assurance?: number | null;
  readonly emergency?: boolean | null;
  readonly self?: boolean | null;
  readonly arguments?: string | null;
  readonly person?: string | null;
}

/** Who may look at anybody's consents; others ask about people as far as their own agency would learn it anyhow. */
const CONSENT_READERS = ['national-administrator', 'consent-operator'] as const;

async function explained(input: ExplainInput, context: AdminContext, sources: PolicySources) {
  const { actor } = context;
  const { rules, database, hasConsent, clock } = sources;
  const { active, registry, thread } = rules;
  const isAdministrator = ADMINISTRATOR_ROLES.some((role) => actor.roles.has(role));
  const agency = registry.current().applications.get(input.application)?.agency;
  if (!isAdministrator && agency !== actor.agency)
    return { refusal: { code: 'NOT_YOUR_APPLICATION', message: 'Ask about an application of your own agency.' } };
  const { person } = input;
  if (typeof person === 'string' && !isIdNumber(person))
    throw badInput('An ID number is a string of exactly 12 digits. Correct the number.');
  const mayAskOfPeople = agency === actor.agency || isThePerson(context) || CONSENT_READERS.some((role) => actor.roles.has(role));
  if (typeof person === 'string' && !mayAskOfPeople) {
    const message = 'To whom a person has consented is told about applications of your own agency only. Leave the person out.';
    return { refusal: { code: 'NOT_YOUR_APPLICATION', message } };
  }
  const explanation = await thread.ask({
    kind: 'explain',
    files: active.activation().files,
    registry: registry.text(),
    nowMs: clock(),
    question: questionOf(input),
  });
  if ('kind' in explanation) return { refusal: { code: 'QUESTION_UNKNOWN', message: explanation.message } };
  const { code, law, consent } = explanation;
  const outline = { refusal: null, code, reference: (law ?? consent)?.reference ?? null };
  if (!isAdministrator) return { ...outline, full: null };
  return { ...outline, full: { ...explanation, consented: await consented(explanation) } };

  async function consented({ group }: Explanation): Promise<boolean | null> {
    if (typeof person !== 'string' || group === null || agency === undefined) return null;
    if (!isThePerson(context)) await noteLook(person, { action: 'consents.read', case: null, second: null }, actor, sources);
    await recordEvent(database, {
      kind: 'policy.explain',
      actor,
      atMs: clock(),
      subject: input.coordinate,
      body: { application: input.application },
    });
    return hasConsent({ agency, purpose: input.purpose, idNumber: person, coordinate: input.coordinate });
  }
}

function questionOf(input: ExplainInput): ExplainQuestion {
  const { application, purpose, coordinate, action = 'read', assurance = 0 } = input;
  if (action !== 'read' && action !== 'write' && action !== 'aggregate' && action !== null)
    throw badInput('action is read, write or aggregate.');
  if (assurance !== 0 && assurance !== 1 && assurance !== 2 && assurance !== null) throw badInput('assurance is 0, 1 or 2.');
  return {
    application,
    purpose,
    coordinate,
    action: action ?? 'read',
    officerRole: input.officerRole ?? null,
    assurance: assurance ?? 0,
    emergency: input.emergency === true,
    self: input.self === true,
    arguments: argumentsOf(input.arguments ?? '{}'),
  };
}

function argumentsOf(text: string): ExplainQuestion['arguments'] {
  try {
    const given: unknown = JSON.parse(text);
    const isFlat = typeof given === 'object' && given !== null && !Array.isArray(given);
    if (isFlat && Object.values(given).every((value) => ['string', 'number', 'boolean'].includes(typeof value)))
      return given as ExplainQuestion['arguments'];
  } catch {
    // Told below, like other texts that are none.
  }
  throw badInput('arguments is a JSON object of texts, numbers and truths.');
}

function reportOf(report: CheckReport) {
  return { ...report, passed: passes(report) };
}

function filesOf(texts: Readonly<Record<string, string>>) {
  return Object.entries(texts).map(([name, text]) => ({ name, text }));
}

/** What cannot be worked on is the caller's to mend. */
async function sayRulesErrors<Answer>(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RulesError) throw badInput(error.message);
    throw error;
  }
}
