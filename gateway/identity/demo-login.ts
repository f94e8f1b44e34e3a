import type { IncomingMessage } from 'node:http';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import formBody from '@fastify/formbody';
import type { Provider } from 'oidc-provider';
import { isIdNumber } from '../../platform/id-number.ts';
import { ACR_OF_LEVEL } from './assurance.ts';
import { loginPage, type Choice } from './demo-login-page.ts';

/** Where the page lies under the issuer. */
export const LOGIN_PATH = '/interaction';

/** Who can be chosen at a login of the demo. */
export interface DemoPeople {
  /** Synthetic citizens to suggest; any other can be typed. */
  readonly citizens: () => Promise<readonly string[]>;
  /** Officers as `agency/officer`, with what to show. */
  readonly officers: () => readonly Choice[];
}

export interface DemoLoginParts {
  readonly provider: Provider;
  /** Makes a request what the provider takes for one to itself. */
  readonly handoff: (request: FastifyRequest) => IncomingMessage;
  readonly loginClients: ReadonlyMap<string, 'citizen' | 'officer'>;
  readonly people: DemoPeople;
  /** Notes a login before it stands; false when it cannot be noted, and then nobody is logged in. */
  readonly note: (login: DemoLoginNote) => Promise<boolean>;
}

/** Who logs in, or tried. */
export interface DemoLoginNote {
  readonly client: string;
  readonly kind: 'citizen' | 'officer';
  /** Undefined where nobody was named who could log in. */
  readonly accountId: string | undefined;
  readonly assurance: 1 | 2;
}

const BODY_BYTES_MAX = 1_024;

/** The page of the demo issuer on which one chooses who to be and how surely: no password, for synthetic people only. */
export function demoLogin({ provider, handoff, loginClients, people, note }: DemoLoginParts): FastifyPluginAsync {
  const citizens = async (): Promise<readonly Choice[]> => (await people.citizens()).map((id) => ({ value: id, label: id }));

  return async (app) => {
    app.removeAllContentTypeParsers();
    await app.register(formBody, { bodyLimit: BODY_BYTES_MAX });
    const show = async (kind: 'citizen' | 'officer', reply: FastifyReply, problem?: 'nobody'): Promise<FastifyReply> =>
      reply
        .code(problem === undefined ? 200 : 400)
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-store')
        // A login ends with a redirect to the application, which listens on a port of its own.
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http://127.0.0.1:*")
        .send(loginPage(kind, kind === 'citizen' ? await citizens() : people.officers(), problem));

    app.get(`${LOGIN_PATH}/:uid`, async (request, reply) => {
      const who = await whoOf(request, reply);
      return who === undefined ? over(reply) : show(who.kind, reply);
    });
    app.post(`${LOGIN_PATH}/:uid`, async (request, reply) => {
      const who = await whoOf(request, reply);
      if (who === undefined) return over(reply);
      const { kind } = who;
      const { chosen = '', typed = '', level } = (request.body ?? {}) as Readonly<Record<string, string | undefined>>;
      const accountId = typed.trim() || chosen;
      const isSomebody = kind === 'citizen' ? isIdNumber(accountId) : people.officers().some(({ value }) => value === accountId);
      const isLogin = isSomebody && (level === '1' || level === '2');
      const assurance = level === '2' ? 2 : 1;
      const { client } = who;
      if (!(await note({ client, kind, accountId: isLogin ? accountId : undefined, assurance }))) return unrecorded(reply);
      if (!isSomebody || (level !== '1' && level !== '2')) return show(kind, reply, 'nobody');
      reply.hijack();
      const login = { accountId, acr: ACR_OF_LEVEL[level], remember: false };
      // Choosing is agreeing: a native application would be asked about once more.
      await provider.interactionFinished(request.raw, reply.raw, { login, consent: {} });
      return reply;
    });

    /** Who logs in there; undefined when the login is over or was begun in another browser. */
    const whoOf = async (
      request: FastifyRequest,
      reply: FastifyReply,
    ): Promise<{ readonly kind: 'citizen' | 'officer'; readonly client: string } | undefined> => {
      const details = await provider.interactionDetails(handoff(request), reply.raw).catch(() => undefined);
      const { uid } = request.params as { readonly uid: string };
      const client = String(details?.params['client_id']);
      const kind = loginClients.get(client);
      return details?.uid === uid && kind !== undefined ? { kind, client } : undefined;
    };
  };
}

async function unrecorded(reply: FastifyReply): Promise<FastifyReply> {
  return reply
    .code(503)
    .type('text/plain; charset=utf-8')
    .send('Hiện không thể ghi nhận lần đăng nhập. Hãy thử lại sau.\nThis login cannot be recorded at the moment. Try again later.\n');
}

async function over(reply: FastifyReply): Promise<FastifyReply> {
  return reply
    .code(400)
    .type('text/plain; charset=utf-8')
    .send('Lần đăng nhập này đã kết thúc. Hãy bắt đầu lại từ ứng dụng.\nThis login is over. Begin again at the application.\n');
}
