import { createHmac } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { JWK } from 'jose';
import type { ClientMetadata, Configuration } from 'oidc-provider';
import { InvalidClientAuth, InvalidTarget } from 'oidc-provider/lib/helpers/errors.js';
import { Provider } from 'oidc-provider/lib/provider.js';
import type { Database } from '../../platform/database.ts';
import type { Logger } from '../../platform/log.ts';
import { ACR_OF_LEVEL } from './assurance.ts';
import { demoLogin, LOGIN_PATH, type DemoLoginParts, type DemoPeople } from './demo-login.ts';
import { createOidcAdapter } from './oidc-adapter.ts';

/** The resource that demo tokens are for: `aud` of every token, and what the gateway asks for. */
export const GRAPH_AUDIENCE = 'https://lien-thong.example/graph';
export const ACCESS_TOKEN_SECONDS = 600;
/** How long a client assertion may be valid, so that the ids kept against replay stay few (RFC 7523, section 3, point 4). */
const ASSERTION_SECONDS_MAX = 300;
/** How long somebody may take to choose who to be, and how long a browser stays logged in. */
const INTERACTION_SECONDS = 600;
const SESSION_SECONDS = 3_600;
const CODE_SECONDS = 60;
/** RFC 8252, section 7.3: a native application listens on a port of its choice, which does not count. */
export const LOOPBACK_REDIRECT = 'http://127.0.0.1/callback';

export interface DemoIssuerOptions {
  /** `http://127.0.0.1:PORT/oidc`: the address of the prefix that this plugin is registered under. */
  readonly issuer: string;
  readonly database: Database;
  /** ES256 private JWK. */
  readonly signingKey: JWK;
  /** The application with a client id, as it is registered when it asks; undefined for nobody. */
  readonly clients: (clientId: string) => DemoClient | undefined;
  /** Client ids with which citizens or officers log in: public clients (RFC 8252) with PKCE. */
  readonly loginClients: ReadonlyMap<string, 'citizen' | 'officer'>;
  /** Who can be chosen at a login. */
  readonly people: DemoPeople;
  readonly noteLogin: DemoLoginParts['note'];
  readonly log: Logger;
  readonly clock: () => number;
}

/** A client with the public keys that its assertions may be signed with. */
export interface DemoClient {
  readonly clientId: string;
  readonly keys: readonly JWK[];
}

/**
 * The demo issuer: client credentials with `private_key_jwt` (RFC 7523) for the registered demo applications; for citizens and officers
 * the authorization code flow with PKCE (RFC 7636) and a page on which one chooses who to be, without any proof. ES256 only, access tokens
 * after RFC 9068, the level of a login in `acr`. Register it under the path of `issuer`.
 */
export function demoIssuer(options: DemoIssuerOptions): FastifyPluginAsync {
  const provider = createProvider(options);
  const answer = provider.callback();
  const { host } = new URL(options.issuer);

  return async (app) => {
    // oidc-provider reads the body itself, with a bound of 56 KiB.
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _payload, done) => done(null));
    const { prefix } = app;
    const handoff = ({ raw }: FastifyRequest): IncomingMessage => {
      // It finds its own address in the URL and the Host header, which are the client's to choose; ours is the issuer's.
      raw.headers.host = host;
      Object.assign(raw, { originalUrl: raw.url });
      raw.url = (raw.url ?? '').slice(prefix.length);
      return raw;
    };
    const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
      reply.hijack();
      await answer(handoff(request), reply.raw);
    };
    app.post('/token', handle);
    app.get('/auth', handle);
    app.get('/auth/:uid', handle);
    await app.register(
      demoLogin({ provider, handoff, loginClients: options.loginClients, people: options.people, note: options.noteLogin }),
    );
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
  // The library lists grants that no client here has.
  provider.use(async (context, next) => {
    await next();
    const body: unknown = context.body;
    if (context.path.startsWith('/.well-known/') && typeof body === 'object' && body !== null) {
      context.body = {
        ...body,
        grant_types_supported: ['client_credentials', 'authorization_code'],
        response_types_supported: ['code'],
      };
    }
  });
  return provider;
}

function configuration(options: DemoIssuerOptions): Configuration {
  return {
    adapter: createOidcAdapter(options.database, options.clock, (clientId) => {
      const client = options.clients(clientId);
      return client && clientMetadata(client);
    }),
    jwks: { keys: [options.signingKey] },
    clients: Array.from(options.loginClients.keys(), loginMetadata),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: ['private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: ['ES256'], idTokenSigningAlgValues: ['ES256'] },
    scopes: ['openid'],
    responseTypes: ['code'],
    acrValues: Object.values(ACR_OF_LEVEL),
    pkce: { required: () => true },
    // An id of somebody who was chosen on the page; it is never looked up, so that it tells nobody who exists.
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // Whoever logs in with a client of the registry has nothing to agree to: what is disclosed is decided at each request.
    loadExistingGrant: async ({ oidc }) => {
      const { provider, client, session } = oidc;
      const grant = new provider.Grant({ clientId: client?.clientId ?? '', accountId: session?.accountId ?? '' });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    extraTokenClaims: ({ oidc }) => ({ acr: oidc.entities.AuthorizationCode?.acr }),
    interactions: { url: (_context, { uid }) => `${new URL(options.issuer).pathname}${LOGIN_PATH}/${uid}` },
    cookies: {
      // Follows from the signing key, so that a login survives a restart and any replica can finish it.
      keys: [createHmac('sha256', JSON.stringify(options.signingKey)).update('cookies of logins').digest('base64url')],
    },
    ttl: {
      ClientCredentials: ACCESS_TOKEN_SECONDS,
      AccessToken: ACCESS_TOKEN_SECONDS,
      IdToken: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: CODE_SECONDS,
      Interaction: INTERACTION_SECONDS,
      Session: SESSION_SECONDS,
      Grant: SESSION_SECONDS,
    },
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

function clientMetadata(client: DemoClient): ClientMetadata {
  return {
    client_id: client.clientId,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: { keys: [...client.keys] },
  };
}

function loginMetadata(clientId: string): ClientMetadata {
  return {
    client_id: clientId,
    application_type: 'native',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    redirect_uris: [LOOPBACK_REDIRECT],
    token_endpoint_auth_method: 'none',
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
