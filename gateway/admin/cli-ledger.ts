import type { Command } from 'commander';
import type { CommandSettings } from './command-settings.ts';
import type { ProveOptions, VerifyCommandOptions } from './commands/ledger.ts';

/** Commands about the ledger. Each is loaded when it is called. */
export function ledgerCommands(program: Command, settings: () => CommandSettings, fromCaller: (path: string) => string): Command {
  const ledger = program.command('ledger').description('the ledger of who was shown what of whom');

  ledger
    .command('verify')
    .description('check that nothing in the ledger was altered, removed, inserted or reordered; names the first fault')
    .option('--export <file>', 'an export, instead of the running gateway; needs no gateway')
    .option('--key <key>', "the ledger's key, name+hash+base64; without it that of DATA_DIR, or else what the ledger itself says")
    .option('--receipts <file>', 'receipts of answers, one a line: each must be borne out')
    .option('--receipt-key <file>', "the gateway's public key, PEM; without it that of DATA_DIR")
    .option('--seen <file>', 'a checkpoint that was seen elsewhere, at a witness for example: the ledger must hold it')
    .option('--state', 'hold the tables of consents and administration against the ledger, too')
    .option('--json', 'print the report as JSON')
    .action(async (options: VerifyCommandOptions) => {
      const { ledgerVerify } = await import('./commands/ledger.ts');
      const files = ['export', 'receipts', 'receiptKey', 'seen'] as const;
      const given = Object.fromEntries(files.flatMap((name) => (options[name] === undefined ? [] : [[name, fromCaller(options[name])]])));
      if (!(await ledgerVerify(settings(), { ...options, ...given }))) process.exitCode = 1;
    });

  ledger
    .command('export')
    .description('write the ledger as lines of JSON, which "ledger verify --export" checks anywhere')
    .requiredOption('--to <file>', 'file to write')
    .option('--json', 'print JSON')
    .action(async (options: { readonly to: string; readonly json?: true }) => {
      const { ledgerExport } = await import('./commands/ledger.ts');
      await ledgerExport(settings(), fromCaller(options.to), options.json === true);
    });

  ledger
    .command('prove')
    .description('print the proof that a record, or what it says of one person and nobody else, is in the signed ledger')
    .requiredOption('--record <id>', "the record's id, as answers have it")
    .option('--person <id>', 'ID number, 12 digits; an officer (--as) names --case and --second too')
    .option('--case <reference>', 'what the officer looks for')
    .option('--second <officer>', 'who stands beside the officer')
    .action(async (options: ProveOptions) => {
      const { ledgerProve } = await import('./commands/ledger.ts');
      await ledgerProve(settings(), options);
    });

  ledger
    .command('key')
    .description('print the key of checkpoints, for witnesses and for whoever checks')
    .option('--json', 'print JSON, with the keys of witnesses')
    .action(async (options: { readonly json?: true }) => {
      const { ledgerKey } = await import('./commands/ledger.ts');
      await ledgerKey(settings(), options.json === true);
    });
  return ledger;
}
