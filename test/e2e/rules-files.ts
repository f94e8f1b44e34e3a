import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const POLICIES = join(import.meta.dirname, '..', '..', 'policies');

/** A copy of the shipped policies that is gone when the test is over. */
export async function copyOfPolicies(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'lien-thong-policies-'));
  await cp(POLICIES, path, { recursive: true });
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true }) };
}

/** Adds what gives the bank's teller the current residence with the customer's consent, and the cases that show it. */
export async function giveTellerTheResidence(directory: string): Promise<void> {
  const rules = join(directory, 'bank.cedar');
  await writeFile(rules, `${await readFile(rules, 'utf8')}${TELLER_RESIDENCE}`);
  const cases = join(directory, 'cases', 'bank.yaml');
  const text = await readFile(cases, 'utf8');
  await writeFile(cases, `${text.slice(0, text.indexOf('- name: the address is not given'))}${TELLER_CASES}`);
}

const TELLER_RESIDENCE = `
@id("bank.residence")
@basis("CONSENT")
permit (
  principal == Application::"bank-teller",
  action == Action::"read",
  resource == Field::"Resident.currentResidence"
)
when { context.purpose == "bank.customer-verification" };
`;
const TELLER_CASES = `- name: the address needs the customer's consent
  application: bank-teller
  purpose: bank.customer-verification
  coordinate: Resident.currentResidence
  expect: consent
  policy: bank.residence

- name: the address is read, not written
  application: bank-teller
  purpose: bank.customer-verification
  action: write
  coordinate: Resident.currentResidence
  expect: refused
  policy: none
`;
