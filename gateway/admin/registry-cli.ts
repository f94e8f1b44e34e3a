import { InvalidArgumentError, type Command } from 'commander';
import { AS, JSON_FLAG, type CommandHost, type Common } from './command-host.ts';
import { addCeilingCommands, addOfficerCommands } from './registry-cli-rights.ts';

/** A day, for old keys to be taken out of use in. */
const OVERLAP_SECONDS = 86_400;

const load = async () => import('./commands/registry.ts');

/** Adds `registry …`: who is connected. */
export function addRegistryCommands(program: Command, { settings, path }: CommandHost): void {
  const registry = program
    .command('registry')
    .description('who is connected: agencies, applications, purposes, officers, owners of registers');

  registry
    .command('list')
    .description('list agencies, applications, purposes, officers and registers')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (options: Common) => (await load()).registryList(settings(options.as), options));

  registry
    .command('show')
    .description('show one agency, application, purpose, register or account, as JSON')
    .argument('<id>')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async (id: string, options: Common) => (await load()).registryShow(settings(options.as), id));

  const agency = registry.command('agency').description('agencies');
  agency
    .command('add')
    .description('add an agency')
    .requiredOption('--id <id>', 'for example land-office')
    .requiredOption('--kind <kind>', 'ministry, province, enterprise or public-service-unit')
    .requiredOption('--vi <name>', 'name in Vietnamese')
    .requiredOption('--en <name>', 'name in English')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ id, kind, vi, en, ...options }: Common & Texts & { id: string; kind: string }) =>
      (await load()).registryChange(
        settings(options.as),
        'addAgency',
        { id: 'ID!', kind: 'String!', vi: 'String!', en: 'String!' },
        { id, kind, vi, en },
        { ...options, done: `The agency "${id}" is added.` },
      ),
    );

  addPurposeCommands(registry, settings);
  addApplicationCommands(registry, { settings, path });
  addOfficerCommands(registry, { settings, path });
  addCeilingCommands(registry, { settings, path });
}

interface Texts {
  readonly vi: string;
  readonly en: string;
}

function addPurposeCommands(registry: Command, settings: CommandHost['settings']): void {
  const purpose = registry.command('purpose').description('what data may be asked for');
  const term = ['--dpv <term>', 'term of the W3C Data Privacy Vocabulary, for example dpv:ServiceProvision'] as const;
  const types = { id: 'ID!', vi: 'String', en: 'String', dpv: 'String' };
  purpose
    .command('add')
    .description('add a purpose; nobody has it until an application is given it')
    .requiredOption('--id <id>', 'for example land.registration')
    .requiredOption('--vi <text>', 'what for, in Vietnamese, as people are told')
    .requiredOption('--en <text>', 'the same in English')
    .option(...term)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ id, vi, en, dpv, ...options }: Common & Texts & { id: string; dpv?: string }) =>
      (await load()).registryChange(
        settings(options.as),
        'addPurpose',
        { ...types, vi: 'String!', en: 'String!' },
        { id, vi, en, dpv },
        { ...options, done: `The purpose "${id}" is added.` },
      ),
    );
  purpose
    .command('set')
    .description('give a purpose another text, which is another version: consents to the one before hold no more')
    .requiredOption('--id <id>')
    .option('--vi <text>', 'in Vietnamese')
    .option('--en <text>', 'in English')
    .option(...term)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ id, vi, en, dpv, ...options }: Common & Partial<Texts> & { id: string; dpv?: string }) =>
      (await load()).registryChange(
        settings(options.as),
        'setPurpose',
        types,
        { id, vi, en, dpv },
        { ...options, done: `The purpose "${id}" is changed.` },
      ),
    );
}

interface SettingsOptions extends Common {
  readonly app: string;
  readonly agency?: string;
  readonly purpose?: readonly string[];
  readonly clientId?: string;
  readonly issuer?: string;
  readonly approvedOnly?: boolean;
  readonly certificate?: string;
  readonly peoplePerRequest?: number;
  readonly peoplePerDay?: number;
}

function addApplicationCommands(registry: Command, { settings, path }: CommandHost): void {
  const application = registry.command('application').description('applications of agencies');
  const withSettings = (command: Command): Command =>
    command
      .requiredOption('--app <id>', 'the application')
      .option('--purpose <id...>', 'what it may ask for, all of it')
      .option('--client-id <id>', 'what its issuer knows it by; its id without it')
      .option('--issuer <url>', 'issuer of its tokens, where that is not the usual one')
      .option('--approved-only <truth>', 'whether it may run approved operations and nothing else', truth)
      .option('--certificate <sha256>', 'SHA-256 of its certificate, hexadecimal')
      .option('--people-per-request <number>', 'people that one request may name', count)
      .option('--people-per-day <number>', 'different people in a day', count)
      .option(...AS)
      .option(...JSON_FLAG);
  const settingsOf = ({ purpose, clientId, issuer, approvedOnly, certificate, peoplePerRequest, peoplePerDay }: SettingsOptions) => ({
    purposes: purpose,
    clientId,
    issuer,
    approvedOperationsOnly: approvedOnly,
    certificate,
    peoplePerRequest,
    peoplePerDay,
  });

  withSettings(application.command('add').description('add an application').requiredOption('--agency <id>', 'whose it is')).action(
    async (options: SettingsOptions) =>
      (await load()).registryChange(
        settings(options.as),
        'addApplication',
        { id: 'ID!', agency: 'ID!', settings: 'ApplicationSettings!' },
        { id: options.app, agency: options.agency, settings: settingsOf(options) },
        { ...options, done: `The application "${options.app}" is added.` },
      ),
  );
  withSettings(application.command('set').description('change what an application may')).action(async (options: SettingsOptions) =>
    (await load()).registryChange(
      settings(options.as),
      'setApplication',
      { id: 'ID!', settings: 'ApplicationSettings!' },
      { id: options.app, settings: settingsOf(options) },
      { ...options, done: `The application "${options.app}" is changed.` },
    ),
  );
  application
    .command('suspend')
    .description('suspend an application: its next request is refused by every gateway, whatever token it carries')
    .requiredOption('--app <id>', 'the application')
    .requiredOption('--reason <text>', 'why, for the record')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ app: id, reason, ...options }: Common & { app: string; reason: string }) =>
      (await load()).registryChange(
        settings(options.as),
        'suspendApplication',
        { id: 'ID!', reason: 'String!' },
        { id, reason },
        { ...options, done: `The application "${id}" is suspended.` },
      ),
    );
  application
    .command('resume')
    .description('let a suspended application ask again')
    .requiredOption('--app <id>', 'the application')
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ app: id, ...options }: Common & { app: string }) =>
      (await load()).registryChange(
        settings(options.as),
        'resumeApplication',
        { id: 'ID!' },
        { id },
        { ...options, done: `The application "${id}" may ask again.` },
      ),
    );
  application
    .command('rotate-key')
    .description('give an application another key; those before it end after the overlap')
    .requiredOption('--app <id>', 'the application')
    .requiredOption('--key <file>', 'file with its public JWK, or with the private one, of which the public part is sent')
    .option('--overlap <seconds>', 'how long the keys before it still count', wholeSeconds, OVERLAP_SECONDS)
    .option(...AS)
    .option(...JSON_FLAG)
    .action(async ({ app: id, key, overlap, ...options }: Common & { app: string; key: string; overlap: number }) => {
      const { publicKeyIn, registryChange } = await load();
      const variables = { id, key: await publicKeyIn(path(key)), overlapSeconds: overlap };
      const types = { id: 'ID!', key: 'String!', overlapSeconds: 'Int!' };
      return registryChange(settings(options.as), 'rotateApplicationKey', types, variables, {
        ...options,
        done: `The application "${id}" has another key.`,
      });
    });
}

function truth(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('It is true or false.');
  return text === 'true';
}

function count(text: string): number {
  const number = Number(text);
  if (!/^\d{1,9}$/.test(text) || number < 1) throw new InvalidArgumentError('It is a whole number from 1.');
  return number;
}

function wholeSeconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number of seconds.');
  return Number(text);
}
