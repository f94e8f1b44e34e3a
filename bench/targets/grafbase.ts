import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { federation2Sdl, SUBGRAPHS } from '../work/graph.ts';
import type { Target } from './target.ts';

/** The package that holds the program for this kind of machine; there is one for each. */
const PACKAGE = '@grafbase/cli-x86_64-unknown-linux-musl';
const PROGRAM = join(import.meta.dirname, '..', 'peers', 'node_modules', PACKAGE, 'grafbase');

export const grafbase: Target = {
  name: 'grafbase',
  title: 'Grafbase (Rust)',
  what: 'grafbase dev, the only server in the npm package; composes the same SDL itself',
  package: PACKAGE,
  isPeerPackage: true,
  launch: async ({ port, subgraphUrls, directory }) => {
    const tables: string[] = ['[telemetry.tracing]', 'sampling = 0', '', '[telemetry]', 'service_name = "bench"', ''];
    for (const name of SUBGRAPHS) {
      const file = join(directory, `${name}.graphql`);
      await writeFile(file, federation2Sdl(name));
      tables.push(`[subgraphs.${name}]`, `url = "${subgraphUrls[name]}"`, `schema_path = "${file}"`, '');
    }
    const config = join(directory, 'grafbase.toml');
    await writeFile(config, tables.join('\n'));
    return { command: PROGRAM, args: ['--home', directory, 'dev', '--config', config, '--listen-address', `127.0.0.1:${port}`] };
  },
};
