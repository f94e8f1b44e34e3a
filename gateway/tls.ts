import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import type { RequestListener, Server } from 'node:http';
import type { Logger } from '../platform/log.ts';

/** Files of PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Whoever signs the certificates that clients must show; undefined where none is asked for. */
  readonly clientCaFile?: string | undefined;
}

/** How often the files are looked at: certificates are renewed days before they end. */
const LOOK_EVERY_MS = 2_000;

/**
 * An HTTPS server that takes a renewed certificate without a restart: connections that stand go on with the old one. A file that cannot be
 * read, or a key that does not fit, stops the start; later it is told and the old one stays.
 */
export function createTlsServer(
  files: TlsFiles,
  listener: RequestListener,
  options: { readonly maxHeaderSize: number; readonly requestTimeout: number },
  log: Logger,
): Server {
  const read = () => ({
    cert: readFileSync(files.certFile),
    key: readFileSync(files.keyFile),
    ...(files.clientCaFile === undefined ? {} : { ca: readFileSync(files.clientCaFile) }),
  });
  const demand = files.clientCaFile === undefined ? {} : { requestCert: true, rejectUnauthorized: true };
  const server = createHttpsServer({ ...read(), ...demand, ...options, minVersion: 'TLSv1.2' }, listener);
  const renew = (): void => {
    try {
      server.setSecureContext({ ...read(), minVersion: 'TLSv1.2' });
      log.info('the certificate was renewed');
    } catch (error) {
      log.error({ err: error }, 'a certificate or key that was changed is not usable; the one before stays');
    }
  };
  const watched = [files.certFile, files.keyFile, ...(files.clientCaFile === undefined ? [] : [files.clientCaFile])];
  for (const file of watched) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, renew);
  server.once('close', () => {
    for (const file of watched) unwatchFile(file, renew);
  });
  return server;
}
