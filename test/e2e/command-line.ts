import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import type { TestGateway } from './test-gateway.ts';

const ROOT = resolve(import.meta.dirname, '../..');

export interface CommandRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as npm does, against a gateway under test. */
export async function runCommand(gateway: TestGateway, args: readonly string[]): Promise<CommandRun> {
  const { gatewayUrl, dataDir } = gateway.admin().settings;
  return new Promise((done) => {
    const options = { cwd: ROOT, env: { PATH: process.env['PATH'], GATEWAY_URL: gatewayUrl, DATA_DIR: dataDir } };
    execFile(process.execPath, ['entry.mjs', 'gateway/admin/cli.ts', ...args], options, (error, stdout, stderr) => {
      done({ status: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });
}
