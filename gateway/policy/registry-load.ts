import { createHash } from 'node:crypto';
import { z } from 'zod';
import { didYouMean, error, warning, type Problem } from './problems.ts';
import type { Application, Registry } from './registry.ts';
import { OfficerEntry, readOfficers } from './officers.ts';
import { readYaml } from './yaml-source.ts';

export const REGISTRY_FILE = 'registry.yaml';

const Id = z.string().regex(/^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/, 'must be small letters and digits in parts joined by "-" or "."');
const Text = z.string().trim().min(1, 'must not be empty');
const Bilingual = z.strictObject({ vi: Text, en: Text });

/** A public key of an application, with the moment at which it ends (ISO 8601) once another has taken its place. */
const ApplicationKey = z.strictObject({ key: z.record(z.string(), z.string()), until: z.iso.datetime().optional() });

const RegistryFile = z.strictObject({
  agencies: z.record(
    Id,
    z.strictObject({
      kind: z.enum(['ministry', 'province', 'enterprise', 'public-service-unit']),
      name: Bilingual,
      /** Opaque id of an officer to the officer's role, or to more than that. */
      officers: z.record(Text, OfficerEntry).default({}),
    }),
  ),
  purposes: z.record(
    Id,
    z.strictObject({
      version: z.int().positive(),
      text: Bilingual,
      /** Term of the W3C Data Privacy Vocabulary, such as `dpv:ServiceProvision`. */
      dpv: z
        .string()
        .regex(/^dpv:[A-Za-z]+$/, 'must be a term of the W3C Data Privacy Vocabulary, such as dpv:ServiceProvision')
        .optional(),
    }),
  ),
  applications: z.record(
    Id,
    z.strictObject({
      agency: Id,
      issuer: z.url().optional(),
      clientId: Text.optional(),
      purposes: z.array(Id).default([]),
      login: z.enum(['application', 'citizen', 'officer', 'administrator', 'gateway']).default('application'),
      approvedOperationsOnly: z.boolean().default(false),
      suspended: z.boolean().default(false),
      /** Public JWKs that the application signs with. */
      keys: z.array(ApplicationKey).default([]),
      /** SHA-256 of the application's certificate, hex. */
      certificate: z
        .string()
        .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of a certificate, 64 hexadecimal digits')
        .optional(),
      /** People that one request may name; the gateway's own bound without it. */
      peoplePerRequest: z.int().min(1).max(1_000).optional(),
      /** People named in a day, each once a request; no bound without it. */
      peoplePerDay: z.int().min(1).optional(),
    }),
  ),
  /** By register; `subgraph` is its name in the supergraph when that is another one. */
  registers: z.record(Id, z.strictObject({ owner: Id, subgraph: Text.optional() })),
});

/** A registry as it is written down, every default filled in. */
export type RegistryFile = z.output<typeof RegistryFile>;

/** The registry with what the checks of policies need beside it. */
export interface LoadedRegistry extends Registry {
  /** Every role that some officer has. */
  readonly roles: ReadonlySet<string>;
}

/** The text of `registry.yaml` as it is written down; undefined when it is none. */
export function parseRegistry(text: string): RegistryFile | undefined {
  return readYaml(REGISTRY_FILE, text, RegistryFile).value;
}

/**
 * Reads `registry.yaml` and checks that everything it refers to exists: agencies, purposes, and an owner for every subgraph.
 * @param defaultIssuer issuer of applications that name none. Without it, any issuer that no application names is taken for the default one,
 *   which is right where the gateway trusts a single issuer.
 */
export function loadRegistry(
  text: string,
  subgraphs: readonly string[],
  defaultIssuer?: string,
): { readonly registry: LoadedRegistry | undefined; readonly problems: readonly Problem[] } {
  const source = readYaml(REGISTRY_FILE, text, RegistryFile);
  const file = source.value;
  if (!file) return { registry: undefined, problems: source.problems };

  const problems: Problem[] = [];
  const refer = (kind: string, id: string, known: object, path: readonly PropertyKey[]): void => {
    if (Object.hasOwn(known, id)) return;
    problems.push(error(REGISTRY_FILE, source.at(path), `There is no ${kind} "${id}".${didYouMean(id, Object.keys(known))}`));
  };

  const applications = new Map<string, Application>();
  for (const [id, entry] of Object.entries(file.applications)) {
    refer('agency', entry.agency, file.agencies, ['applications', id, 'agency']);
    for (const [index, purpose] of entry.purposes.entries()) {
      refer('purpose', purpose, file.purposes, ['applications', id, 'purposes', index]);
    }
    const clientId = entry.clientId ?? id;
    const twin = [...applications.values()].find((other) => other.issuer === entry.issuer && other.clientId === clientId);
    if (twin) {
      const message = `The applications "${twin.id}" and "${id}" have the same client id "${clientId}" at the same issuer.`;
      problems.push(error(REGISTRY_FILE, source.at(['applications', id]), message));
    }
    // Whoever logs officers in asks nothing.
    if (entry.purposes.length === 0 && entry.login !== 'officer' && entry.login !== 'administrator') {
      problems.push(error(REGISTRY_FILE, source.at(['applications', id]), `The application "${id}" must name a purpose.`));
    }
    const { agency, approvedOperationsOnly, suspended, login, keys, certificate, peoplePerRequest, peoplePerDay } = entry;
    applications.set(id, {
      id,
      agency,
      issuer: entry.issuer,
      clientId,
      purposes: new Set(entry.purposes),
      approvedOperationsOnly,
      suspended,
      login,
      keys: keys.map(({ key, until }) => ({ jwk: key, endsAtMs: until === undefined ? Infinity : Date.parse(until) })),
      certificate,
      peoplePerRequest,
      peoplePerDay,
    });
  }

  const registers = new Map<string, { readonly id: string; readonly owner: string }>();
  for (const [id, { owner, subgraph = id }] of Object.entries(file.registers)) {
    refer('agency', owner, file.agencies, ['registers', id, 'owner']);
    if (registers.has(subgraph)) {
      problems.push(error(REGISTRY_FILE, source.at(['registers', id]), `Two registers are the subgraph "${subgraph}".`));
    }
    registers.set(subgraph, { id, owner });
    if (!subgraphs.includes(subgraph)) {
      const message = `The graph has no subgraph "${subgraph}".${didYouMean(subgraph, subgraphs)}`;
      problems.push(warning(REGISTRY_FILE, source.at(['registers', id]), message));
    }
  }
  for (const subgraph of subgraphs) {
    if (registers.has(subgraph)) continue;
    problems.push(
      error(REGISTRY_FILE, source.at(['registers']), `The subgraph "${subgraph}" has no register here, so its data has no owner.`),
    );
  }

  const accounts = new Map(
    Object.entries(file.agencies).flatMap(([id, agency]) =>
      readOfficers(id, agency.officers).map((officer) => [officer.account, officer] as const),
    ),
  );
  const officers = new Map(
    Object.keys(file.agencies).map((id) => {
      const own = [...accounts.values()].filter(({ agency }) => agency === id);
      return [id, new Map(own.map(({ officer, role }) => [officer, role]))];
    }),
  );
  const namedIssuers = new Set([...applications.values()].map((application) => application.issuer));
  const issues = (issuer: string, application: Application): boolean => {
    if (application.issuer !== undefined) return application.issuer === issuer;
    return defaultIssuer === undefined ? !namedIssuers.has(issuer) : issuer === defaultIssuer;
  };
  const registry: LoadedRegistry = {
    version: `sha256:${createHash('sha256').update(text).digest('hex')}`,
    agencies: new Map(Object.entries(file.agencies).map(([id, { kind, name }]) => [id, { id, kind, name }])),
    applications,
    purposes: new Map(Object.entries(file.purposes).map(([id, purpose]) => [id, { id, ...purpose }])),
    registers,
    roles: new Set([...officers.values()].flatMap((of) => [...of.values()])),
    officers,
    accounts,
    findApplication: (issuer, clientId) =>
      [...applications.values()].find((application) => application.clientId === clientId && issues(issuer, application)),
  };
  return { registry, problems };
}
