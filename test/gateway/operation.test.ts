import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as bodyOf } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { compress, encodingFor, COMPRESSED_FROM_BYTES } from '../../gateway/compression.ts';
import { ConfigError, readConfig } from '../../gateway/config.ts';
import { createTlsServer } from '../../gateway/tls.ts';
import { startOtlp } from '../../gateway/telemetry/otlp.ts';
import { createLog } from '../../platform/log.ts';

const log = createLog('operation', 'silent');
const LONG = `{"data":"${'x'.repeat(COMPRESSED_FROM_BYTES)}"}`;

test.each([
  ['nothing of a short answer', 'gzip, br', '{"data":null}', undefined],
  ['nothing for who takes none', undefined, LONG, undefined],
  ['nothing for who refuses it', 'gzip;q=0, br;q=0', LONG, undefined],
  ['what is preferred', 'gzip;q=0.5, br', LONG, 'br'],
  ['gzip for who takes that only', 'gzip', LONG, 'gzip'],
  ['nothing in an encoding that is not known', 'zstd', LONG, undefined],
])('compresses %s', async (_, accepted, body, encoding) => {
  const chosen = encodingFor(accepted === undefined ? {} : { 'accept-encoding': accepted }, Buffer.from(body));
  expect(chosen).toBe(encoding);
  if (chosen === undefined) return;
  const response = new Response(new Uint8Array(await compress(Buffer.from(body), chosen)).buffer);
  expect((await response.arrayBuffer()).byteLength).toBeLessThan(body.length / 10);
});

/** A key and a certificate that names itself, of a name of its own. */
function makeCertificate(directory: string, name: string): { readonly certFile: string; readonly keyFile: string } {
  const certFile = join(directory, `${name}.crt`);
  const keyFile = join(directory, `${name}.key`);
  const about = ['-subj', `/CN=${name}`, '-days', '2', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-keyout', keyFile, '-out', certFile, ...about],
    {
      stdio: 'ignore',
    },
  );
  return { certFile, keyFile };
}

/** Name in the certificate that a new connection is shown, or the code of why there is none. */
async function nameShown(port: number): Promise<string> {
  return new Promise((resolve) => {
    const asking = httpsRequest({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(String((response.socket as TLSSocket).getPeerCertificate().subject.CN));
    });
    asking.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'));
    asking.end();
  });
}

test('takes a renewed certificate without a restart, keeps the one before when the new is broken, and demands that of clients', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lien-thong-tls-'));
  const first = makeCertificate(directory, 'first');
  const second = makeCertificate(directory, 'second');
  const files = { certFile: join(directory, 'now.crt'), keyFile: join(directory, 'now.key') };
  const put = async ({ certFile, keyFile }: typeof first): Promise<void> => {
    await copyFile(keyFile, files.keyFile);
    await copyFile(certFile, files.certFile);
  };
  await put(first);
  const bounds = { maxHeaderSize: 16_384, requestTimeout: 10_000 };
  const server = createTlsServer(files, (_request, response) => void response.end('ok'), bounds, log);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  expect(await nameShown(port)).toBe('first');
  await copyFile(second.certFile, files.certFile);
  await put(second);
  await expect.poll(async () => nameShown(port)).toBe('second');
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });

  const guarded = createTlsServer({ ...files, clientCaFile: first.certFile }, (_request, response) => void response.end('ok'), bounds, log);
  await new Promise<void>((resolve) => {
    guarded.listen(0, '127.0.0.1', resolve);
  });
  expect(await nameShown((guarded.address() as AddressInfo).port)).not.toBe('second');
  guarded.closeAllConnections();
  await new Promise((resolve) => {
    guarded.close(resolve);
  });
  await rm(directory, { recursive: true, force: true });
});

test('exports a request with its stages and calls under the caller’s trace, by the id that registers were sent, and nothing else of it', async () => {
  const received: { readonly path: string; readonly body: string }[] = [];
  const collector = createServer((request, response) => {
    bodyOf(request).then(
      (body) => {
        received.push({ path: request.url ?? '', body });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => {
    collector.listen(0, '127.0.0.1', resolve);
  });
  const telemetry = startOtlp(`http://127.0.0.1:${(collector.address() as AddressInfo).port}/`);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const trace = { traceId, traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: undefined, parentSpanId: '00f067aa0ba902b7' };
  const nowMs = Date.now();
  telemetry.call({ name: 'subgraph call', trace, subgraph: 'residents', outcome: 'answered', fromMs: nowMs + 1, toMs: nowMs + 4 });
  telemetry.request({
    name: 'request',
    trace,
    fromMs: nowMs,
    toMs: nowMs + 5,
    facts: { application: 'hospital-counter', status: 200, code: 'OK' },
    stages: [{ name: 'admit', fromMs: nowMs, toMs: nowMs + 1 }],
  });
  // What the caller does not keep is not exported.
  telemetry.request({
    name: 'unsampled',
    trace: { ...trace, traceparent: `00-${traceId}-b7ad6b7169203331-00` },
    fromMs: 1,
    toMs: 2,
    facts: {},
    stages: [],
  });
  await telemetry[Symbol.asyncDispose]();
  const { body = '{}' } = received.find(({ path }) => path === '/v1/traces') ?? {};
  interface Exported {
    readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Readonly<Record<string, unknown>>[] }[] }[];
  }
  const spans = (JSON.parse(body) as Exported).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans));
  expect(spans.map(({ name, traceId: of }) => [name, of])).toEqual(
    expect.arrayContaining([
      ['request', traceId],
      ['admit', traceId],
      ['subgraph call', traceId],
    ]),
  );
  expect(spans).toHaveLength(3);
  expect(spans.find(({ name }) => name === 'request')).toMatchObject({ spanId: 'b7ad6b7169203331', parentSpanId: '00f067aa0ba902b7' });
  for (const { name, parentSpanId } of spans) if (name !== 'request') expect(parentSpanId).toBe('b7ad6b7169203331');
  collector.closeAllConnections();
  await new Promise((resolve) => {
    collector.close(resolve);
  });
});

test.each([
  [{ TLS_CERT_FILE: 'a.crt' }, /TLS_CERT_FILE and TLS_KEY_FILE belong together/],
  [{ NOTICE_WEBHOOK_URL: 'https://x.example' }, /NOTICE_WEBHOOK_URL and NOTICE_WEBHOOK_KEY_FILE belong together/],
  [{ TLS_CERT_FILE: 'a.crt', TLS_KEY_FILE: 'a.key' }, /--demo serves this machine only, without TLS/],
  [{ QUOTA_TIME_ZONE: 'Mars/Olympus' }, /QUOTA_TIME_ZONE/],
  [{ USUAL_HOURS: 'always' }, /USUAL_HOURS/],
])('says what is wrong with %j', (environment, message) => {
  const read = (): unknown => readConfig(['--demo'], environment);
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(message);
});

test.each(['--prot', '--help', 'demo'])('names the flags there are when told %s', (argument) => {
  const read = (): unknown => readConfig([argument], {});
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/'.*'\. .*Give some of --demo, --open, .*--on-unauthorized\.$/);
});
