import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asked, load } from './small-graph.ts';

/** A rule as the test understands it, evaluated in the plainest way there is. */
interface Rule {
  readonly effect: 'permit' | 'forbid';
  readonly consent: boolean;
  readonly who: (typeof WHO)[number];
  readonly what: (typeof WHAT)[number];
  readonly purpose: 'care' | 'research';
}

const WHO = ['anyone', 'Application desk', 'Application portal', 'Agency clinic', 'Agency office', 'AgencyKind ministry'] as const;
const WHAT = [
  'anything',
  'Field Person.name',
  'Field Person.visits',
  'Group people.identity',
  'Group people.family',
  'Register people',
  'Register health',
] as const;

const PRINCIPALS: Readonly<Record<string, readonly string[]>> = {
  desk: ['anyone', 'Application desk', 'Agency clinic', 'AgencyKind public-service-unit'],
  portal: ['anyone', 'Application portal', 'Agency office', 'AgencyKind ministry'],
};
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  'Person.name': ['anything', 'Field Person.name', 'Group people.identity', 'Register people'],
  'Person.relatives': ['anything', 'Group people.family', 'Register people'],
  'Person.visits': ['anything', 'Field Person.visits', 'Register health'],
  'Query.person': ['anything', 'Register people'],
  'Query.clinics': ['anything', 'Register health'],
};

describe('rules for agencies, agency kinds and applications', () => {
  it('give what a naive reading of them gives, so that no application gains by where it stands (ATTACKS 20)', async () => {
    const rule: fc.Arbitrary<Rule> = fc.record({
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      consent: fc.boolean(),
      who: fc.constantFrom(...WHO),
      what: fc.constantFrom(...WHAT),
      purpose: fc.constantFrom('care', 'research'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 6 }), async (rules) => {
        const { decide } = await load(rules.map(cedarOf).join('\n'));
        for (const application of Object.keys(PRINCIPALS)) {
          for (const coordinate of Object.keys(RESOURCES)) {
            for (const purpose of ['care', 'research'] as const) {
              const decision = decide(asked({ application, purpose }), coordinate, {});
              const got =
                decision.kind === 'refused'
                  ? { forbids: decision.policies }
                  : { law: decision.law?.policyId, consent: decision.consent?.policyId };
              expect(got).toEqual(naive(rules, application, coordinate, purpose));
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

function cedarOf(rule: Rule, index: number): string {
  const part = (variable: string, name: string): string => {
    const [type, id] = name.split(' ');
    return id === undefined ? variable : `${variable} in ${type}::"${id}"`;
  };
  const basis = rule.consent ? '@basis("CONSENT")' : '@basis("ART_19_1_C") @reference("Law 1")';
  const scope = `${part('principal', rule.who)}, action == Action::"read", ${part('resource', rule.what)}`;
  return `@id("r${index}") ${rule.effect === 'permit' ? basis : ''} ${rule.effect}(${scope}) when { context.purpose == "${rule.purpose}" };`;
}

function naive(rules: readonly Rule[], application: string, coordinate: string, purpose: string): object {
  // The portal is registered for care only.
  if (application === 'portal' && purpose !== 'care') return { forbids: [] };
  const matching = rules
    .map((rule, index) => ({ ...rule, id: `r${index}` }))
    .filter(
      (rule) => rule.purpose === purpose && PRINCIPALS[application]?.includes(rule.who) && RESOURCES[coordinate]?.includes(rule.what),
    );
  const forbids = matching.filter((rule) => rule.effect === 'forbid').map((rule) => rule.id);
  const law = matching.find((rule) => rule.effect === 'permit' && !rule.consent)?.id;
  const consent = matching.find((rule) => rule.effect === 'permit' && rule.consent)?.id;
  if (forbids.length > 0 || (law === undefined && consent === undefined)) return { forbids };
  return { law, consent: law === undefined ? consent : undefined };
}
