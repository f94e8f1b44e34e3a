import { expect, test } from 'vitest';
import { startTestGateway, type TestGateway } from './test-gateway.ts';
import { login } from '../../gateway/admin/commands/login.ts';

const test1 = test;
test1('me', async () => {
  await using gateway = await startTestGateway();
  const [id = ''] = await gateway.citizens(1);
  const token = await citizenToken(gateway, id, 2);
  const ask = async (query: string, variables: Record<string, unknown> = {}) => {
    const headers = { authorization: `Bearer ${token}`, 'x-purpose': 'citizen.self-service', 'x-officer': undefined };
    const r = await gateway.ask('hospital-counter', query, variables, headers);
    console.log(r.status, r.text.slice(0, 1500));
    return r;
  };
  await ask('{ me { idNumber fullName dateOfBirth mother { fullName idNumber } consents { id } } }');
  await ask('{ consentNotice(input: { agency: "hospital", purpose: "health.check-in", groups: ["residents.contact"] }) { terms { vi en } refusal } }');
  await ask('mutation { giveConsent(input: { agency: "hospital", purpose: "health.check-in", groups: ["residents.contact"] }) { refusal consent { id agency channel byRepresentative givenAt groups { name status validUntil } terms { vi en } receipt { sha256 } } } }');
  await ask('{ me { consents { id status: groups { status } } } }');
  await ask('mutation { withdrawConsent(input: { agency: "hospital", purpose: "health.check-in" }) { refusal withdrawn } }');
  console.log(gateway.log.filter((l) => l.includes('"level":50') || l.includes('"level":40') || l.includes('err')).join('\n').slice(0, 3000));
  expect(1).toBe(1);
});

async function citizenToken(gateway: TestGateway, who: string, level: 1 | 2): Promise<string> {
  let printed = '';
  const { settings } = gateway.admin();
  await login({ ...settings, output: { columns: undefined, write: (text) => void (printed += text) } }, { app: 'citizen-portal', who, level, json: false });
  return printed.trim();
}
