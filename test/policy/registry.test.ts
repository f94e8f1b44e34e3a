import { describe, expect, it } from 'vitest';
import { problemLine } from '../../gateway/policy/problems.ts';
import { loadRegistry } from '../../gateway/policy/registry-load.ts';
import { SMALL_REGISTRY } from './small-graph.ts';

const SUBGRAPHS = ['people', 'health'];

function registryOf(text: string, defaultIssuer?: string): NonNullable<ReturnType<typeof loadRegistry>['registry']> {
  const { registry, problems } = loadRegistry(text, SUBGRAPHS, defaultIssuer);
  if (!registry) throw new Error(problems.map(problemLine).join('\n'));
  return registry;
}

function problemsOf(text: string): readonly string[] {
  return loadRegistry(text, SUBGRAPHS).problems.map(problemLine);
}

describe('the registry', () => {
  it('knows agencies, applications, purposes, owners and roles of officers', () => {
    const registry = registryOf(SMALL_REGISTRY);
    expect(registry.agencies.get('clinic')).toEqual({
      id: 'clinic',
      kind: 'public-service-unit',
      name: { vi: 'Phòng khám', en: 'Clinic' },
    });
    expect(registry.applications.get('desk')).toMatchObject({ agency: 'clinic', clientId: 'desk', approvedOperationsOnly: false });
    expect(registry.purposes.get('care')?.version).toBe(1);
    expect(registry.registers.get('health')).toEqual({ id: 'health', owner: 'clinic' });
    expect(registry.officers.get('clinic')?.get('officer-2')).toBe('supervisor');
    expect(registry.officers.get('office')?.get('officer-2')).toBeUndefined();
    expect(registry.officers.get('clinic')?.get('constructor')).toBeUndefined();
  });

  it('finds an application by its own issuer only, so that another issuer cannot mint its tokens', () => {
    const text = SMALL_REGISTRY.replace('desk: { agency', 'desk: { issuer: "https://clinic.example", clientId: c-1, agency');
    const registry = registryOf(text);
    expect(registry.findApplication('https://clinic.example', 'c-1')?.id).toBe('desk');
    expect(registry.findApplication('https://other.example', 'c-1')).toBeUndefined();
    expect(registry.findApplication('https://clinic.example', 'desk')).toBeUndefined();
    expect(registry.findApplication('https://clinic.example', 'portal')).toBeUndefined();
    expect(registry.findApplication('https://default.example', 'portal')?.id).toBe('portal');
    expect(registryOf(text, 'https://default.example').findApplication('https://other.example', 'portal')).toBeUndefined();
  });

  it('says where it refers to something that does not exist', () => {
    const wrong = SMALL_REGISTRY.replace('agency: office', 'agency: ofice')
      .replace('[care, research]', '[care, reserch]')
      .replace('owner: clinic', 'owner: x');
    expect(problemsOf(wrong)).toEqual([
      'registry.yaml:9:44: error: There is no purpose "reserch". Did you mean "research"?',
      'registry.yaml:10:13: error: There is no agency "ofice". Did you mean "office"?',
      'registry.yaml:13:13: error: There is no agency "x".',
    ]);
  });

  it('says where it is not well formed', () => {
    expect(problemsOf(SMALL_REGISTRY.replace('version: 1', 'version: one'))[0]).toMatch(
      /^registry\.yaml:6:11: error: purposes\.care\.version/,
    );
    expect(problemsOf(SMALL_REGISTRY.replace('agency: office', 'agncy: office')).join('\n')).toMatch(/registry\.yaml:10:13: .*agncy/);
    expect(problemsOf(`${SMALL_REGISTRY}\nregisters: {}`)[0]).toMatch(/unique/);
    expect(problemsOf('agencies: [')[0]).toMatch(/^registry\.yaml:1:\d+: error/);
    expect(problemsOf('')[0]).toMatch(/^registry\.yaml:1:1: error/);
  });

  it('refuses two applications with one client id at one issuer', () => {
    expect(problemsOf(SMALL_REGISTRY.replace('portal: { agency', 'portal: { clientId: desk, agency')).join('\n')).toMatch(
      /The applications "desk" and "portal" have the same client id/,
    );
  });

  it('refuses a subgraph whose data has no owner', () => {
    expect(problemsOf(SMALL_REGISTRY.replace('  health: { owner: clinic }\n', '')).join('\n')).toMatch(
      /The subgraph "health" has no register/,
    );
    expect(problemsOf(SMALL_REGISTRY.replace('  health:', '  helth:')).join('\n')).toMatch(/warning: The graph has no subgraph "helth"/);
  });
});
