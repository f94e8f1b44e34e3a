import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { WORKS } from '../work/documents.ts';
import { SUBGRAPHS, type Subgraph, type SubgraphUrls } from '../work/graph.ts';
import { SUBGRAPH_CONNECTIONS_MAX } from './target.ts';

// Entry file of the floor: what an engineer would write by hand for exactly these three documents, with Node's own server and pooled
// connections. It knows that the key it is given is the key of the entities, so that all calls leave at once.

type Person = Record<string, unknown>;
interface Variables {
  readonly id?: string;
  readonly ids?: readonly string[];
}

const urls = JSON.parse(process.env['BENCH_SUBGRAPH_URLS'] ?? '{}') as SubgraphUrls;
const pools = Object.fromEntries(
  SUBGRAPHS.map((name) => [name, new Pool(new URL(urls[name]).origin, { connections: SUBGRAPH_CONNECTIONS_MAX })]),
) as Record<Subgraph, Pool>;

const OWN =
  'idNumber fullName dateOfBirth sex status nationality placeOfBirth maritalStatus phone currentResidence { province commune street }';
const ONE = `query ($id: IdNumber!) { resident(idNumber: $id) { ${OWN} } }`;
const MANY = `query ($ids: [IdNumber!]!) { residents(idNumbers: $ids) { ${OWN} } }`;
const entities = (fields: string): string =>
  `query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Resident { ${fields} } } }`;
const CIVIL_STATUS = entities(
  'birthRecord { number registeredOn office placeOfBirth } marriages { number registeredOn office marriedOn endedOn }',
);
const HEALTH_INSURANCE = entities('coverage { cardNumber validFrom validTo primaryFacility }');
const EDUCATION = entities('enrolments { school level from to } examResults { year subject score }');

const ANSWERS: ReadonlyMap<string, (variables: Variables) => Promise<string>> = new Map([
  [WORKS.q1.query, citizenFile],
  [WORKS.q2.query, citizenFiles],
  [WORKS.q3.query, identity],
]);

async function citizenFile({ id }: Variables): Promise<string> {
  const [found, files] = await Promise.all([call<{ resident: Person | null }>('residents', ONE, { id }), filesOf([id])]);
  const { resident } = found;
  if (resident !== null) merge(resident, files, 0);
  return JSON.stringify({ data: { resident } });
}

async function citizenFiles({ ids = [] }: Variables): Promise<string> {
  const [found, files] = await Promise.all([call<{ residents: (Person | null)[] }>('residents', MANY, { ids }), filesOf(ids)]);
  const { residents } = found;
  for (const [index, resident] of residents.entries()) if (resident !== null) merge(resident, files, index);
  return JSON.stringify({ data: { residents } });
}

async function identity({ id }: Variables): Promise<string> {
  return JSON.stringify({ data: await call('residents', ONE, { id }) });
}

type Files = readonly { readonly _entities: readonly (Person | null)[] }[];

async function filesOf(ids: readonly (string | undefined)[]): Promise<Files> {
  const representations = ids.map((idNumber) => ({ __typename: 'Resident', idNumber }));
  return Promise.all([
    call<Files[number]>('civil-status', CIVIL_STATUS, { representations }),
    call<Files[number]>('health-insurance', HEALTH_INSURANCE, { representations }),
    call<Files[number]>('education', EDUCATION, { representations }),
  ]);
}

function merge(resident: Person, [civilStatus, healthInsurance, education]: Files, index: number): void {
  const civil = civilStatus?._entities[index];
  const health = healthInsurance?._entities[index];
  const learnt = education?._entities[index];
  resident['birthRecord'] = civil?.['birthRecord'] ?? null;
  resident['marriages'] = civil?.['marriages'] ?? null;
  resident['coverage'] = health?.['coverage'] ?? null;
  resident['enrolments'] = learnt?.['enrolments'] ?? null;
  resident['examResults'] = learnt?.['examResults'] ?? null;
}

async function call<Data>(subgraph: Subgraph, query: string, variables: object): Promise<Data> {
  const { body } = await pools[subgraph].request({
    path: '/graphql',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await body.json()) as { data?: Data; errors?: unknown };
  if (data === undefined || errors !== undefined) throw new Error(`${subgraph} did not answer as it should.`);
  return data;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { query, variables } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { query: string; variables: Variables };
  const answer = ANSWERS.get(query);
  if (answer === undefined) {
    response.writeHead(400).end();
    return;
  }
  const body = await answer(variables);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.writeHead(500).end();
  });
});
server.listen(Number(process.env['PORT']), '127.0.0.1');
