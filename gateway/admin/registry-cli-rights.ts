import type { Command } from 'commander';
import { AS, JSON_FLAG, type CommandHost, type Common } from './command-host.ts';

const load = async () => import('./commands/registry.ts');

interface GrantWords {
  readonly account: string;
  readonly administers?: readonly string[];
  readonly role?: string;
  readonly key?: string;
}

/** Adds `registry officer …`: accounts and what they may do. */
export function addOfficerCommands(registry: Command, { settings, path }: CommandHost): void {
  const officer = registry.command('officer').description('officers and what they may do');
  officer
    .command('add')
    .description('add an account without rights')
    .requiredOption('--account <account>', 'agency/officer')
    .requiredOption('--person <id>', 'opaque id of the natural person behind it, the same for all accounts of one person')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ account, person, ...options }: Common & { account: string; person: string }) =>
      (await load()).registryChange(
        settings(options.as),
        'addOfficer',
        { account: 'ID!', person: 'ID!' },
        { account, person },
        { ...options, done: `The account "${account}" is added.` },
      ),
    );
  officer
    .command('grant')
    .description('propose a right, a role at work or a key for an account; another person confirms it')
    .requiredOption('--account <account>', 'agency/officer')
    .option(
      '--administers <role...>',
      'national-administrator, registry-administrator, policy-editor, data-owner, auditor, consent-operator',
    )
    .option('--role <role>', 'role at work, as policies see it')
    .option('--key <file>', 'file with a public Ed25519 JWK that the officer will sign with')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ account, administers, role, key, ...options }: Common & GrantWords) => {
      const jwk = key === undefined ? undefined : (JSON.parse(await (await load()).publicKeyIn(path(key))) as { x?: string });
      const { officerGrant } = await import('./commands/officer.ts');
      return officerGrant(settings(options.as), { account, administers, role, key: jwk?.x, json: options.json });
    });
  officer
    .command('confirm')
    .description('confirm what somebody else proposed')
    .requiredOption('--proposal <uuid>', '"registry officer proposals" shows them')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ proposal, ...options }: Common & { proposal: string }) =>
      (await import('./commands/officer.ts')).officerConfirm(settings(options.as), proposal, options),
    );
  for (const [name, mutation, description, done] of [
    ['withdraw', 'withdrawRoleProposal', 'take a proposal back', 'Taken back.'],
  ] as const) {
    officer
      .command(name)
      .description(description)
      .requiredOption('--proposal <uuid>', '"registry officer proposals" shows them')
      .option(...AS)
      .option(...JSON_FLAG)
      .action(async ({ proposal, ...options }: Common & { proposal: string }) =>
        (await load()).registryChange(settings(options.as), mutation, { proposal: 'ID!' }, { proposal }, { ...options, done }),
      );
  }
  officer
    .command('proposals')
    .description('show what waits for another person')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common) => (await load()).roleProposals(settings(options.as), options));
  officer
    .command('revoke')
    .description('take all rights of an account away, at once')
    .requiredOption('--account <account>', 'agency/officer')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ account, ...options }: Common & { account: string }) =>
      (await load()).registryChange(
        settings(options.as),
        'revokeRole',
        { account: 'ID!' },
        { account },
        { ...options, done: `The account "${account}" has no rights any more.` },
      ),
    );
}

/** Adds `registry ceiling …`: the most that may be given of a register. */
export function addCeilingCommands(registry: Command, { settings, path }: CommandHost): void {
  const ceiling = registry.command('ceiling').description('the most that may be given of a register, signed by its owner');
  const loadCeiling = async () => import('./commands/ceiling.ts');
  const register = ['--register <id>', 'for example residents'] as const;
  ceiling
    .command('show')
    .description('show the newest ceiling of a register')
    .requiredOption(...register)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common & { register: string }) =>
      (await loadCeiling()).ceilingShow(settings(options.as), options.register, options.json === true),
    );
  ceiling
    .command('set')
    .description('sign a ceiling as a data owner; what widens needs another data owner too')
    .requiredOption(...register)
    .requiredOption('--from <file>', 'in the form of a ceiling.yaml')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common & { register: string; from: string }) =>
      (await loadCeiling()).ceilingSet(settings(options.as), options.register, path(options.from), options.json === true),
    );
  ceiling
    .command('confirm')
    .description('sign the ceiling that waits, as another data owner')
    .requiredOption(...register)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common & { register: string }) =>
      (await loadCeiling()).ceilingConfirm(settings(options.as), options.register, options.json === true),
    );
}
