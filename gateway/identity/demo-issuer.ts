import type { EventEmitter } from 'node:events';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { JWK } from 'jose';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import { InvalidClientAuth, InvalidTarget } from 'oidc-provider/lib/helpers/errors.js';
import { Provider } from 'oidc-provider/lib/provider.js';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import { createOidcAdapter } from './oidc-adapter.ts';

/** The resource that demo tokens are for: `aud` of every token, and what the gateway asks for. */
export const GRAPH_AUDIENCE = 'https://lien-thong.example/graph';
export const ACCESS_TOKEN_SECONDS = 600;
/** How long a client assertion may be valid, so that the ids kept against replay stay few (RFC 7523, section 3, point 4). */
const ASSERTION_SECONDS_MAX = 300;

export interface DemoIssuerOptions {
  /** `http://127.0.0.1:PORT/oidc`: the address of the prefix that this plugin is registered under. */
  readonly issuer: string;
  readonly database: Database;
  /** ES256 private JWK. */
  readonly signingKey: JWK;
  readonly clients: Iterable<{ readonly clientId: string; readonly publicKey: JWK }>;
  readonly log: Logger;
  readonly clock: () => number;
}

/**
 * The demo issuer: client credentials with `private_key_jwt` (RFC 7523) for the registered demo applications, ES256 only, access tokens
 * after RFC 9068. Register it under the path of `issuer`. It serves the token endpoint, its keys and its metadata; nobody logs in here.
 */
export function demoIssuer(options: DemoIssuerOptions): FastifyPluginAsync {
  const provider = createProvider(options);
  const answer = provider.callback();
  const { host } = new URL(options.issuer);

  return async (app) => {
    // oidc-provider reads the body itself, with a bound of 56 KiB.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      const { raw } = request;
      reply.hijack();
      // It finds its own address in the URL and the Host header, which are the client's to choose; ours is the issuer's.
      raw.headers.host = host;
      Object.assign(raw, { originalUrl: raw.url });
      raw.url = (raw.url ?? '').slice(app.prefix.length);
      await answer(raw, reply.raw);
    };
    app.post('/token', handle);
    app.get('/jwks', handle);
    app.get('/.well-known/openid-configuration', handle);
    app.get('/.well-known/oauth-authorization-server', handle);
  };
}

function createProvider(options: DemoIssuerOptions): Provider {
  const provider = new Provider(options.issuer, configuration(options));
  // Koa prints to the console what nobody listens to. The types of oidc-provider list its own events only.
  (provider as EventEmitter).on('error', (error: unknown) => options.log.warn({ err: error }, 'a call of the demo issuer broke off'));
  provider.on('server_error', (_context, error) => options.log.error({ err: error }, 'the demo issuer failed'));
  provider.on('grant.error', (_context, error) => options.log.debug({ code: error.error }, 'the demo issuer refused a token'));
  // The library lists endpoints of logins, which are not served.
  provider.use(async (context, next) => {
    await next();
    const body: unknown = context.body;
    if (context.path.startsWith('/.well-known/') && typeof body === 'object' && body !== null) {
      context.body = {
        ...body,
        authorization_endpoint: undefined,
        grant_types_supported: ['client_credentials'],
        response_types_supported: [],
      };
    }
  });
  return provider;
}

function configuration(options: DemoIssuerOptions): Configuration {
  return {
    adapter: createOidcAdapter(options.database, options.clock),
    jwks: { keys: [options.signingKey] },
    clients: Array.from(options.clients, clientMetadata),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'] },
    scopes: [],
    ttl: { ClientCredentials: ACCESS_TOKEN_SECONDS },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => GRAPH_AUDIENCE,
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => {
          if (resource !== GRAPH_AUDIENCE) throw new InvalidTarget();
          return { audience: GRAPH_AUDIENCE, scope: '', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
        },
      },
    },
    assertJwtClientAuthClaimsAndHeader: (_context, claims) => checkAssertion(claims, options),
    renderError: (context, out) => {
      // Some client that prefers HTML; errors are for programs here.
      context.body = out;
    },
  };
}

function clientMetadata(client: { readonly clientId: string; readonly publicKey: JWK }): ClientMetadata {
  return {
    client_id: client.clientId,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [client.publicKey] },
  };
}

/** What oidc-provider leaves open: an assertion is for this issuer only, and for a few minutes only. */
function checkAssertion(claims: Record<string, unknown>, options: DemoIssuerOptions): void {
  const { aud, exp } = claims;
  if (aud !== options.issuer && aud !== `${options.issuer}/token`) {
    throw new InvalidClientAuth('the audience of the assertion must be the issuer or its token endpoint, alone');
  }
  if (typeof exp !== 'number' || exp > options.clock() / 1000 + ASSERTION_SECONDS_MAX) {
    throw new InvalidClientAuth(`the assertion may be valid for ${ASSERTION_SECONDS_MAX} seconds at most`);
  }
}
